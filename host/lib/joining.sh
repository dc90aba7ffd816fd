# shellcheck shell=bash
# The guard before each step that brings a node into the cluster: nothing that is a member is ever stopped, reset or joined again, whatever
# Pulumi's state believes. It reads what the broker has on disk, which is right whether its application runs or not, and costs nothing
# next to a CLI call (a whole Erlang VM).

# Whether the node has to join. Ends the step where that cannot be told, and where joining would wipe queues.
has_to_join() { # JOINS (true or false)
  local known
  if [ "$1" = false ]; then
    echo "$name is the seed node: it joins nobody"
    return 1
  fi
  if [ ! -e "$(members_file)" ] && is_stopped; then
    echo "$name is stopped: left alone"
    return 1
  fi
  known=$(known_members || true)
  if [ -z "$known" ] && [ ! -e "$(joining_mark)" ]; then
    die "it cannot be told whether $name is a member of a cluster. Nothing was changed"
  fi
  if [ -n "$known" ] && grep -vx "$(erlang_name "$name")" <<< "$known" > /dev/null; then
    echo "$name is a member already: left alone"
    return 1
  fi
  ! holds_queues ||
    die "$name has queues of its own in $directory/data and is in no cluster: joining would wipe them. Move the directory away, or take the node out of the configuration"
}

# Where Mnesia keeps the members. A broker on Khepri has no such file.
members_file() { echo "$(database)/cluster_nodes.config"; }

# Every member of the cluster that this node knows, itself included, a line each.
known_members() {
  if [ -e "$(members_file)" ]; then
    cat "$(members_file)"
  else
    cli rabbitmqctl cluster_status --formatter json | grep -o '"disk_nodes":[^]]*'
  fi | grep -o 'rabbit@[A-Za-z0-9_-]*' | sort -u
}

# Whether there are durable queues or streams of the node's own.
holds_queues() {
  local own
  own=$(database)
  [ -n "$(find "$own"/msg_stores/vhosts/*/queues "$own/quorum/$(erlang_name "$name")" "$own/stream" \
    -mindepth 1 -maxdepth 1 -type d 2> /dev/null | head -n 1)" ]
}
