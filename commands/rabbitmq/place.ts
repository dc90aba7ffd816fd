/** Where a node lives on its host. */
export interface NodePlace {
  /** Short host name of the broker's container; the Erlang node is `rabbit@NAME`. */
  name: string;
  /** Name of the container. */
  container: string;
  /** The host's directory for this node; `data` in it is the broker's own. */
  directory: string;
}

/** A member as a cluster should show it. */
export interface ExpectedMember {
  name: string;
  type: "disc" | "ram";
}

/** Longest wait for a node to boot, or for the others to be well: one that has to sync or replay much needs minutes. */
export const patienceSeconds = 600;

/** The Erlang name of a node. */
export function erlangName(name: string): string {
  return `rabbit@${name}`;
}

/** A broker CLI call in a node's container, as the user that owns the cookie. */
export function cli(place: NodePlace, tool: string, args: string): string {
  return `docker exec -u rabbitmq ${place.container} ${tool} -q ${args}`;
}

/** The container's own directory for the broker's data. */
export const dataMount = "/var/lib/rabbitmq";

/** Shell condition: the broker listens for AMQP inside its container. Read from /proc: no CLI call slows the boot. */
export function listens(place: NodePlace, port: number): string {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return `{ pid=$(docker inspect -f '{{.State.Pid}}' ${place.container}) && grep -qs ':${hex} [0-9A-F:]* 0A' /proc/$pid/net/tcp /proc/$pid/net/tcp6; } 2> /dev/null`;
}

/** Shell function `names LIST`: the nodes in one list of a cluster status in `$status`, sorted, on one line. */
export const names = `names() { printf %s "$status" | grep -o "\\"$1\\":\\[[^]]*\\]" | grep -o 'rabbit@[A-Za-z0-9_-]*' | sort | tr '\\n' ' '; }`;

/** The cluster-wide parameter in which the cluster keeps who its members are meant to be: a JSON list of Erlang names. */
export const membersParameter = "warren_members";

/** Script: enables the stable feature flags that are not. One by one: 3.8 has no `enable_feature_flag all`. */
export function enableFeatureFlags(place: NodePlace): string {
  const list = cli(place, "rabbitmqctl", "list_feature_flags --silent name state stability");
  return `flags=$(${list} | awk '$2 == "disabled" && $3 == "stable" { print $1 }')
for flag in $flags; do
  ${cli(place, "rabbitmqctl", "enable_feature_flag $flag")} > /dev/null
done`;
}
