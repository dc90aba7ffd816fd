import { quote, waitUntil } from "../shell";
import { listens, patienceSeconds, cli, erlangName, type NodePlace } from "./place";
import { awaitBoot } from "./joining";
import { vacate } from "./vacate";

/** What a member takes up while it runs. */
export interface RunningSettings {
  /** A fraction of the memory that the broker sees, or an amount such as `2GB`. */
  memoryHighWatermark: number | string;
  diskFreeLimit: string;
  plugins: readonly string[];
  partitionHandling: "pause_minority" | "autoheal" | "ignore";
}

/** What a member of the cluster is to be. */
export interface WantedMember {
  type: "disc" | "ram";
  /** Names of the other nodes. */
  peers: readonly string[];
  settings: RunningSettings;
}

/** The settings that a node was last given, on its host: the CLI need not be asked when they are the same. */
function givenSettings(place: NodePlace): string {
  return `${place.directory}/settings`;
}

/**
 * Mark that a node is changing its type, which begins with a reset. It counts only while the broker's application stands
 * still: one that has served again since may have queues again.
 */
function retyping(place: NodePlace): string {
  return `${place.directory}/retyping`;
}

/**
 * Script: changes a member's type where it has another one. The broker resets the node for that and has it join anew, so
 * that everything is moved off it first. What type it has, Mnesia's own file says; a broker without it knows no types.
 * Source: rabbit_mnesia:change_cluster_node_type/1.
 */
function changeType(place: NodePlace, { type, peers }: WantedMember): string {
  const self = erlangName(place.name);
  const file = `${place.directory}/data/mnesia/${self}/cluster_nodes.config`;
  const ram = type === "ram" ? "--ram " : "";
  return `type_of() { if tr -d ' \\n' < ${file} | sed 's/.*],\\[//' | grep -o 'rabbit@[A-Za-z0-9_-]*' | grep -qx ${self}; then echo disc; else echo ram; fi; }
if [ -e ${retyping(place)} ] || { [ -e ${file} ] && [ "$(type_of)" != ${type} ]; }; then
clustered() { [ -e ${file} ] && grep -o 'rabbit@[A-Za-z0-9_-]*' ${file} | grep -vx ${self} > /dev/null; }
serves_again() { clustered && [ "$(type_of)" != ${type} ] && ${cli(place, "rabbitmqctl", "list_global_parameters")} > /dev/null 2>&1; }
if [ ! -e ${retyping(place)} ] || serves_again; then
${vacate(place)}
touch ${retyping(place)}
fi
${cli(place, "rabbitmqctl", "stop_app")}
retyped() {
  ${cli(place, "rabbitmqctl", `change_cluster_node_type ${type}`)} && return
  local peer
  for peer in ${peers.map(erlangName).join(" ")}; do
    ${cli(place, "rabbitmqctl", `join_cluster ${ram}$peer`)} && return
  done
  return 1
}
clustered && [ "$(type_of)" = ${type} ] || retyped
${cli(place, "rabbitmqctl", "start_app")}
rm -f ${retyping(place)}
fi`;
}

/**
 * Script: gives a running member what it can take up without a restart, if that has changed. The broker reads how it is to
 * handle partitions whenever there is one (rabbit_node_monitor, rabbit_autoheal), but has no command for it.
 */
function giveSettings(place: NodePlace, settings: RunningSettings): string {
  const { memoryHighWatermark, diskFreeLimit, plugins, partitionHandling } = settings;
  const memory = typeof memoryHighWatermark === "number" ? memoryHighWatermark : `absolute ${memoryHighWatermark}`;
  const environment = `application:set_env(rabbit, cluster_partition_handling, ${partitionHandling}).`;
  const given: [string, string][] = [
    [`memory ${memory}`, cli(place, "rabbitmqctl", `set_vm_memory_high_watermark ${memory}`)],
    [`disk ${diskFreeLimit}`, cli(place, "rabbitmqctl", `set_disk_free_limit ${diskFreeLimit}`)],
    [`partitions ${partitionHandling}`, cli(place, "rabbitmqctl", `eval '${environment}'`)],
    [`plugins ${plugins.join(" ")}`, cli(place, "rabbitmq-plugins", `set ${plugins.join(" ")}`)],
  ];
  const file = givenSettings(place);
  return `if [ -e ${file} ]; then
${given.map(([line, command]) => `grep -qxF ${quote(line)} ${file} || ${command} > /dev/null`).join("\n")}
fi
cat > ${file} <<'END'
${given.map(([line]) => line).join("\n")}
END`;
}

/** Script: a member as it should be: of the right type, with the settings that need no restart. */
export function settle(place: NodePlace, wanted: WantedMember): string {
  return `${changeType(place, wanted)}
${giveSettings(place, wanted.settings)}`;
}

/** Script: waits until a member whose container was replaced serves again and no alarm of its own holds publishers back. */
export function awaitWell(place: NodePlace, amqpPort: number): string {
  const calm = cli(place, "rabbitmq-diagnostics", "check_local_alarms");
  return waitUntil(
    `{ ${listens(place, amqpPort)} && ${calm}; } > /dev/null 2>&1`,
    patienceSeconds,
    `${place.name} is not well: it does not serve, or an alarm (memory, disk space) holds publishers back`,
    1,
  );
}

/** Script: stops a broker, with its grace. */
export function stop(place: NodePlace, graceSeconds: number): string {
  return `docker stop -t ${graceSeconds} ${place.container} > /dev/null`;
}

/** Script: starts a broker that was stopped, and waits for it; one that runs is left alone. */
export function start(place: NodePlace, amqpPort: number): string {
  return `docker start ${place.container} > /dev/null
${awaitBoot(place, amqpPort)}`;
}
