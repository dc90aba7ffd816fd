# shellcheck shell=bash
# Saves: the disks of all hosts together with Pulumi's state of what is on them, kept under a name and brought back in seconds.
# They are in the lab's state, so `down` removes them and `reset` does not.

SAVES=$STATE/saves

verb_save() { # NAME [--with DIRECTORY]...
  local name=${1:-} new i on=() with=()
  saves_options save "$@"
  need_up
  for ((i = 1; i <= COUNT; i++)); do
    host_complete "$i" || die "host$i does not exist, so there is nothing to save of it" "bring it back with: ${LAB:+LAB=$LAB }lab/lab up"
    [ -n "$(upper_directory "$i")" ] || die "the Docker daemon of this machine does not keep its containers in overlay2, and saves need that" "see: docker info"
    [ "$(host_state "$i")" != running ] || on+=("$i")
  done
  new=$SAVES/.$name.new
  rm -rf --one-file-system "$new"
  mkdir -p "$new"
  # They shut down in order, as machines do, so that nothing on their disks needs a repair afterwards.
  hosts_shut_down "${on[@]}"
  local failed='' p=()
  for ((i = 1; i <= COUNT; i++)); do layers_keep "$STATE/hosts/host$i"; done
  for ((i = 1; i <= COUNT; i++)); do host_save "$i" "$new" & p+=($!); done
  wait_all "${p[@]}" && directories_save "$new" "${with[@]}" || failed=1
  echo "$COUNT" >"$new/count"
  echo "${on[*]}" >"$new/running"
  if [ -z "$failed" ]; then
    rm -rf --one-file-system "${SAVES:?}/$name"
    mv "$new" "$SAVES/$name"
    say "saved as $name: $COUNT hosts, the state of their stacks${with[*]:+, ${with[*]}}"
  else
    rm -rf --one-file-system "$new"
  fi
  [ ${#on[@]} = 0 ] || hosts_start "${on[@]}"
  [ -z "$failed" ] || die "nothing was saved" "see the lines above; the hosts are as they were"
}

verb_restore() { # NAME [--with DIRECTORY]...
  local name=${1:-} save i p=() with=() on
  saves_options restore "$@"
  save=$SAVES/$name
  need_up
  [ -d "$save" ] || die "this lab has no save '$name'; it has: $(saves_names)" "make it with: ${LAB:+LAB=$LAB }lab/lab save $name"
  [ "$(cat "$save/count")" = "$COUNT" ] ||
    die "save $name has $(cat "$save/count") hosts and the lab has $COUNT" "first give the lab as many: ${LAB:+LAB=$LAB }lab/lab up --hosts $(cat "$save/count")" "nothing was changed"
  for ((i = 1; i <= COUNT; i++)); do
    docker image inspect "$(cat "$save/host$i/image")" >/dev/null 2>&1 ||
      die "save $name: the image that host$i was made of is gone; host images were made anew since then" "make the save again; nothing was changed"
  done
  [ ${#with[@]} = 0 ] || [ ${#with[@]} = "$(saved_directories "$save" | wc -l)" ] ||
    die "save $name holds $(saved_directories "$save" | wc -l) directories beside the hosts, and ${#with[@]} were named for them" "nothing was changed"
  on=$(cat "$save/running")
  for ((i = 1; i <= COUNT; i++)); do host_restore "$i" "$save" & p+=($!); done
  wait_all "${p[@]}" || die "not every host could be restored" "see the lines above; lab/lab restore $name tries again, lab/lab reset makes pristine hosts"
  directories_restore "$save" "${with[@]}"
  give_back
  # shellcheck disable=SC2086
  [ -z "$on" ] || hosts_start $on
  say "restored: $name"
}

verb_saves() {
  local name
  for name in $(saves_names); do
    printf '%-20s %s  %2s hosts%s\n' "$name" "$(date -r "$SAVES/$name" '+%F %T')" "$(cat "$SAVES/$name/count")" "$(saved_directories "$SAVES/$name" | sed 's/^/, /' | tr -d '\n')"
  done
}
saves_names() { find "$SAVES" -mindepth 1 -maxdepth 1 -not -name '.*' -printf '%f\n' 2>/dev/null | sort | paste -sd' '; }

saves_options() { # VERB NAME [--with DIRECTORY]...: fills the caller's `with`
  local verb=$1 directory
  [[ ${2:-} =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ ]] || die "lab $verb: '${2:-}' cannot name a save" "use letters, digits, dots, dashes and underscores"
  shift 2
  while [ $# -gt 0 ]; do
    [ "$1" = --with ] && [ -n "${2:-}" ] || die "lab $verb: what is '$1'?" "see: lab/lab --help"
    directory=$(readlink -m "$2")
    # It is replaced when it is restored.
    case $STATE/ in "${directory%/}"/*) die "lab $verb --with: $directory holds the lab's own state" "name a directory of a stack" ;; esac
    case $HERE/ in "${directory%/}"/*) die "lab $verb --with: $directory holds this checkout" "name a directory of a stack" ;; esac
    [ "$verb" = restore ] || [ -d "$directory" ] || die "lab save --with: $directory is not a directory"
    with+=("$directory")
    shift 2
  done
}

upper_directory() { # INDEX: what a host has written over its image
  docker inspect -f '{{if eq .GraphDriver.Name "overlay2"}}{{.GraphDriver.Data.UpperDir}}{{end}}' "$(container "$1")"
}
hosts_shut_down() { # INDEX...
  local i names=()
  [ $# -gt 0 ] || return 0
  for i in "$@"; do names+=("$(container "$i")"); done
  docker stop -t 60 "${names[@]}" >/dev/null
  say "shut down: $(printf 'host%s ' "$@")"
}

# Nothing ever writes to the layers of images, so all saves and all hosts share each of them: as hard links to the files in LAYERS.
LAYERS=$SAVES/.layers
layers_of() { # HOST-DIRECTORY: their names in its store
  local file
  for file in "$1"/docker/image/overlay2/layerdb/sha256/*/cache-id; do
    [ ! -e "$file" ] || echo "$(<"$file")"
  done
}
layers_keep() { # HOST-DIRECTORY
  local layer
  mkdir -p "$LAYERS"
  for layer in $(layers_of "$1"); do
    [ ! -d "$LAYERS/$layer" ] || continue
    rm -rf "$LAYERS/.new"
    cp -al "$1/docker/overlay2/$layer/diff" "$LAYERS/.new"
    mv "$LAYERS/.new" "$LAYERS/$layer"
  done
}
layers_restore() { # HOST-DIRECTORY OLD-DIRECTORY: what the host had until now need not be linked again
  local layer present
  for layer in $(layers_of "$1"); do
    present=$2/docker/overlay2/$layer/diff
    if [ -e "$2/.done" ] && [ -d "$present" ]; then
      mv "$present" "$1/docker/overlay2/$layer/diff"
    else
      cp -al "$LAYERS/$layer" "$1/docker/overlay2/$layer/diff"
    fi
  done
}

host_save() { # INDEX SAVE
  local to=$2/host$1
  mkdir -p "$to"
  docker inspect -f '{{.Image}}' "$(container "$1")" >"$to/image"
  copy_files "$(upper_directory "$1")" "$to/root"
  copy_disk "$STATE/hosts/host$1" "$to/disk"
}
host_restore() { # INDEX SAVE
  local from=$2/host$1 d=$STATE/hosts/host$1 old=$STATE/hosts/.old-host$1
  docker rm -f "$(container "$1")" >/dev/null 2>&1 || true
  rm -rf --one-file-system "$old"
  [ ! -d "$d" ] || mv "$d" "$old"
  copy_disk "$from/disk" "$d"
  rm "$d/.done"
  layers_restore "$d" "$old"
  rm -rf --one-file-system "$old"
  host_create "host$1" "$(address "$1")" "$(container "$1")" "$d/docker" "$(cat "$from/image")"
  copy_files "$from/root" "$(upper_directory "$1")"
  touch "$d/.done"
}

# Everything about the files stays. Brokers reserve hundreds of megabytes that they never write to; those become holes.
copy_files() { # FROM TO
  mkdir -p "$2"
  cp -a --reflink=auto --sparse=always "$1/." "$2/"
}
copy_disk() { # FROM TO: a host's directory with its image store, without the layers
  local excludes=()
  readarray -t excludes < <(layers_of "$1" | sed 's|.*|--exclude=./docker/overlay2/&/diff|')
  mkdir -p "$2"
  tar -C "$1" --xattrs --xattrs-include='*' --sparse "${excludes[@]}" -c . | tar -C "$2" --xattrs --xattrs-include='*' -x
}

# Beside the hosts: the lab's own stacks, and what was named. One directory each, with the path that it came from.
directories_save() { # SAVE DIRECTORY...
  local save=$1 i=0 directory
  shift
  [ ! -d "$STATE/stacks" ] || copy_files "$STATE/stacks" "$save/stacks"
  for directory in "$@"; do
    i=$((i + 1))
    copy_files "$directory" "$save/with/$i/files"
    echo "$directory" >"$save/with/$i/path"
  done
}
directories_restore() { # SAVE [DIRECTORY...]: to where they came from, or to others
  local save=$1 i=0 directory directories=()
  shift
  if [ $# -gt 0 ]; then directories=("$@"); else readarray -t directories < <(saved_directories "$save"); fi
  rm -rf --one-file-system "$STATE/stacks"
  [ ! -d "$save/stacks" ] || copy_files "$save/stacks" "$STATE/stacks"
  for directory in "${directories[@]}"; do
    i=$((i + 1))
    rm -rf --one-file-system "$directory"
    copy_files "$save/with/$i/files" "$directory"
  done
}
saved_directories() { # SAVE: where they came from, in order
  local i
  for ((i = 1; ; i++)); do cat "$1/with/$i/path" 2>/dev/null || return 0; done
}
