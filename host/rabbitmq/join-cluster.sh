# shellcheck shell=bash
# Joins a blank node to the cluster, by its seed node or else by the first other member that lets it in. Another node counts as a member when
# its own cluster says so: it may be a blank one that is about to join. Where the cluster still knows a member of this name, that one's data
# are gone with its machine, or were moved away, and it is forgotten first.
#
# Data: name container directory, seed (absent: this node is it, and the rest is not needed), type (disc or ram), others (names of the nodes
# beside this one and the seed node)
lock=$name

create() {
  local joins=false peer said=
  [ -z "${seed:-}" ] || joins=true
  has_to_join $joins || return 0
  for peer in "$seed" "${others[@]}"; do
    if [ "$peer" != "$seed" ] && ! is_member "$peer"; then continue; fi
    if said=$(join_by "$peer" 2>&1); then return 0; fi
    case $said in *inconsistent_cluster*) ;; *) continue ;; esac
    cli rabbitmqctl -n "$(erlang_name "$peer")" forget_cluster_node "$(erlang_name "$name")"
    if said=$(join_by "$peer" 2>&1); then return 0; fi
  done
  die "$said"
}

join_by() { # NODE
  local options=()
  [ "$type" = disc ] || options=(--ram)
  cli rabbitmqctl join_cluster "${options[@]}" "$(erlang_name "$1")"
}

is_member() { # NODE
  cli rabbitmqctl -n "$(erlang_name "$1")" list_global_parameters --no-table-headers 2> /dev/null |
    grep "^${members_parameter}[[:space:]]" | grep -qF "\"$(erlang_name "$1")\""
}
