# shellcheck shell=bash
# Stops the application of a blank node, so that it can join.
#
# Data: name container directory, joins (false: the seed node)
lock=$name

create() {
  has_to_join "$joins" || return 0
  touch "$(joining_mark)"
  cli rabbitmqctl stop_app
}
