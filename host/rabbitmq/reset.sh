# shellcheck shell=bash
# Resets a blank node.
#
# Data: name container directory, joins (false: the seed node)
lock=$name

create() {
  has_to_join "$joins" || return 0
  cli rabbitmqctl reset
}
