# shellcheck shell=bash
# A balancer made by hand gives way, right before the one that takes its place is made. It is kept, stopped, under another name, and does not
# start again.
#
# Data: container (its name)

create() {
  local kept
  kept=$(kept_name "$container")
  if made_by_hand "$container"; then
    docker update --restart=no "$container" > /dev/null
    docker stop -t 5 "$container" > /dev/null
    docker rename "$container" "$kept"
  elif ! inspect "$kept" '{{.Id}}' > /dev/null; then
    die "warren:haproxy.adopt: \"$container\" - must be a container on this host that Warren did not make, or be left out: there is none of that name"
  fi
}
