# shellcheck shell=bash
# A container made by hand gives way to the node's own, as one of Warren's would: when the cluster can spare it, drained, with its grace. It
# is kept, stopped, under another name, and does not start again. Its data are moved to the node's own directory (within a file system; else
# copied, and the copy compared); the old place is never deleted. It can be cut off anywhere.
#
# Data: those of rabbitmq/gate, by_hand (name of the container made by hand), grace_seconds
lock=$name

create() {
  local kept
  kept=$(kept_name "$by_hand")
  [ ! -e "$(adopted_mark)" ] || return 0
  if made_by_hand "$by_hand"; then
    await_gate_of "$by_hand"
    docker update --restart=no "$by_hand" > /dev/null
    docker stop -t "$grace_seconds" "$by_hand" > /dev/null
    docker rename "$by_hand" "$kept"
  fi
  take_data_of "$kept"
  touch "$(adopted_mark)"
}

# In a shell of its own, since the gate has functions of this step's names.
await_gate_of() { # CONTAINER
  (
    container=$1
    # shellcheck source=host/rabbitmq/gate.sh
    . "$library/rabbitmq/gate.sh"
    create
  )
}

take_data_of() { # CONTAINER
  local source data=$directory/data copy=$directory/data.copy owner
  source=$(data_source "$1") || die "there is no container $1 on this host, by which the data of $name are found"
  if same %d:%i "$source" "$data"; then
    :
  elif same %d "$source" "$data"; then
    take_entries "$source"
  else
    rm -rf "$copy"
    cp -a "$source" "$copy"
    [ "$(sums_of "$source")" = "$(sums_of "$copy")" ] ||
      die "the copy of $source in $copy is not the same: is the disk in order? $1 and its data are as they were"
    take_entries "$copy"
    rm -rf "$copy"
  fi
  owner=$(stat -c %u:%g "$data")
  [ "$(stat -c %u:%g "$data/mnesia")" = "$owner" ] || chown -R "$owner" "$data"
}

# What Warren has of its own stays as it is.
take_entries() { # DIRECTORY
  local entry
  shopt -s dotglob nullglob
  for entry in "$1"/*; do
    [ -e "$directory/data/${entry##*/}" ] || mv "$entry" "$directory/data/"
  done
}

sums_of() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 -r sha256sum); } # DIRECTORY
