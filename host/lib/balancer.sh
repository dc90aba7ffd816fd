# shellcheck shell=bash
# A balancer, and the virtual IP that may be on its host.

# While this file is there, the virtual IP keeps away from the host: keepalived's check fails. It does not outlive a restart of the host.
balancer_leaves=$run/warren/balancer-leaves

# Where the image reads its configuration.
balancer_configuration=/usr/local/etc/haproxy

# Whether a balancer has looked at each of these brokers and uses it. What is wrong with the others stands in unseen, with the balancer's own
# reason. PATH: the one at which the balancer says that it runs by its newest configuration; below it, its statistics are open to every
# address.
sees_brokers() { # ADDRESS PORT PATH USER:PASSWORD BROKER...
  local statistics
  if ! statistics=$(http_get "$2" "$3/;csv?scope=rabbitmq" "$4" "$1"); then
    unseen="its statistics page does not answer"
    return 1
  fi
  unseen=$(awk -v brokers="${*:5}" -f "$library/haproxy/unseen.awk" <<< "$statistics")
  [ -z "$unseen" ]
}
