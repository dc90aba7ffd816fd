# shellcheck shell=bash
# What has to hold before a serving node's container is replaced. It looks at the container itself: where none runs, where it is the
# wanted one already, or where no broker runs in it, it returns at once. Otherwise it waits until all other members run, none of them is
# under maintenance, and none of the broker's own checks calls this node critical; then it drains the node. If that does not come about,
# it fails and has changed nothing. Before another image, it enables every stable feature flag, without which a newer version may not start.
#
# Data: name container directory, image and settings (the wanted container's), lost (names of nodes whose machines are gone), amqp_port,
# joins (false: the seed node), may_interrupt (true: queues may be without a majority while the node restarts)
lock=$name

create() {
  local found
  [ "${joins:-true}" = true ] || refuse_blank
  found=$(inspect "$container" '{{.State.Running}} {{.Image}} {{index .Config.Labels "io.warren.settings"}}') || return 0
  case $found in
    "true $image $settings")
      # An earlier run may have drained it and then not replaced it.
      listens "$amqp_port" || revive
      return 0
      ;;
    true*) ;;
    *) return 0 ;;
  esac
  if ! read_status; then
    ! listens "$amqp_port" || die "$name serves clients, but its CLI does not answer. Nothing was changed"
    return 0
  fi
  is_among "$(erlang_name "$name")" "$(names running_nodes)" || return 0
  [ "$(names disk_nodes)$(names ram_nodes)" != "$(erlang_name "$name") " ] || return 0
  await_spared
  case $found in
    "true $image "*) ;;
    *) enable_feature_flags ;;
  esac
  cli rabbitmq-upgrade drain > /dev/null
}

await_spared() {
  mirror_check=$(cli rabbitmq-diagnostics help | grep -o check_if_node_is_mirror_sync_critical | head -n 1 || true) # gone from 4.0 on
  why=
  wait_until 60 2 others_run ||
    die "the cluster cannot spare $name now: of its members ($(all_but_lost disk_nodes ram_nodes | tr '\n' ' ')) only $(names running_nodes)run, or one of them is under maintenance. Nothing was changed"
  wait_until "$longest_boot" 2 spared ||
    die "the cluster cannot spare $name now: another member is down, or a queue would lose its majority or its last synchronised mirror. Nothing was changed. $(with_two_nodes)$why"
}

# Of two members of a queue, neither is a majority.
with_two_nodes() {
  [ "$(all_but_lost disk_nodes ram_nodes | wc -l)" = 2 ] || return 0
  echo "With two nodes, no quorum queue has a majority while one of them restarts: \`rabbitmq.mayInterrupt: true\` lets these queues pause meanwhile. "
}

spared() {
  others_run && { [ "${may_interrupt:-false}" = true ] || check check_if_node_is_quorum_critical; } &&
    { [ -z "$mirror_check" ] || check "$mirror_check"; }
}
check() { why=$(cli rabbitmq-diagnostics "$1" 2>&1); }

others_run() {
  read_status && [ "$(all_but_lost disk_nodes ram_nodes)" = "$(all_but_lost running_nodes)" ] && ! others_in_maintenance
}
all_but_lost() { # LIST...: a member a line
  local list patterns=(-e '') node
  for node in "${lost[@]}"; do patterns+=(-e "$(erlang_name "$node")"); done
  for list; do names "$list"; done | tr ' ' '\n' | grep -vxF "${patterns[@]}" | sort -u
}
others_in_maintenance() {
  grep -o '"maintenance_status":{[^}]*}' <<< "$status" | tr ',' '\n' | grep -vF "\"$(erlang_name "$name")\"" | grep -qF ':"under maintenance"'
}
