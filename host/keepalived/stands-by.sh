# shellcheck shell=bash
# Waits until this host does not hold the virtual IP.
#
# Data: address (without a prefix), interface, seconds, after

create() {
  wait_until "$seconds" 0.1 does_not_hold ||
    die "two hosts hold $address: VRRP (IP protocol 112, 224.0.0.18) may be blocked between the balancers"
}

does_not_hold() { ! holds_address "$address" "$interface"; }
