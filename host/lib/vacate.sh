# shellcheck shell=bash
# A node's queues, before it leaves its cluster or is reset. Every step that uses this has the data name, container and directory.

# Asks the broker about its queues, or has it do something to them (see host/rabbitmq/queues.erl), from the side of a node. Prints a line for
# each queue: type, virtual host, name, hash, and the broker's words. Fails where the broker does not answer.
queues() { # EXPRESSION NODE [OTHERS [HASHES]]
  local answer
  answer=$(evaluate rabbitmq/queues.erl "N = '$2', R = [${3:-}], H = ${4:-all}," "$1, ok.") || return 1
  [ "${answer##*$'\n'}" = ok ] || return 1
  printf %s "${answer%ok}"
}

# Goes on only if nothing is lost with a node; otherwise it names the queues.
refuse_loss() { # NODE
  local lost type vhost queue
  lost=$(queues 'List(Lost)' "$1") ||
    die "it cannot be told which queues would be lost with $1. Nothing was changed. Run \`pulumi up\` again"
  [ -n "$lost" ] || return 0
  {
    echo "$1 cannot be spared. Nothing was changed, since these queues would be lost with it, or lose their majority:"
    while IFS=$'\t' read -r type vhost queue _; do echo "  $queue (${type#rabbit_}) in the virtual host $vhost"; done <<< "$lost"
    echo "Mirror them, give them members on other nodes, start the nodes that they wait for, or delete them"
  } >&2
  exit 1
}

# Has the broker do something to all queues that it is due to, a batch in each call. Fails when nothing has come of it for 120 s: then refusal
# is the last queue that refused, with the broker's words.
finish() { # EXPRESSION NODE [OTHERS]
  local hashes=all fewest=1000000000 behind=0 since=$SECONDS left count missing
  refusal=
  while :; do
    if left=$(queues "$1" "$2" "${3:-}" "$hashes"); then
      [ -n "$left" ] || return 0
      hashes="[$(cut -f 4 <<< "$left" | paste -sd,)]"
      refusal=$(awk -F '\t' '$5 != "" { said = $3 " in the virtual host " $2 ": " $5 } END { print said }' <<< "$left")
      count=$(wc -l <<< "$left")
      # A new replica of a large stream may need long, which is no standstill.
      missing=$(grep -o '{messages_behind,[0-9]*' <<< "$left" | awk -F , '{ sum += $2 } END { print sum + 0 }' || true)
      if [ "$count" -lt "$fewest" ] || { [ "$count" = "$fewest" ] && [ "$missing" -lt "$behind" ]; }; then
        fewest=$count behind=$missing since=$SECONDS
      fi
    else
      refusal="unknown, since the broker does not answer"
    fi
    [ $((SECONDS - since)) -lt 120 ] || return 1
    sleep 1
  done
}

# Takes a node's members out of all queues.
evict() { # NODE
  finish 'Do(Evict, Replicated)' "$1" && return
  echo "queues still have members on $1, and none could be taken out for 120 s. The last that refused: $refusal" >&2
  return 1
}

# Moves everything off this node, which is about to be reset, while the cluster goes on: quorum queues and streams get a member on another
# node that has none yet, its members are taken out of all queues, and its clients are sent away. Draining comes after the members, since it
# stops some of them: a queue of four with one down could not elect a leader any more, and without one no member leaves. What was declared in
# the meantime is taken out thereafter. It refuses where a queue would be lost, and takes the node back into service where it cannot finish.
vacate() {
  local self others lost
  self=$(erlang_name "$name")
  refuse_loss "$self"
  read_status || die "it cannot be told which members of the cluster run. Nothing was changed. Run \`pulumi up\` again"
  others=$(names running_nodes | tr ' ' '\n' | grep -vxF -e "$self" -e '' | sed "s/.*/'&'/" | paste -sd, || true)
  [ -n "$others" ] || die "no other member of the cluster runs. Nothing was changed. Start them, then run \`pulumi up\` again"
  finish 'Do(Extend, Moving)' "$self" "$others" ||
    die "a queue with a member on $self cannot be given a member on another node. Nothing was taken from it. The last that refused: $refusal"
  evict "$self" || stay
  cli rabbitmq-upgrade drain > /dev/null || stay "$name cannot be drained"
  evict "$self" || stay
  lost=$(queues 'List(Lost)' "$self") || stay "it cannot be told which queues would be lost with $self"
  [ -z "$lost" ] || stay "queues that were declared in the meantime would be lost with $self:"$'\n'"$(awk -F '\t' '{ print "  " $3 " in the virtual host " $2 }' <<< "$lost")"
  wait_until 60 1 coordinates_no_streams || stay "$name still leads the coordinator of streams after 60 s: $said"
}

# Ends the step, with the node back in service.
stay() { # [MESSAGE]
  revive
  die "${1:-$name stays in the cluster}"
}

coordinates_no_streams() { said=$(coordinator HandOver) && [ "$said" = true ]; }
coordinates_nothing() { said=$(coordinator Leave) && [ "$said" = true ]; }
coordinator() { evaluate rabbitmq/coordinator.erl "N = '$(erlang_name "$name")'," "$1()." 2>&1; } # FUNCTION

# After `vacate`, and after the application has stopped: this node is no member of the coordinator of streams any more.
leave_coordinator() {
  wait_until 60 1 coordinates_nothing || die "$name is still a member of the coordinator of streams after 60 s: $said. Run \`pulumi up\` again"
}
