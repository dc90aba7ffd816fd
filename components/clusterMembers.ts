/** What `rabbitmqctl cluster_status` says of a formed cluster. */
export interface ClusterMembers {
  disc: string[];
  ram: string[];
  running: string[];
  /** Version by node, such as `3.8.9 on Erlang 23.2.6`. */
  versions: Record<string, string>;
}

/** As far as it is read, what it prints as JSON. */
interface ClusterStatus {
  disk_nodes: string[];
  /** Absent from 4.3 on. */
  ram_nodes?: string[];
  running_nodes: string[];
  versions: Record<string, { rabbitmq_version: string; erlang_version: string }>;
}

/** The members as configured; one that is about to leave is not counted any more. `names` are Erlang's, such as `rabbit@rabbit1`. */
export function readMembers(json: string, names: string[]): ClusterMembers {
  const status = JSON.parse(json) as ClusterStatus;
  const among = (nodes: string[] = []): string[] => nodes.filter((node) => names.includes(node)).sort();
  return {
    disc: among(status.disk_nodes),
    ram: among(status.ram_nodes),
    running: among(status.running_nodes),
    versions: Object.fromEntries(
      Object.entries(status.versions)
        .filter(([node]) => names.includes(node))
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([node, v]) => [node, `${v.rabbitmq_version} on Erlang ${v.erlang_version}`]),
    ),
  };
}
