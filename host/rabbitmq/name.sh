# shellcheck shell=bash
# Names the cluster, and has it keep who its members are to be: by that a node knows whether it is to leave (see host/rabbitmq/member.sh).
#
# Data: name container directory (of the node that is asked), cluster_name, members (a JSON list of Erlang names)

create() {
  cli rabbitmqctl set_cluster_name "$cluster_name"
  cli rabbitmqctl set_global_parameter "$members_parameter" "$members"
}
