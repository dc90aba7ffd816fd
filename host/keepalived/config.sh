# shellcheck shell=bash
# Stages keepalived's configuration and has keepalived check it. Before an instance first comes to this host, nobody else may have its addresses
# or its router id.
#
# Data: conf (one file), stack and part (of the own container), image (absent: keepalived runs on the host), hook and log_file (of the notes at a change),
# instances: lines of `INTERFACE ROUTER-ID ADDRESSES PEERS`, where ADDRESSES and PEERS are lists with commas; PEERS may be -

create() {
  if [ -n "${hook:-}" ] && [ ! -x "$root$hook" ]; then
    die "vip.notify.hook: $hook - must be a program on this host. Nothing was changed"
  fi
  if [ -n "${image:-}" ]; then
    refuse_foreign keepalived "$stack" "$part"
    docker run --rm --network none --entrypoint bash "$image" -c 'command -v keepalived' > /dev/null ||
      die "vip.image: $image - must have keepalived, and bash, by which it asks the balancer. Nothing was changed"
  fi
  keepalived_knows_all || refuse_taken
  write_keepalived_files
  check_keepalived_conf
  owns "$keepalived_serves"
  [ -z "${log_file:-}" ] || owns "$keepalived_changed"
  [ -n "${image:-}" ] || owns "$keepalived_unit"
}

write_keepalived_files() {
  mkdir -p "$keepalived_directory"
  install -m 755 "$library/keepalived/warren-serves" "$keepalived_serves"
  [ -z "${log_file:-}" ] || install -m 755 "$library/keepalived/warren-changed" "$keepalived_changed"
  if [ -z "${image:-}" ]; then
    mkdir -p "${keepalived_unit%/*}"
    # A keepalived that was killed is back at once: dead, it would leave its addresses on this host while another one takes them.
    printf '# Written by Warren.\n[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=100ms\n' > "$keepalived_unit"
  elif [ -n "${log_file:-}" ]; then
    # Docker would make a directory of a file that is not there.
    : >> "$log_file"
  fi
  write_files "${conf[0]/ \/etc\// $etc/}"
}

# keepalived 2.2.7 ends its own test by a signal where scripts run as another user, so a copy is tested in which they run as root:
# https://github.com/acassen/keepalived/issues/2617
check_keepalived_conf() {
  local program=(keepalived) file=$keepalived_staged.check cap
  if [ -n "${image:-}" ]; then
    program=(docker run --rm --network host --cap-drop ALL)
    for cap in "${capabilities[@]}"; do program+=(--cap-add "$cap"); done
    program+=(-v "$keepalived_directory:/etc/keepalived:ro" --entrypoint keepalived "$image")
    file=/etc/keepalived/keepalived.conf.staged.check
  fi
  trap 'rm -f "$keepalived_staged.check"' EXIT
  (umask 077 && sed 's/^ *script_user .*/script_user root/' "$keepalived_staged" > "$keepalived_staged.check")
  local said
  said=$("${program[@]}" -t -f "$file" 2>&1) || refuse_conf "$said"
}

# What is not staged cannot be loaded by a later run.
refuse_conf() { # WHAT KEEPALIVED SAID
  rm -f "$keepalived_staged"
  die "keepalived refuses the new configuration: $(tail -n 2 <<< "$1")
The one that is in use was not touched. Correct what is named, and run \`pulumi up\` again"
}

# Whether keepalived runs here and has all these instances already.
keepalived_knows_all() {
  local id addresses address
  systemctl is-active -q keepalived 2> /dev/null || [ -n "$(own_keepalived_container 2> /dev/null)" ] || return 1
  while read -r _ id addresses _; do
    grep -qx " *virtual_router_id $id" "$keepalived_conf" 2> /dev/null || return 1
    for address in ${addresses//,/ }; do
      grep -q "^ *${address//./\\.}/" "$keepalived_conf" || return 1
    done
  done < <(printf '%s\n' "${instances[@]}")
}

refuse_taken() {
  local device id addresses peers address
  while read -r device id addresses peers; do
    [ "$peers" != - ] || peers=
    for address in ${addresses//,/ }; do
      # shellcheck disable=SC2086 # a list of addresses
      require_free "$address" "$device" ${peers//,/ }
    done
  done < <(printf '%s\n' "${instances[@]}")
  (refuse_heard)
}

# Asked by ARP, through the kernel's own neighbour table.
mac_of() { # ADDRESS INTERFACE: sets mac, empty where nobody answers
  ip neigh flush to "$1" dev "$2"
  poke "$1"
  local _
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    mac=$(ip neigh show to "$1" dev "$2" | sed -n 's/.* lladdr \([^ ]*\).*/\1/p')
    if [ -n "$mac" ]; then break; fi
    sleep 0.1
  done
}

# A peer of the same stack may have it.
require_free() { # ADDRESS INTERFACE PEER...
  local address=$1 device=$2 peer found mac
  shift 2
  if [ -n "$(ip -4 -o addr show to "$address")" ]; then
    ! grep -q "^# Written by Warren" "$keepalived_conf" 2> /dev/null || return 0
    die "vip.address: $address - must be free, and this host has it already, not by Warren. Nothing was changed"
  fi
  mac_of "$address" "$device"
  [ -n "$mac" ] || return 0
  found=$mac
  for peer; do
    mac_of "$peer" "$device"
    [ "$mac" != "$found" ] || return 0
  done
  die "vip.address: $address - must be free, and another machine ($found) answers for it. Nothing was changed"
}

# VRRP is listened for by a set in a netfilter table, which sees packets that no program has asked for.
refuse_heard() {
  local device id heard # the trap needs devices
  devices=$(printf '%s\n' "${instances[@]}" | cut -d' ' -f1 | sort -u)
  trap 'stop_listening' EXIT
  for device in $devices; do ip maddr add 01:00:5e:00:00:12 dev "$device"; done
  listening_rules | nft -f -
  sleep 4 # VRRP's own default is an advertisement each second
  while read -r _ id _; do
    heard=$(nft list set ip warren_listen "heard_$id" | sed -n 's/.*elements = { *\(.*[^ ]\) *}.*/\1/p')
    [ -z "$heard" ] ||
      die "vip.virtualRouterId: $id - must be free, and another router on this network has it: $heard. Choose another id. Nothing was changed"
  done < <(printf '%s\n' "${instances[@]}")
}

listening_rules() {
  local device id peers line
  echo 'table ip warren_listen {'
  for line in "${instances[@]}"; do
    read -r _ id _ <<< "$line"
    echo "  set heard_$id { type ipv4_addr; flags dynamic; size 64; }"
  done
  printf '  chain arriving {\n    type filter hook prerouting priority -310;\n'
  for line in "${instances[@]}"; do
    read -r device id _ peers <<< "$line"
    [ "$peers" != - ] || peers=
    echo "    iifname \"$device\" ip protocol 112 @th,8,8 $id ip saddr != { 127.0.0.1${peers:+, ${peers//,/, }} } add @heard_$id { ip saddr }"
  done
  printf '  }\n}\n'
}

stop_listening() {
  local device
  nft delete table ip warren_listen 2> /dev/null || true
  for device in $devices; do ip maddr del 01:00:5e:00:00:12 dev "$device" 2> /dev/null || true; done
}
