# shellcheck shell=bash
# What keepalived needs on the host: the distribution's package, unless it runs in a container, and the tool that listens for others' VRRP.
#
# Data: contained

create() {
  if [ "$contained" = true ]; then
    command -v nft > /dev/null || install_packages nftables nftables
  else
    if ! command -v keepalived > /dev/null || ! command -v nft > /dev/null; then
      install_packages "keepalived nftables" "keepalived nftables"
    fi
    mkdir -p "${keepalived_unit%/*}"
  fi
  mkdir -p "$keepalived_directory"
}
