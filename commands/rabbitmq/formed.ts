import { waitUntil } from "../shell";
import { cli, erlangName, names, type ExpectedMember, type NodePlace } from "./place";

/**
 * Script: waits until the cluster is as configured (members, types, all running, one broker version, no partition), and
 * prints the cluster status as JSON.
 */
export function formed(place: NodePlace, expected: ExpectedMember[], seconds = 120): string {
  const list = (type: "disc" | "ram"): string =>
    expected
      .filter((member) => member.type === type)
      .map((member) => `${erlangName(member.name)} `)
      .sort()
      .join("");
  const running = expected.map((member) => `${erlangName(member.name)} `).sort();
  return `${names}
as_configured() {
  status=$(${cli(place, "rabbitmqctl", "cluster_status --formatter json")} 2> /dev/null) &&
  [ "$(names disk_nodes)" = "${list("disc")}" ] && [ "$(names ram_nodes)" = "${list("ram")}" ] && [ "$(names running_nodes)" = "${running.join("")}" ]
}
trap '[ $? = 0 ] || echo "disc: $(names disk_nodes); ram: $(names ram_nodes); running: $(names running_nodes)" >&2' EXIT
${waitUntil("as_configured", seconds, `the cluster is not as configured (disc: ${list("disc").trimEnd()}; ram: ${list("ram").trimEnd()}). It shows`, 1)}
if [ "$(printf %s "$status" | grep -o '"rabbitmq_version":"[^"]*"' | sort -u | wc -l)" -gt 1 ]; then
  echo "the members run different broker versions" >&2
  exit 1
fi
case $status in *'"partitions":{}'* | *'"partitions":[]'*) ;; *) echo "the cluster is partitioned" >&2; exit 1 ;; esac
printf '%s\\n' "$status"`;
}

/** Script: names the cluster. */
export function nameCluster(place: NodePlace, clusterName: string): string {
  return cli(place, "rabbitmqctl", `set_cluster_name ${clusterName}`);
}
