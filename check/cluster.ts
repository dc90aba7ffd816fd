import type { ClusterStatus } from "./observe";

/**
 * What is wrong with the cluster as one of its nodes sees it: sentences.
 *
 * @param expected Erlang names of all members as configured, sorted
 * @param named those whose trouble is named by itself
 */
export function clusterFaults(
  { name, type }: { name: string; type: string },
  cluster: ClusterStatus,
  expected: readonly string[],
  named: readonly string[],
): string[] {
  const own = `rabbit@${name}`;
  const faults: string[] = [];
  const is = cluster.disk_nodes.includes(own) ? "disc" : "ram";
  if (is !== type) faults.push(`${name} is a ${is} node, and should be ${type}`);
  const members = [...cluster.disk_nodes, ...(cluster.ram_nodes ?? [])].sort();
  const unlike = [
    ...members.filter((node) => !expected.includes(node)),
    ...expected.filter((node) => !members.includes(node) && !named.includes(node)),
  ];
  if (unlike.length > 0) {
    faults.push(`${name} counts ${members.join(", ")} as members, and should count ${expected.join(", ")}`);
  }
  const missing = expected.filter((node) => !cluster.running_nodes.includes(node) && !named.includes(node));
  if (missing.length > 0) faults.push(`${name} does not see ${missing.join(", ")} running`);
  const alarms = alarmsOf(cluster, own);
  if (alarms.length > 0) faults.push(`${name} has an alarm: ${alarms.join(", ")}; publishers are held back`);
  if (Object.keys(cluster.partitions).length > 0) faults.push(`${name} sees a partition`);
  return faults;
}

/** Whether an alarm is a node's: it names its node where it is one node's. */
export function isOf(alarm: unknown, node: string): boolean {
  return JSON.stringify(alarm).includes(`"${node}"`) || !JSON.stringify(alarm).includes("rabbit@");
}

function alarmsOf({ alarms }: ClusterStatus, node: string): string[] {
  const names = alarms
    .filter((alarm) => isOf(alarm, node))
    .map((alarm) => /memory|disk|file_descriptor/.exec(JSON.stringify(alarm))?.[0] ?? "unknown");
  return [...new Set(names)];
}
