# shellcheck shell=bash
# Waits until a node's broker has booted.
#
# Data: name container directory, amqp_port (inside the container), container_id (another one is waited for, too)
lock=$name

create() {
  # One that was stopped on purpose is not waited for.
  if is_stopped; then return 0; fi
  await_boot "$amqp_port"
}
