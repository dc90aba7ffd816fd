import { quote, waitUntil } from "../shell";
import { pluginsFile } from "./files";
import { cli, erlangName, listens, membersParameter, patienceSeconds, type NodePlace } from "./place";

/**
 * Shell functions that read what the broker itself has on disk, which is right whether its application runs or not, and
 * costs nothing beside a CLI call (a whole Erlang VM).
 *
 * - `members`: every member of the cluster that this node knows, itself included. Mnesia keeps them in
 *   `cluster_nodes.config`; a broker without that file (Khepri) is asked.
 * - `holds_data`: durable queues of the node's own.
 */
function look(place: NodePlace): string {
  const self = erlangName(place.name);
  const database = `${place.directory}/data/mnesia/${self}`;
  return `members() {
  if [ -e ${database}/cluster_nodes.config ]; then cat ${database}/cluster_nodes.config; else ${cli(place, "rabbitmqctl", "cluster_status --formatter json")} | grep -o '"disk_nodes":[^]]*'; fi |
    grep -o 'rabbit@[A-Za-z0-9_-]*' | sort -u
}
holds_data() { [ -n "$(find ${database}/msg_stores/vhosts/*/queues ${database}/quorum/${self} -mindepth 1 -maxdepth 1 -type d 2> /dev/null | head -n 1)" ]; }`;
}

/**
 * Mark that a blank node is on its way into the cluster: it was looked at while its application ran. A broker on Khepri
 * cannot say who is a member while its application is stopped.
 */
function joining(place: NodePlace): string {
  return `${place.directory}/joining`;
}

/**
 * Script: before anything of a joining node is stopped or wiped. A member is left alone, whatever the state believes; a
 * node with queues of its own is refused.
 */
function guard(place: NodePlace): string {
  return `${look(place)}
known=$(members || true)
if [ -z "$known" ] && [ ! -e ${joining(place)} ]; then
  echo "it cannot be told whether ${place.name} is a member of a cluster: nothing was changed" >&2
  exit 1
fi
if [ -n "$known" ] && grep -vx ${erlangName(place.name)} <<< "$known" > /dev/null; then
  echo "${place.name} is a member already: left alone"
  exit 0
fi
if holds_data; then
  echo "${place.name} has queues of its own in ${place.directory}/data and is in no cluster: joining would wipe them. Move the directory away, or take the node out of the configuration" >&2
  exit 1
fi`;
}

/** Script: waits until a node has booted; on failure the broker's last log lines say why. */
export function awaitBoot(place: NodePlace, amqpPort: number): string {
  return `trap '[ $? = 0 ] || docker logs --tail 30 ${place.container} >&2' EXIT
${waitUntil(listens(place, amqpPort), patienceSeconds, `${place.name} did not boot within ${patienceSeconds} s`)}
${cli(place, "rabbitmqctl", "await_startup")}`;
}

/** Script: stops the application of a blank node, so that it can join. */
export function stopApp(place: NodePlace): string {
  return `${guard(place)}
touch ${joining(place)}
${cli(place, "rabbitmqctl", "stop_app")}`;
}

/** Script: resets a blank node. */
export function reset(place: NodePlace): string {
  return `${guard(place)}
${cli(place, "rabbitmqctl", "reset")}`;
}

/** Script: what the node that founds the cluster does where the others join it. */
export function found(place: NodePlace): string {
  return `echo "${place.name} founds the cluster: it joins nobody"`;
}

/**
 * Script: joins a blank node to the cluster, by its founder or else by the first other member that lets it in. Another node
 * counts as a member when its own cluster says so: it may be a blank one that is about to join. Where the cluster still knows
 * a member of this name, that one's data are gone with its machine, or were moved away, and it is forgotten first.
 */
export function joinCluster(
  place: NodePlace,
  founder: string,
  others: readonly string[],
  type: "disc" | "ram",
): string {
  const join = cli(place, "rabbitmqctl", `join_cluster ${type === "ram" ? "--ram " : ""}$peer`);
  const known = cli(place, "rabbitmqctl", "-n $peer list_global_parameters --no-table-headers");
  return `${guard(place)}
said=
for peer in ${[founder, ...others].map(erlangName).join(" ")}; do
  if [ $peer != ${erlangName(founder)} ]; then
    ${known} 2> /dev/null | grep '^${membersParameter}[[:space:]]' | grep -qF '"'$peer'"' || continue
  fi
  if said=$(${join} 2>&1); then exit 0; fi
  case $said in *inconsistent_cluster*) ;; *) continue ;; esac
  ${cli(place, "rabbitmqctl", `-n $peer forget_cluster_node ${erlangName(place.name)}`)}
  if said=$(${join} 2>&1); then exit 0; fi
done
printf '%s\n' "$said" >&2
exit 1`;
}

/**
 * Script: starts the application of a node that has joined, with its plugins; on one that runs it does nothing. `plugins` is
 * the text of the `enabled_plugins` file.
 */
export function startApp(place: NodePlace, plugins: string): string {
  return `if [ -e ${joining(place)} ]; then printf %s ${quote(plugins)} > ${pluginsFile(place)}; fi
${cli(place, "rabbitmqctl", "start_app")}
rm -f ${joining(place)}`;
}
