/** A member, and what it runs. */
export interface Member {
  type: "disc" | "ram";
  running?: boolean;
  version?: string;
}

/** Two disc nodes and one in memory, as the first article has them. */
export const threeMembers: Record<string, Member> = {
  rabbitmq1: { type: "disc" },
  rabbitmq2: { type: "disc" },
  rabbitmq3: { type: "ram" },
};

interface Variation {
  members?: Record<string, Member>;
  /** By node: those that it does not see. */
  partitions?: Record<string, string[]> | [];
  clusterName?: string;
}

/**
 * What `rabbitmqctl cluster_status --formatter json` prints: recorded from a cluster of 3.8.9 in the lab, less the feature
 * flags and all listeners but AMQP's. One of 4.3.6 said nothing of RAM nodes.
 */
export function clusterStatus(variation: Variation = {}): string {
  const { members = threeMembers, partitions = {}, clusterName = "rabbitmq" } = variation;
  const all = Object.entries(members).map(([name, member]) => ({ node: `rabbit@${name}`, ...member }));
  const nodes = (which: (member: Member) => boolean): string[] => all.filter(which).map(({ node }) => node);
  const running = nodes((member) => member.running !== false);
  const each = <T>(value: (node: string) => T): Record<string, T> =>
    Object.fromEntries(running.map((node) => [node, value(node)]));
  const amqp = { interface: "[::]", port: 5672, protocol: "amqp", purpose: "AMQP 0-9-1 and AMQP 1.0" };
  return JSON.stringify({
    alarms: [],
    cluster_name: clusterName,
    disk_nodes: nodes(({ type }) => type === "disc"),
    feature_flags: [],
    listeners: each((node) => [{ ...amqp, node }]),
    maintenance_status: each(() => "not under maintenance"),
    partitions,
    ...(all.some(({ version }) => version === "4.3.6") ? {} : { ram_nodes: nodes(({ type }) => type === "ram") }),
    // As recorded: in no order.
    running_nodes: running.reverse(),
    versions: each((node) => ({
      erlang_version: "23.2.6",
      rabbitmq_name: "RabbitMQ",
      rabbitmq_version: all.find((member) => member.node === node)?.version ?? "3.8.9",
    })),
  });
}
