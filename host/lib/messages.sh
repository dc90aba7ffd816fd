# shellcheck shell=bash

# Ends the step with a message.
die() { # MESSAGE
  printf '%s\n' "$1" >&2
  exit 1
}

# Keeps the end of a container's log beside the error, if the step fails.
show_log_on_failure() { # CONTAINER LINES
  # shellcheck disable=SC2064 # the container's name as it is now
  trap "[ \$? = 0 ] || docker logs --tail $2 $1 >&2" EXIT
}
