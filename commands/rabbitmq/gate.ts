import { labels } from "../docker";
import { waitUntil } from "../shell";
import { cli, erlangName, listens, names, patienceSeconds, type NodePlace } from "./place";

/** What a node's container should be, as its image's id and the value of its settings label say. */
export interface WantedContainer {
  image: string;
  settings: string;
}

/**
 * Script: what has to hold before a serving node's container may be replaced. It looks at the container itself: where none
 * runs, or it is already the wanted one, or no broker runs in it, it returns at once. Otherwise it waits until all other
 * members run and none of the broker's own checks calls this node critical, then drains it; if that does not come to pass
 * it fails and has changed nothing. A node that an earlier run drained and did not replace is revived.
 */
export function gate(place: NodePlace, wanted: WantedContainer, amqpPort: number): string {
  const status = cli(place, "rabbitmqctl", "cluster_status --formatter json");
  const diagnostics = (check: string): string => `${cli(place, "rabbitmq-diagnostics", check)} > /dev/null 2>&1`;
  const mirrorCheck = "check_if_node_is_mirror_sync_critical"; // gone with mirroring in 4.0
  return `found=$(docker inspect -f '{{.State.Running}} {{.Image}} {{index .Config.Labels "${labels.settings}"}}' ${place.container} 2> /dev/null) || exit 0
case $found in
"true ${wanted.image} ${wanted.settings}")
  ${listens(place, amqpPort)} || ${cli(place, "rabbitmq-upgrade", "revive")} > /dev/null 2>&1 || true
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
case " $(names running_nodes)" in *" ${erlangName(place.name)} "*) ;; *) exit 0 ;; esac
[ "$(names disk_nodes)$(names ram_nodes)" != "${erlangName(place.name)} " ] || exit 0
mirrors=$(${cli(place, "rabbitmq-diagnostics", "help")} | grep -o ${mirrorCheck} | head -n 1 || true)
one_by_one() { for list; do names $list; done | tr ' ' '\n' | sort -u; }
all_well() {
  status=$(${status} 2> /dev/null) &&
  [ "$(one_by_one disk_nodes ram_nodes)" = "$(one_by_one running_nodes)" ] &&
  ${diagnostics("check_if_node_is_quorum_critical")} &&
  { [ -z "$mirrors" ] || ${diagnostics(mirrorCheck)}; }
}
${waitUntil("all_well", patienceSeconds, `the cluster cannot spare ${place.name} now: another member is down, or a queue would lose its majority or its last synchronised mirror. Nothing was changed`, 2)}
${cli(place, "rabbitmq-upgrade", "drain")} > /dev/null`;
}
