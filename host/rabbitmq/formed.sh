# shellcheck shell=bash
# Waits until the cluster is as configured (members, types, all running, one broker version, no partition), and prints its status as JSON.
# Members that the configuration does not have any more are looked at before anything is done about them: a lost one is forgotten; one that
# runs will leave by its own end, if no queue would be lost with it.
#
# Data: name container directory (of the node that is asked), disc and ram (names of the members), lost (names of nodes whose machines are gone
# for good), containers (ids of all members' containers), stopped (all brokers are to be)
#
# What a killed run has begun may still be giving queues members: two at a time take them from each other again.
lock=$resource

create() {
  look
  if [ "$stopped" = false ]; then this_state > "$directory/tidied"; fi
  printf '%s\n' "$status"
}

# The cluster has been there before: what a change has left behind is put in order, if there was one since the last time.
update() {
  look
  if [ "$stopped" = false ] && [ "$(cat "$directory/tidied" 2> /dev/null)" != "$(this_state)" ]; then
    tidy_up
    this_state > "$directory/tidied"
  fi
  printf '%s\n' "$status"
}

this_state() { printf '%s\n' "disc $disc_nodes" "ram $ram_nodes" "containers ${containers[*]}"; }

look() {
  disc_nodes=$(erlang_names "${disc[@]}") ram_nodes=$(erlang_names "${ram[@]}")
  all=$(erlang_names "${disc[@]}" "${ram[@]}")
  if [ "$stopped" = true ]; then
    # Leaders are all on few nodes when it starts again.
    rm -f "$directory/tidied"
    status='{"disk_nodes":[],"ram_nodes":[],"running_nodes":[],"versions":{}}'
    return
  fi
  trap '[ $? = 0 ] || echo "disc: $(names disk_nodes); ram: $(names ram_nodes); running: $(names running_nodes)" >&2' EXIT
  wait_until 120 1 as_configured ||
    die "the cluster is not as configured (disc: $disc_nodes; ram: $ram_nodes). It shows"
  case $status in *'"partitions":{}'* | *'"partitions":[]'*) ;; *) die "the cluster is partitioned" ;; esac
  part_with_others
  [ "$(versions | sort -u | wc -l)" -le 1 ] || die "the members run different broker versions"
}

erlang_names() { # NAME...: sorted, on one line
  local node
  for node; do erlang_name "$node"; done | sort | paste -sd ' '
}

as_configured() {
  # shellcheck disable=SC2086 # lists of names
  read_status && has disk_nodes $disc_nodes && has ram_nodes $ram_nodes && has running_nodes $all
}

has() { # LIST NODE...
  local nodes node
  nodes=$(names "$1")
  shift
  for node; do is_among "$node" "$nodes" || return 1; done
}

versions() {
  local node
  for node in $all; do
    grep -o "\"$node\":{\"erlang_version\"[^}]*" <<< "$status" | grep -o '"rabbitmq_version":.*' || true
  done
}

# Members that the configuration does not have.
part_with_others() {
  local others other gone
  others=$({ names disk_nodes; names ram_nodes; } | tr ' ' '\n' | sort -u | grep -vxF "${all// /$'\n'}"$'\n' || true)
  gone=$(erlang_names "${lost[@]}")
  for other in $others; do
    if is_among "$other" "$gone"; then
      ! has running_nodes "$other" || die "$other is said to be lost, and it runs: stop it, or take lost off its host"
      cli rabbitmqctl forget_cluster_node "$other" > /dev/null
      evict "$other" || exit 1
    elif has running_nodes "$other"; then
      refuse_loss "$other"
    else
      die "$other is a member that the configuration does not have, and it does not run: start it, so that it can leave, or say that its host is lost"
    fi
  done
}

# Enables feature flags, gives queues members in place of those that they lost, and spreads the leaders of queues.
tidy_up() {
  enable_feature_flags
  wait_until 60 2 grown || die "quorum queues cannot be given members in place of those that they lost: $why"
  cli rabbitmq-queues rebalance all > /dev/null
}

grown() {
  local node
  for node in $disc_nodes; do
    why=$(cli rabbitmq-queues grow "$node" even 2>&1) || return 1
  done
}
