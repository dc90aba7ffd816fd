# shellcheck shell=bash
# What a node's container has mounted and a running broker takes up: its directories, its hosts file and its Erlang cookie. What a broker
# reads when it starts comes later (see configuration.sh). At the node's end, the data are moved aside under the date and never deleted; what
# Warren wrote goes.
#
# Data: name container directory, stack, image, fixed (variables in the container's environment that never change), hosts (text of the
# hosts file), cookie, adopts (true: it takes the place of a container made by hand), joins (false: the seed node)
lock=$name

create() {
  # Until it has taken an adopted container's place, a container of this name is that one.
  if [ "$adopts" = false ] || [ -e "$(adopted_mark)" ]; then
    refuse_foreign "$container" "$stack" "$name"
    refuse_move
  fi
  [ "$joins" = true ] || refuse_blank
  find_container_owner "$image" rabbitmq
  make_directories
  write_hosts
  write_cookie "$cookie"
  owns "$directory/hosts" "$(cookie_file)"
}

# A node that exists would start empty in another data directory, and the other members would not find it on other ports.
refuse_move() {
  local found value
  found=$(inspect "$container" "{{range .Mounts}}{{if eq .Destination \"$data_mount\"}}{{.Source}}{{end}}{{end}}{{range .Config.Env}}"$'\n'"{{.}}{{end}}") ||
    return 0
  for value in "$directory/data" "${fixed[@]}"; do
    grep -qxF "$value" <<< "$found" ||
      die "$name was made without $value: a node keeps its data directory and its ports epmd and distribution for life. Nothing was changed"
  done
}

# Nothing in the data is touched.
make_directories() {
  mkdir -p "$directory/data" "$directory/conf"
  chmod 711 "$directory"
  chown "$container_owner" "$directory/data" "$directory/conf"
  chmod 750 "$directory/data" "$directory/conf"
  [ -e "$(data_mark)" ] || write_files "0444 container $(data_mark) "
}

# The container has this file mounted, which thus keeps its inode. Names that it had before and has no more stay in it: a node that leaves
# is needed until it has left.
write_hosts() {
  local file=$directory/hosts
  {
    printf %s "$hosts"
    if [ -e "$file" ]; then
      printf %s "$hosts" | awk 'NR == FNR { known[$2]; next } NF == 2 && $1 ~ /^[0-9]/ && !($2 in known)' - "$file"
    fi
  } > "$file.new"
  cat "$file.new" > "$file"
  rm "$file.new"
  chmod 644 "$file"
}

delete() {
  if [ -d "$directory" ]; then
    refuse_in_use
    rm -rf "$directory/conf" "$directory/hosts" "$(cookie_file)" "$directory/data/rotation" "$(data_mark)"
    mv "$directory" "$directory.removed-$(date -u +%Y%m%dT%H%M%SZ)"
  fi
  forget_served
}

# Nothing is moved from beneath a container, whether it runs or not. One that was adopted is kept, stopped, and does not count.
refuse_in_use() {
  local list user
  list=$(docker ps -a --no-trunc --format '{{.Names}}|{{.Mounts}}|{{.Status}}') ||
    die "it cannot be told which containers use $directory. Nothing was changed"
  user=$(awk -F '|' -v directory="$directory" '
    $1 ~ /\.before-warren$/ && $3 !~ /^Up/ { next }
    {
      count = split($2, sources, ",")
      for (i = 1; i <= count; i++) if (index(sources[i] "/", directory "/") == 1) { print $1; exit }
    }' <<< "$list")
  [ -z "$user" ] ||
    die "$name: the container $user uses $directory, whose files would be taken from beneath it. Remove the container first; \`pulumi destroy\` and a node that leaves do that by themselves. Nothing was changed"
}
