# shellcheck shell=bash
# The hosts' network, the way out of it, and the image registry on its gateway.

net_up() {
  if ! docker network inspect "$NETWORK" >/dev/null 2>&1; then
    docker network create --label "$LABEL" --subnet "$SUBNET.0/24" --gateway "$GATEWAY" \
      -o com.docker.network.bridge.name="$BRIDGE" -o com.docker.network.driver.mtu="$(mtu)" "$NETWORK" >/dev/null ||
      die "the network $SUBNET.0/24 could not be made" "is it in use on this machine? see: ip route; docker network ls"
    say "network $SUBNET.0/24 made"
  fi
  # Never send anything to these addresses unless they are our own bridge's.
  ip -4 addr show "$BRIDGE" 2>/dev/null | grep -q "$GATEWAY/" ||
    die "Docker has the network $NETWORK, but this machine has no bridge $BRIDGE with $GATEWAY" "run: lab/lab down; lab/lab up"
  # Where the kernel has it as a module, only the machine itself can load it for the hosts.
  [ -e /proc/sys/net/bridge ] || modprobe br_netfilter 2>/dev/null || true
  [ -f "$DAEMON/dockerd.pid" ] || return 0 # any other daemon forwards and masquerades by itself
  if [ "$(cat /proc/sys/net/ipv4/ip_forward)" != 1 ]; then
    echo 1 >/proc/sys/net/ipv4/ip_forward
    touch "$DAEMON/ip_forward.was-off"
  fi
  rule nat POSTROUTING -s "$SUBNET.0/24" ! -o "$BRIDGE" -j MASQUERADE
  rule filter FORWARD -i "$BRIDGE" -j ACCEPT
  rule filter FORWARD -o "$BRIDGE" -j ACCEPT
}

# The second network, for hosts that have one. It has no way out, and no way leads into it from the first.
second_network_up() {
  if [ -z "$SECOND_SUBNET" ]; then
    SECOND_SUBNET=$(free_subnet $((($(subnet_number "$SUBNET") + 256) % 512))) || exit 1
    echo "$SECOND_SUBNET" >"$STATE/second-subnet"
  fi
  if ! docker network inspect "$SECOND_NETWORK" >/dev/null 2>&1; then
    docker network create --internal --label "$LABEL" --subnet "$SECOND_SUBNET.0/24" \
      -o com.docker.network.bridge.name="$SECOND_BRIDGE" -o com.docker.network.driver.mtu="$(mtu)" "$SECOND_NETWORK" >/dev/null ||
      die "the second network $SECOND_SUBNET.0/24 could not be made" "is it in use on this machine? see: ip route; docker network ls"
    say "second network $SECOND_SUBNET.0/24 made"
  fi
  [ -f "$DAEMON/dockerd.pid" ] || return 0 # any other daemon separates its networks by itself
  rule filter FORWARD -i "$SECOND_BRIDGE" -o "$SECOND_BRIDGE" -j ACCEPT
  rule filter FORWARD ! -i "$SECOND_BRIDGE" -o "$SECOND_BRIDGE" -j REJECT
  rule filter FORWARD -i "$SECOND_BRIDGE" ! -o "$SECOND_BRIDGE" -j REJECT
}

rule() { # TABLE CHAIN RULE...: add it once
  local table=$1 chain=$2
  shift 2
  iptables -w -t "$table" -C "$chain" "$@" -m comment --comment "$NETWORK" 2>/dev/null ||
    iptables -w -t "$table" -I "$chain" "$@" -m comment --comment "$NETWORK"
}

rules() { # TABLE: this lab's
  iptables -w -t "$1" -S 2>/dev/null | grep -E -- "--comment $NETWORK( |\$)" || true
}
remove_rules() { # TEXT: those of this lab that have it in them
  local table spec
  for table in nat filter; do
    rules $table | grep -F -- "$1" | sed 's/^-A/-D/' | while read -r spec; do
      # shellcheck disable=SC2086 # a list of words
      iptables -w -t $table $spec
    done || true
  done
}

net_down() {
  docker network rm "$NETWORK" "$SECOND_NETWORK" >/dev/null 2>&1 || true
  ip link del "$BRIDGE" 2>/dev/null || true
  ip link del "$SECOND_BRIDGE" 2>/dev/null || true
  remove_rules "$NETWORK"
}
forwarding_down() { # with the last lab
  if [ -f "$DAEMON/ip_forward.was-off" ]; then
    echo 0 >/proc/sys/net/ipv4/ip_forward
    rm -f "$DAEMON/ip_forward.was-off"
  fi
}

registry_up() {
  recorded_pid "$STATE/registry.pid" >/dev/null && curl -sf -o /dev/null "http://$REGISTRY/v2/" && return
  stop_recorded "$STATE/registry.pid" 5
  mkdir -p "$CACHE/registry"
  cat >"$STATE/registry.yml" <<Y
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: "$CACHE/registry"}, delete: {enabled: true}}
http: {addr: "$REGISTRY"}
Y
  OTEL_TRACES_EXPORTER=none detach "$STATE/registry.pid" "$CACHE/logs/registry${LAB:+-$LAB}.log" "$(tool docker-registry)" serve "$STATE/registry.yml"
  local i
  for ((i = 0; i < 100; i++)); do
    curl -sf -o /dev/null "http://$REGISTRY/v2/" && { say "registry on $REGISTRY (process $(recorded_pid "$STATE/registry.pid"))"; return; }
    sleep 0.1
  done
  die "the registry did not start on $REGISTRY" "its output is in $CACHE/logs/registry${LAB:+-$LAB}.log"
}

registry_down() {
  [ -f "$STATE/registry.pid" ] || return 0
  stop_recorded "$STATE/registry.pid" 5
  say "registry stopped"
}
