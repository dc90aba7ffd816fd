# shellcheck shell=bash
# How a broker's start ends.

# Waits until the broker in the container serves. Where the container stops or restarts meanwhile, it fails at once with the broker's own
# reason; where nothing comes about, with the end of the broker's log.
await_boot() {
  local restarts failure=
  show_log_on_failure "$container" 30
  restarts=$(inspect "$container" '{{.RestartCount}}') || restarts=0
  wait_until "$longest_boot" 0.2 has_booted_or_failed || die "$name did not boot within $longest_boot s"
  if [ -n "$failure" ]; then
    trap - EXIT
    die "$name: the broker does not start, its container $container $failure: $(boot_failure)
Correct the config, and run \`pulumi up\` again. \`docker logs $container\` on this host shows all that the broker said"
  fi
  cli rabbitmqctl await_startup
}

# Sets failure where the container has failed.
has_booted_or_failed() {
  local found pid status count
  found=$(inspect "$container" '{{.State.Pid}} {{.State.Status}} {{.RestartCount}}') || return 1
  read -r pid status count <<< "$found"
  case $status in
    restarting) failure=restarts ;;
    exited | dead) failure="has stopped" ;;
    *) [ "$count" -le "$restarts" ] || failure=restarts ;;
  esac
  [ -n "$failure" ] || process_listens "$pid" "$amqp_port"
}

# Why the broker stopped while it booted, in one line or two.
boot_failure() {
  local said
  said=$(docker logs --tail 2000 "$container" 2>&1 | awk -f "$library/rabbitmq/boot-failure.awk") || true
  echo "${said:-its log does not say why}"
}
