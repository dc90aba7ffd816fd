import type { ContainerFacts, HostFacts, NodeFacts } from "../../../facts/read";

/** What a host says of itself on which nothing is. */
export function hostFacts(changes: Partial<HostFacts> = {}): HostFacts {
  return {
    machine: "1",
    owner: { id: "own-id", stack: "o/p/s" },
    library: "b",
    addresses: [],
    interfaces: ["lo", "eth0"],
    listening: [22],
    containers: {},
    images: {},
    nodes: {},
    members: null,
    intended: null,
    steps: {},
    ...changes,
  };
}

/** What is in the directory of a broker that has served. */
export function nodeFacts(changes: Partial<NodeFacts> = {}): NodeFacts {
  return { data: true, members: null, queues: false, underway: false, ...changes };
}

/** A container of this stack's. */
export function container(changes: Partial<ContainerFacts> = {}): ContainerFacts {
  return { id: "1", image: "2", state: "running", stack: "o/p/s", part: "", settings: "", ...changes };
}
