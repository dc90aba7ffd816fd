# shellcheck shell=bash
# Waits until keepalived, in its container, has asked its balancer, and stands by or holds.
#
# Data: container_id

create() {
  show_log_on_failure keepalived 20
  wait_until 30 0.1 has_entered_a_state || die "keepalived does not reach BACKUP or MASTER in its container"
  expects running keepalived
  expects_container keepalived
}

has_entered_a_state() { docker logs keepalived 2>&1 | grep -E 'Entering (BACKUP|MASTER) STATE' > /dev/null; }
