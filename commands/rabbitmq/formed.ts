import { quote, waitUntil } from "../shell";
import {
  cli,
  enableFeatureFlags,
  erlangName,
  membersParameter,
  names,
  type ExpectedMember,
  type NodePlace,
} from "./place";
import { evict, queueLists, refuseLoss, replicas } from "./vacate";

/** Who a cluster should consist of. */
export interface ExpectedCluster {
  members: readonly ExpectedMember[];
  /** Names of nodes whose machines are gone for good. */
  lost: readonly string[];
}

function list(nodes: readonly { name: string }[]): string {
  return nodes
    .map(({ name }) => erlangName(name))
    .sort()
    .join(" ");
}

/**
 * Script: waits until the cluster is as configured (members, types, all running, one broker version, no partition), and
 * prints the cluster status as JSON. Members that the config no longer has are looked at before anything is done about them:
 * a lost one is forgotten; one that runs will leave by its own end, if no queue would be lost with it.
 *
 * @param changed the cluster has been there before: what a change has left behind is put in order, too (feature flags,
 *   queues that lost a member, leaders all on few nodes)
 */
export function formed(place: NodePlace, expected: ExpectedCluster, changed: boolean, seconds = 120): string {
  const of = (type: "disc" | "ram"): string => list(expected.members.filter((member) => member.type === type));
  const all = list(expected.members);
  return `${names}
has() { local node; for node in \${@:2}; do case " $(names "$1")" in *" $node "*) ;; *) return 1 ;; esac; done; }
as_configured() {
  status=$(${cli(place, "rabbitmqctl", "cluster_status --formatter json")} 2> /dev/null) &&
  has disk_nodes ${of("disc")} && has ram_nodes ${of("ram")} && has running_nodes ${all}
}
trap '[ $? = 0 ] || echo "disc: $(names disk_nodes); ram: $(names ram_nodes); running: $(names running_nodes)" >&2' EXIT
${waitUntil("as_configured", seconds, `the cluster is not as configured (disc: ${of("disc")}; ram: ${of("ram")}). It shows`, 1)}
case $status in *'"partitions":{}'* | *'"partitions":[]'*) ;; *) echo "the cluster is partitioned" >&2; exit 1 ;; esac
others=$({ names disk_nodes; names ram_nodes; } | tr ' ' '\\n' | sort -u | grep -vxF ${all
    .split(" ")
    .map((node) => `-e ${node}`)
    .join(" ")} -e "" || true)
if [ -n "$others" ]; then
${queueLists(place)}
${replicas(place)}
for other in $others; do
  case " ${list(expected.lost.map((name) => ({ name })))}  $(names running_nodes)" in
  *" $other "*" $other "*) echo "$other is said to be lost, and it runs: stop it, or take lost off its host" >&2; exit 1 ;;
  *" $other "*) ;;
  *) echo "$other is a member that the config does not have, and it does not run: start it, so that it can leave, or say that its host is lost" >&2; exit 1 ;;
  esac
  if has running_nodes $other; then
${refuseLoss("$other")}
  else
    ${cli(place, "rabbitmqctl", "forget_cluster_node $other")} > /dev/null
${evict("$other")}
  fi
done
fi
versions() { local node; for node in ${all}; do printf %s "$status" | grep -o "\\"$node\\":{\\"erlang_version\\"[^}]*" | grep -o '"rabbitmq_version":.*'; done; }
if [ "$(versions | sort -u | wc -l)" -gt 1 ]; then
  echo "the members run different broker versions" >&2
  exit 1
fi
${changed ? tidyUp(place, expected.members) : ""}printf '%s\\n' "$status"`;
}

function tidyUp(place: NodePlace, members: readonly ExpectedMember[]): string {
  const disc = members.filter(({ type }) => type === "disc");
  return `${enableFeatureFlags(place)}
grown() { for node in ${list(disc)}; do why=$(${cli(place, "rabbitmq-queues", "grow $node even")} 2>&1) || return 1; done; }
why=
${waitUntil("grown", 60, "quorum queues cannot be given members in place of those that they lost: $why", 2)}
${cli(place, "rabbitmq-queues", "rebalance all")} > /dev/null
`;
}

/** Script: the status of a cluster that is stopped. */
export function atRest(): string {
  return `echo '{"disk_nodes":[],"ram_nodes":[],"running_nodes":[],"versions":{}}'`;
}

/** Script: names the cluster, and has it keep who its members are meant to be (see {@link leave}). */
export function nameCluster(place: NodePlace, clusterName: string, members: readonly { name: string }[]): string {
  const value = JSON.stringify(members.map(({ name }) => erlangName(name)));
  return `${cli(place, "rabbitmqctl", `set_cluster_name ${clusterName}`)}
${cli(place, "rabbitmqctl", `set_global_parameter ${membersParameter} ${quote(value)}`)}`;
}
