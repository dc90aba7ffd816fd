# shellcheck shell=bash
# Moves the data of a node aside that its cluster has forgotten: a broker does not boot on them, since the other members do not know it. The
# node then joins as a blank one. A hook runs this right before the node's container is made, while no container uses the data.
#
# Data: name container directory
lock=$name

create() {
  has_data || return 0
  [ -z "$(docker ps -aq --filter "name=^/$container\$")" ] ||
    die "the container $container uses the data of $name, which are to be moved aside. Remove the container, and run \`pulumi up\` again"
  ! holds_queues ||
    die "$name is not a member of its cluster any more, and its data in $directory/data hold queues, which it would lose if it joined again. Move $directory/data/mnesia to another directory if they are not needed, and run \`pulumi up\` again"
  mv "$directory/data/mnesia" "$directory/data/mnesia.forgotten-$(date -u +%Y%m%dT%H%M%SZ)"
  rm -f "$(joining_mark)" "$(retyping_mark)" "$(leaving_mark)"
}
