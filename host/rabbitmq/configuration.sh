# shellcheck shell=bash
# What a broker reads when it starts. It is written in the node's own turn, right before the broker is replaced: one that Docker starts again
# by itself before that starts with what it had.
#
# Data: name container directory, files, adopts (true: it takes the place of a container made by hand), joins (false: the seed node)
lock=$name

create() {
  container_owner=$(stat -c %u:%g "$directory/conf")
  write_files "${files[@]}"
  if [ "$adopts" = false ] && [ "$joins" = true ]; then boot_bare; fi
  own_files
}

# A blank node that is to join boots without plugins. It boots sooner, and stops at once: 3.10 takes 5 s to stop an application that has
# the management plugin. They come when it starts again as a member.
boot_bare() {
  [ -e "$directory/data/mnesia" ] || echo "[]." > "$(plugins_file)"
}

# The list of plugins changes while the broker runs.
own_files() {
  local path
  while read -r path; do
    [ "$path" = "$(plugins_file)" ] || owns "$path"
  done < <(paths_of "${files[@]}")
}
