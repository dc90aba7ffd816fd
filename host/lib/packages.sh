# shellcheck shell=bash

# Installs packages with the distribution's own tool. Names of Debian's packages, then those of Red Hat's.
install_packages() { # APT-NAMES DNF-NAMES
  local tool
  if command -v apt-get > /dev/null; then
    install_by_apt "$1"
    return
  fi
  for tool in dnf yum; do
    command -v $tool > /dev/null || continue
    # shellcheck disable=SC2086 # a list of names
    $tool -q -y install $2 > /dev/null
    return
  done
  die "this host has no apt-get, dnf or yum: install $1 by hand"
}

# apt waits for dpkg's lock, but not for that of its lists, which apt-daily holds on a fresh machine.
install_by_apt() { # NAMES
  export DEBIAN_FRONTEND=noninteractive
  wait_until 300 2 update_apt_lists || die "another program has held the lock of apt's package lists for 300 s: $said"
  # shellcheck disable=SC2086 # a list of names
  apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $1 > /dev/null
}

# Fails only where another program has the lists.
update_apt_lists() {
  said=$(apt-get -qq update 2>&1 > /dev/null) && return
  case $said in *"get lock"* | *"to lock"*) return 1 ;; *) die "apt-get update failed: $said" ;; esac
}
