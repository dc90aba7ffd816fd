# shellcheck shell=bash
# Waits until this host holds the virtual IP.
#
# Data: address (without a prefix), interface, seconds, after

create() {
  wait_until "$seconds" 0.1 holds_address "$address" "$interface" ||
    die "this host should hold $address and does not: $see_keepalived_log"
}
