# shellcheck shell=bash
# keepalived on the host, and in a container that has the host's files mounted in the same places.

keepalived_directory=$etc/keepalived
keepalived_conf=$keepalived_directory/keepalived.conf
# The configuration before it has been checked.
keepalived_staged=$keepalived_conf.staged
# What keepalived runs: the look at its balancer, and what is done at each change.
keepalived_serves=$keepalived_directory/warren-serves
keepalived_changed=$keepalived_directory/warren-changed
# What Warren adds to the distribution's unit.
keepalived_unit=$etc/systemd/system/keepalived.service.d/warren.conf
# The end of a sentence.
see_keepalived_log="see journalctl -u keepalived (in a container: docker logs keepalived)"

# Prints the id of this stack's own container, if it runs. Data: stack part
own_keepalived_container() {
  docker ps -q --filter 'name=^/keepalived$' --filter "label=io.warren.stack=$stack" --filter "label=io.warren.part=$part"
}

# A released container of this stack's gives way to the host's own keepalived. It gives the virtual IPs up at once, and stays stopped.
end_keepalived_container() {
  local running
  running=$(own_keepalived_container)
  [ -n "$running" ] || return 0
  docker update --restart=no "$running" > /dev/null
  docker stop -t 10 "$running" > /dev/null
}

# The other way round, right before the container is made.
end_keepalived_service() {
  if systemctl is-enabled -q keepalived 2> /dev/null || systemctl is-active -q keepalived 2> /dev/null; then
    systemctl disable -q --now keepalived
  fi
  [ ! -e "$keepalived_unit" ] || remove_keepalived_unit
}

remove_keepalived_unit() {
  rm -f "$keepalived_unit"
  rmdir "${keepalived_unit%/*}" 2> /dev/null || true
  systemctl daemon-reload
}

holds_address() { # ADDRESS INTERFACE
  ip -4 -o addr show dev "$2" | grep -qF " $1/"
}

# Has the kernel ask by ARP which machine has an address.
poke() { # ADDRESS
  (exec 3<> "/dev/udp/$1/9" && echo >&3) 2> /dev/null || true
}
