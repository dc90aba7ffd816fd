import type { StackConfig } from "../config";
import type { Facts } from "./ask";
import type { NodeFacts } from "./read";

/** A node that has served, on a host that answers. */
export interface KnownNode {
  name: string;
  host: string;
  directory: string;
  facts: NodeFacts;
  /** The cluster that its broker is in; absent where it does not answer. */
  cluster?: ClusterView;
}

/** A cluster as one of its brokers shows it. Members are Erlang names. */
interface ClusterView {
  members: readonly string[];
  /** Those that it is to have, as the last update told it; none where it was not told, such as on a node that was reset. */
  intended: readonly string[];
}

const erlangName = (name: string): string => `rabbit@${name}`;
const nothing: NodeFacts = { data: false, members: null, queues: false, underway: false };

/** The nodes that have served and whose hosts answer. One that takes over a cluster made by hand is not looked at. */
export function knownNodes(
  { rabbitmq }: StackConfig,
  serving: readonly { name: string; host: string }[],
  facts: Facts,
): KnownNode[] {
  return serving.flatMap(({ name, host }) => {
    const found = facts[host];
    const there = rabbitmq.nodes.some((node) => node.name === name && node.host === host && node.adopt === undefined);
    if (found === undefined || found instanceof Error || !there) return [];
    const directory = `${rabbitmq.dataDirectory}/${name}`;
    const members = found.members?.map((member) => member.name) ?? [];
    // A broker that does not count itself is another one under this one's port.
    const told = found.intended?.value;
    // Somebody may have given the parameter another form.
    const intended = Array.isArray(told) ? told : [];
    const cluster = members.includes(erlangName(name)) ? { members, intended } : undefined;
    return [{ name, host, directory, facts: found.nodes[directory] ?? nothing, ...(cluster && { cluster }) }];
  });
}

/**
 * The nodes with data that the cluster is to have as members and does not know any more: they were forgotten or reset by hand.
 * A node that is itself in a cluster that was told its members is none of them: of two such clusters it cannot be told which
 * is the right one.
 */
export function forgottenNodes(known: readonly KnownNode[]): KnownNode[] {
  return known.filter((node) => {
    const own = erlangName(node.name);
    const others = known.flatMap(({ name, cluster }) => (cluster === undefined || name === node.name ? [] : [cluster]));
    return (
      node.facts.data &&
      !node.facts.underway &&
      (node.cluster?.intended ?? []).length === 0 &&
      others.some(({ intended }) => intended.includes(own)) &&
      !others.some(({ members }) => members.includes(own))
    );
  });
}
