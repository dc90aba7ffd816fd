import { cli, erlangName, membersParameter, type NodePlace } from "./place";
import { vacate } from "./vacate";

/** Mark that a node is on its way out, for a run that was cut off between its parting and its reset. */
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
if [ ! -e ${leaving(place)} ]; then
members=$(${cli(place, "rabbitmqctl", "list_global_parameters --no-table-headers")} | grep '^${membersParameter}[[:space:]]') || exit 0
case $members in *'"${self}"'*) exit 0 ;; esac
${vacate(place)}
touch ${leaving(place)}
fi
${cli(place, "rabbitmqctl", "stop_app")}
${cli(place, "rabbitmqctl", "reset")}
rm -f ${leaving(place)}`;
}
