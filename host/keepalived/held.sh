# shellcheck shell=bash
# Waits until this host or another one has the virtual IP, where the one that has it may keep it.
#
# Data: address (without a prefix), interface, seconds, after

create() {
  wait_until "$seconds" 0.1 is_held || die "no host holds $address: on each of them $see_keepalived_log"
}

is_held() {
  ! holds_address "$address" "$interface" || return 0
  ip neigh flush to "$address" dev "$interface"
  poke "$address"
  sleep 0.5
  ip neigh show to "$address" dev "$interface" | grep -q lladdr
}
