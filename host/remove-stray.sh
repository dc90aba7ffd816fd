# shellcheck shell=bash
# Removes a container that Docker made but Pulumi's state does not know, as a run leaves it that was killed while the container was being
# made. Only a container with the labels of this stack and this part is touched; it is stopped with its grace first. A hook runs this right
# before the container is made.
#
# Data: container (its name), stack, part, grace_seconds

create() {
  local stray
  stray=$(docker ps -aq --filter "name=^/$container\$" --filter "label=io.warren.stack=$stack" --filter "label=io.warren.part=$part")
  [ -n "$stray" ] || return 0
  docker stop -t "$grace_seconds" "$stray" > /dev/null
  docker rm "$stray" > /dev/null
}
