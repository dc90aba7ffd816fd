# shellcheck shell=bash
# The host's firewall rules: a table of nftables, loaded now and, by a unit of systemd, whenever the host starts.
#
# Data: rules (text for nft)

firewall_rules=$etc/warren/firewall.nft
firewall_unit=warren-firewall.service
firewall_unit_file=$etc/systemd/system/$firewall_unit

# nft checks the rules, then takes all of them in place of the old ones at once.
create() {
  command -v nft > /dev/null || install_packages nftables nftables
  mkdir -p "${firewall_rules%/*}"
  {
    printf %s "$rules"
    other_bridges | while read -r bridge; do printf 'add element inet warren bridges { "%s" }\n' "$bridge"; done
  } > "$firewall_rules.staged"
  nft -c -f "$firewall_rules.staged"
  mv -f "$firewall_rules.staged" "$firewall_rules"
  nft -f "$firewall_rules"
  cp "$library/firewall.service" "$firewall_unit_file.new"
  mv -f "$firewall_unit_file.new" "$firewall_unit_file"
  systemctl daemon-reload
  systemctl enable -q $firewall_unit
  systemctl start $firewall_unit
  owns "$firewall_rules" "$firewall_unit_file"
  expects_nft inet warren
  expects service $firewall_unit
}

# Bridges that are named as Docker names its own and are none of them, such as one that the host's LAN address is on. Where Docker does not
# answer, all are.
other_bridges() {
  local networks='' path bridge
  networks=$(docker network ls -q --filter driver=bridge 2> /dev/null) || true
  for path in "$root"/sys/class/net/br-*; do
    bridge=${path##*/}
    if [ ! -e "$path" ] || grep -qxF -e "${bridge#br-}" <<< "$networks"; then continue; fi
    echo "$bridge"
  done
}

delete() {
  [ -e "$firewall_unit_file" ] || return 0
  systemctl disable -q --now $firewall_unit
  rm -f "$firewall_unit_file" "$firewall_rules" "$firewall_rules.staged"
  systemctl daemon-reload
  if nft list table inet warren > /dev/null 2>&1; then nft delete table inet warren; fi
}
