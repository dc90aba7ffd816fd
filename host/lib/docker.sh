# shellcheck shell=bash
# Containers, and what their labels say of them.

# Prints a part of what Docker knows of a container; fails where there is no such container.
inspect() { # CONTAINER FORMAT
  docker inspect -f "$2" "$1" 2> /dev/null
}

runs() { [ "$(inspect "$1" '{{.State.Running}}')" = true ]; } # CONTAINER

# Sets container_owner to uid:gid of a user inside an image (999 in the Debian image, 100 in Alpine's). It reads the image's own
# /etc/passwd from a container that is never started.
find_container_owner() { # IMAGE USER
  local scratch
  scratch=$(docker create "$1")
  # shellcheck disable=SC2064 # this very container
  trap "docker rm -f $scratch > /dev/null" EXIT
  container_owner=$(docker cp "$scratch:/etc/passwd" - | tar -xO | awk -F: -v user="$2" '$1 == user { print $3 ":" $4 }')
  docker rm -f "$scratch" > /dev/null
  trap - EXIT
  [ -n "$container_owner" ] || die "the image $1 has no user $2"
}

# Ends the step where a container of this name belongs to another stack, to another part of this one, or to nobody. What is written
# after this does not come under a container that runs. `by-hand`: a container without labels is expected.
refuse_foreign() { # CONTAINER STACK PART [by-hand]
  local found
  found=$(inspect "$1" '{{index .Config.Labels "io.warren.stack"}} {{index .Config.Labels "io.warren.part"}}') || return 0
  [ "$found" != "$2 $3" ] || return 0
  [ "${4:-}" != by-hand ] || [ "$found" != " " ] || return 0
  local whose="stack ${found% *} (its part ${found#* })"
  [ "$found" != " " ] || whose="no Warren stack"
  die "the container $1 on this host belongs to $whose, not to $3 of stack $2. Choose another host, or remove that container. Nothing was changed on this host"
}

made_by_hand() { # CONTAINER
  [ "$(inspect "$1" '<{{index .Config.Labels "io.warren.stack"}}>')" = "<>" ]
}

# What an adopted container is called from then on: it is kept, stopped, in case somebody wants to go back.
kept_name() { echo "$1.before-warren"; } # CONTAINER

# Digest of what a container was made of and of what `docker update` changes; fails where there is no such container.
container_state() { # CONTAINER
  local made
  made=$(inspect "$1" '{{.Id}} {{.Image}} {{json .Config.Env}} {{json .Config.Labels}} {{json .HostConfig}}') || return 1
  # Docker says `null` of a list that a container was made without, and `[]` after the host was started again.
  made=${made//:\[\]/:null}
  sha256sum <<< "${made//:\{\}/:null}" | cut -c1-64
}

# Ends the step where a container has something below a directory mounted.
refuse_mounted() { # CONTAINER DIRECTORY
  local mounts source
  mounts=$(inspect "$1" '{{range .Mounts}}{{println .Source}}{{end}}') || return 0
  while read -r source; do
    case $source/ in
      "$2"/*) die "the container $1 uses $2, which would be deleted beneath it. Remove the container first. Nothing was changed" ;;
    esac
  done <<< "$mounts"
}
