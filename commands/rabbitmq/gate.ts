import { labels } from "../docker";
import { waitUntil } from "../shell";
import { revive } from "./maintenance";
import { cli, enableFeatureFlags, erlangName, listens, names, patienceSeconds, type NodePlace } from "./place";

/** What a node's container should be, as its image's id and the value of its settings label say. */
export interface WantedContainer {
  image: string;
  settings: string;
}

/** Seconds for the other members to be there: the one before it has just been waited for. */
const othersSeconds = 60;

/**
 * Script: what has to hold before a serving node's container may be replaced. It looks at the container itself: where none
 * runs, or it is already the wanted one, or no broker runs in it, it returns at once. Otherwise it waits until all other
 * members run, none of them under maintenance, and none of the broker's own checks calls this node critical, then drains it;
 * if that does not come to pass it fails and has changed nothing. Before another image, every feature flag that the old
 * version knows is enabled, without which a newer one may refuse to start. A node that an earlier run drained and did not
 * replace is revived.
 *
 * @param lost names of nodes whose machines are gone for good: nobody waits for them
 */
export function gate(place: NodePlace, wanted: WantedContainer, lost: readonly string[], amqpPort: number): string {
  const self = erlangName(place.name);
  const status = cli(place, "rabbitmqctl", "cluster_status --formatter json");
  const diagnostics = (check: string): string => `why=$(${cli(place, "rabbitmq-diagnostics", check)} 2>&1)`;
  const mirrorCheck = "check_if_node_is_mirror_sync_critical"; // gone with mirroring in 4.0
  const gone = lost.map((name) => ` -e ${erlangName(name)}`).join("");
  return `found=$(docker inspect -f '{{.State.Running}} {{.Image}} {{index .Config.Labels "${labels.settings}"}}' ${place.container} 2> /dev/null) || exit 0
case $found in
"true ${wanted.image} ${wanted.settings}")
  if ! ${listens(place, amqpPort)}; then
${revive(place)}
  fi
  exit 0 ;;
true*) ;;
*) exit 0 ;;
esac
if ! status=$(${status} 2> /dev/null); then
  if ${listens(place, amqpPort)}; then
    echo "${place.name} serves clients, but its CLI does not answer: nothing was changed" >&2
    exit 1
  fi
  exit 0
fi
${names}
case " $(names running_nodes)" in *" ${self} "*) ;; *) exit 0 ;; esac
[ "$(names disk_nodes)$(names ram_nodes)" != "${self} " ] || exit 0
mirrors=$(${cli(place, "rabbitmq-diagnostics", "help")} | grep -o ${mirrorCheck} | head -n 1 || true)
one_by_one() { for list; do names $list; done | tr ' ' '\n' | grep -vxF -e ""${gone} | sort -u; }
others_in_maintenance() { printf %s "$status" | grep -o '"maintenance_status":{[^}]*}' | tr ',' '\n' | grep -vF '"${self}"' | grep -qF ':"under maintenance"'; }
others_run() {
  status=$(${status} 2> /dev/null) &&
  [ "$(one_by_one disk_nodes ram_nodes)" = "$(one_by_one running_nodes)" ] && ! others_in_maintenance
}
why=
spared() {
  others_run &&
  ${diagnostics("check_if_node_is_quorum_critical")} &&
  { [ -z "$mirrors" ] || ${diagnostics(mirrorCheck)}; }
}
${waitUntil("others_run", othersSeconds, `the cluster cannot spare ${place.name} now: of its members ($(one_by_one disk_nodes ram_nodes | tr '\n' ' ')) only $(names running_nodes)run, or one of them is under maintenance. Nothing was changed`, 2)}
${waitUntil("spared", patienceSeconds, `the cluster cannot spare ${place.name} now: another member is down, or a queue would lose its majority or its last synchronised mirror. Nothing was changed. $why`, 2)}
case $found in
"true ${wanted.image} "*) ;;
*)
${enableFeatureFlags(place)} ;;
esac
${cli(place, "rabbitmq-upgrade", "drain")} > /dev/null`;
}
