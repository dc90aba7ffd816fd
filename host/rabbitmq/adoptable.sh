# shellcheck shell=bash
# Ends the update where a container made by hand cannot be adopted as the config has it. It only looks; every node's is run before anything is
# done to any of them. One that is adopted already, or half-way, was found right before.
#
# Data: name container directory, by_hand (name of the container made by hand), path (the node's place in the config), version, cookie, disc
# and ram (names of the members of these types), plugins, epmd_port, distribution_port

create() {
  [ ! -e "$(adopted_mark)" ] || return 0
  if ! made_by_hand "$by_hand"; then
    ! docker inspect "$(kept_name "$by_hand")" > /dev/null 2>&1 || return 0
    refuse "$path.adopt" "\"$by_hand\"" "must be a container on this host that Warren did not make, or be left out: there is none of that name"
  fi
  if [ "$by_hand" != "$container" ] && made_by_hand "$container"; then
    refuse "$path.adopt" "\"$by_hand\"" "must be $container, or that container be gone: the node's own will have that name"
  fi
  runs "$by_hand" || refuse "$path.adopt" "\"$by_hand\"" "must be a container that runs"
  local container=$by_hand source
  require_same_broker
  require_same_ports
  source=$(data_source "$by_hand") || die "Docker does not say where the data of the container $by_hand are. Nothing was changed"
  require_same_data
  require_same_cluster
  require_room
}

refuse() { # KEY VALUE RULE
  die "$1: $2 - $3. Nothing was changed"
}

require_same_broker() {
  local node found
  node=$(cli rabbitmqctl eval 'node().' | grep -o '[^ ]*@[^ ]*' | tail -n 1) ||
    refuse "$path.adopt" "\"$by_hand\"" "must be a broker whose rabbitmqctl answers"
  [ "$node" = "$(erlang_name "$name")" ] ||
    refuse "$path.name" "\"$name\"" "must be the node's own name: the container $by_hand runs $node"
  found=$(cli rabbitmqctl version | tail -n 1)
  [ "$found" = "$version" ] ||
    refuse warren:rabbitmq.version "\"$version\"" "must be $found, as the container $by_hand has it: adopt first, then upgrade"
}

require_same_ports() {
  local environment epmd amqp distribution
  environment=$(inspect "$by_hand" '{{range .Config.Env}}{{println .}}{{end}}') ||
    die "Docker does not say how the container $by_hand was made. Nothing was changed"
  epmd=$(given ERL_EPMD_PORT) amqp=$(given RABBITMQ_NODE_PORT) distribution=$(given RABBITMQ_DIST_PORT)
  epmd=${epmd:-4369} distribution=${distribution:-$((${amqp:-5672} + 20000))}
  [ "$epmd" = "$epmd_port" ] ||
    refuse warren:rabbitmq.ports.epmd "$epmd_port" "must be $epmd, as the container $by_hand has it"
  [ "$distribution" = "$distribution_port" ] ||
    refuse warren:rabbitmq.ports.distribution "$distribution_port" "must be $distribution, as the container $by_hand has it"
}
given() { sed -n "s/^$1=//p" <<< "$environment" | tail -n 1; } # VARIABLE

require_same_data() {
  local database=mnesia/rabbit@$name
  if [ -z "$source" ] || [ ! -d "$source/$database" ]; then
    refuse "$path.adopt" "\"$by_hand\"" "must have its data in a mount at $data_mount, in $database"
  fi
  [ "$(cat "$source/.erlang.cookie")" = "$(printf %s "$cookie")" ] ||
    refuse warren:rabbitmq.cookie "[secret]" "must be the cookie of the container $by_hand"
}

require_same_cluster() {
  local found_disc found_ram plugin
  read_status || die "the container $by_hand does not say who is a member of its cluster. Nothing was changed"
  found_disc=$(names disk_nodes || true) found_ram=$(names ram_nodes || true)
  if [ "$found_disc" != "$(erlang_names "${disc[@]}")" ] || [ "$found_ram" != "$(erlang_names "${ram[@]}")" ]; then
    refuse warren:rabbitmq.nodes "a list" "must be the cluster's members with their types, which are disc: ${found_disc% }; ram: ${found_ram% }"
  fi
  for plugin in $(cli rabbitmq-plugins list -E -m | grep -x 'rabbit[a-z0-9_]*' || true); do
    is_among "$plugin" "${plugins[*]} " ||
      refuse warren:rabbitmq.plugins "a list" "must have $plugin among them, as the container $by_hand has"
  done
}

# As `names` has them.
erlang_names() { # NODE...
  local node
  for node; do erlang_name "$node"; done | sort | tr '\n' ' '
}

# Room for the data in the node's own directory, or in the nearest that there is above it.
require_room() {
  local place=$directory data=$directory/data
  until [ -d "$place" ]; do
    place=${place%/*}
    place=${place:-/}
  done
  if [ -d "$data" ] && same %d:%i "$source" "$data"; then return 0; fi
  [ ! -e "$data/mnesia" ] ||
    refuse warren:rabbitmq.dataDirectory "\"${directory%/*}\"" "must be a directory without data of $name, or the container's own: $data/mnesia is there already"
  same %d "$source" "$place" || [ "$(du -sk "$source" | cut -f1)" -lt "$(df -Pk "$place" | awk 'END { print $4 }')" ] ||
    refuse warren:rabbitmq.dataDirectory "\"${directory%/*}\"" "must be on the file system of $source, or have room for a copy of it"
}
