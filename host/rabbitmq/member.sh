# shellcheck shell=bash
# A member of the cluster as it should be: of its type, with the settings that it takes while it runs; or stopped. At its end, it leaves.
#
# Data: name container directory, type (disc or ram), peers (names of the other nodes), memory, disk, partitions, plugins (settings), stopped,
# grace (of a stop, in seconds), amqp_port, container_id
lock=$name

create() {
  if [ "$stopped" = true ]; then stop_broker; else ensure_member; fi
}

# After its container was replaced, perhaps.
update() {
  if [ "$stopped" = true ]; then
    stop_broker
  else
    refuse_blank
    docker start "$container" > /dev/null
    await_boot "$amqp_port"
    ensure_member
    wait_until "$longest_boot" 1 well || die "$name is not well: it does not serve, or an alarm (memory, disk space) holds publishers back"
  fi
}

delete() { leave; }

stop_broker() {
  docker stop -t "$grace" "$container" > /dev/null
  expects stopped "$container"
}

ensure_member() {
  change_type
  give_settings
  expects running "$container"
  expects_container "$container"
}

well() { listens "$amqp_port" && cli rabbitmq-diagnostics check_local_alarms > /dev/null 2>&1; }

# Changes the type where it is another one. The broker resets the node for that and has it join again, so everything is moved off it first.
# What type it has, Mnesia's own file says; a broker without that file knows no types. Source: rabbit_mnesia:change_cluster_node_type/1.
# The mark is for a run that is cut off after the reset. It counts only while the application is stopped: one that has served again since may
# have queues again.
change_type() {
  local self file mark
  mark=$(retyping_mark)
  self=$(erlang_name "$name")
  file=$directory/data/mnesia/$self/cluster_nodes.config
  if [ ! -e "$mark" ]; then
    [ -e "$file" ] && [ "$(type_now)" != "$type" ] || return 0
  fi
  if [ ! -e "$mark" ] || serves_again; then
    vacate
    touch "$mark"
  fi
  cli rabbitmqctl stop_app
  leave_coordinator
  { clustered && [ "$(type_now)" = "$type" ]; } || join_as_type
  cli rabbitmqctl start_app
  rm -f "$mark"
}

type_now() {
  if tr -d ' \n' < "$file" | sed 's/.*],\[//' | grep -o 'rabbit@[A-Za-z0-9_-]*' | grep -qx "$self"; then echo disc; else echo ram; fi
}
clustered() { [ -e "$file" ] && grep -o 'rabbit@[A-Za-z0-9_-]*' "$file" | grep -vx "$self" > /dev/null; }
serves_again() { clustered && [ "$(type_now)" != "$type" ] && cli rabbitmqctl list_global_parameters > /dev/null 2>&1; }

join_as_type() {
  local peer option=()
  [ "$type" != ram ] || option=(--ram)
  ! cli rabbitmqctl change_cluster_node_type "$type" || return 0
  for peer in "${peers[@]}"; do
    ! cli rabbitmqctl join_cluster "${option[@]}" "$(erlang_name "$peer")" || return 0
  done
  die "$name can neither change its type to $type nor join the cluster again. Run \`pulumi up\` again"
}

# Gives a running member the settings that differ from those that it was given last, which are kept on its host. The broker reads how it is to
# handle partitions whenever there is one (rabbit_node_monitor, rabbit_autoheal), but has no command for it.
give_settings() {
  local file=$directory/settings
  if [ -e "$file" ]; then
    # shellcheck disable=SC2086 # an absolute amount of memory is two words
    given "memory $memory" || cli rabbitmqctl set_vm_memory_high_watermark $memory > /dev/null
    given "disk $disk" || cli rabbitmqctl set_disk_free_limit "$disk" > /dev/null
    given "partitions $partitions" ||
      cli rabbitmqctl eval "application:set_env(rabbit, cluster_partition_handling, $partitions)." > /dev/null
    given "plugins ${plugins[*]}" || cli rabbitmq-plugins set "${plugins[@]}" > /dev/null
  fi
  printf '%s\n' "memory $memory" "disk $disk" "partitions $partitions" "plugins ${plugins[*]}" > "$file"
}
given() { grep -qxF "$1" "$file"; } # LINE

# Whether a node leaves, the cluster itself says: the update that took it out of the config has told it. Where the whole stack is destroyed
# nobody has, and the node keeps what it has, so that nothing is wiped. On a node that does not run there is nothing to leave. The mark is for
# a run that is cut off before the reset; it counts only while the application is stopped, as that of change_type.
leave() {
  local application parameters said mark
  mark=$(leaving_mark)
  wait_until 60 2 find_application || refuse_unknown
  case $application in
    absent) return 0 ;;
    stopped) [ -e "$mark" ] || return 0 ;;
    running)
      case $(grep "^${members_parameter}[[:space:]]" <<< "$parameters" || true) in '' | *"\"$(erlang_name "$name")\""*) return 0 ;; esac
      vacate
      touch "$mark"
      ;;
  esac
  cli rabbitmqctl stop_app
  leave_coordinator
  cli rabbitmqctl reset
  rm -f "$mark"
}

# Sets application: absent (no container, or it does not run), stopped, or running, which sets parameters. Fails where it cannot tell, for
# which said has the reason: also while the broker is starting.
find_application() {
  local state
  if ! state=$(docker inspect -f '{{.State.Status}}' "$container" 2>&1); then
    said=$state application=absent
    grep -qi 'no such' <<< "$state"
    return
  fi
  application=absent
  case $state in running | paused) ;; *) return 0 ;; esac
  application=running
  ! said=$(cli rabbitmqctl list_global_parameters --no-table-headers 2>&1) || { parameters=$said && return; }
  application=stopped
  [ "$(cli rabbitmqctl eval '{rabbit:is_running(), rabbit:is_booting()}.' 2> /dev/null)" = '{false,false}' ]
}

# A container in which no broker runs at all has nobody that could leave.
refuse_unknown() {
  local programs
  if programs=$(docker top "$container" -eo comm 2> /dev/null) && ! grep -q '^beam' <<< "$programs"; then
    application=absent
  else
    die "$name runs, but does not say whether it is to leave the cluster: $said. Nothing was changed. Run \`pulumi up\` again. If its broker is broken for good, stop its container on the host first: it then stays where it is"
  fi
}
