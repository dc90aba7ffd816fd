import { cli, erlangName, membersParameter, type NodePlace } from "./place";
import { vacate } from "./vacate";

/**
 * Mark that a node is on its way out, for a run that was cut off between its parting and its reset. It counts only while the
 * broker's application stands still: one that has served again since may have queues again.
 */
function leaving(place: NodePlace): string {
  return `${place.directory}/leaving`;
}

/**
 * Script: a member's end. Whether it leaves, the cluster itself says: the update that took the node out of the config has
 * told it. Where the whole stack is destroyed nobody has, and the node keeps what it has, so that nothing is wiped. On a
 * node that does not run there is nothing to take leave of.
 */
export function leave(place: NodePlace): string {
  const self = erlangName(place.name);
  return `[ "$(docker inspect -f '{{.State.Running}}' ${place.container} 2> /dev/null)" = true ] || exit 0
if parameters=$(${cli(place, "rabbitmqctl", "list_global_parameters --no-table-headers")}); then
case $(grep '^${membersParameter}[[:space:]]' <<< "$parameters" || true) in '' | *'"${self}"'*) exit 0 ;; esac
${vacate(place)}
touch ${leaving(place)}
elif [ ! -e ${leaving(place)} ]; then
exit 0
fi
${cli(place, "rabbitmqctl", "stop_app")}
${cli(place, "rabbitmqctl", "reset")}
rm -f ${leaving(place)}`;
}
