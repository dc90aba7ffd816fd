/** What is so on one host, as host/facts.sh says it. */
export interface HostFacts {
  /** The system's machine-id: another one after the host was installed again. */
  machine: string;
  /** The deployment that the host belongs to. */
  owner: { id: string; stack: string } | null;
  /** Digest of the library that is installed. */
  library: string | null;
  /** Its addresses, without prefix lengths. */
  addresses: string[];
  /** Names of its network interfaces. */
  interfaces: string[];
  /** The TCP ports that something listens on. */
  listening: number[];
  /** By name; only names that Warren uses. */
  containers: Record<string, ContainerFacts>;
  /** By name of an image that is to be on the host: whether it is there. */
  images: Record<string, boolean>;
  /** By directory of a broker that is to be on the host. */
  nodes: Record<string, NodeFacts>;
  /** What the broker on the host says of its cluster; null where there is none, or none answers. */
  members: { name: string; type: string; running: boolean }[] | null;
  /** The members that its cluster is to have, as the last update told it; null where it was not told, or does not answer. */
  intended: { value: string[] } | null;
  /** By resource: what the step that it ran last has recorded, and what of it no longer holds. */
  steps: Record<string, StepFacts>;
  /** What `npm run check` asks for besides. */
  seen?: SeenFacts;
}

/** What is in a broker's directory. */
export interface NodeFacts {
  /** The broker's data are there. */
  data: boolean;
  /** Members of the cluster that they know, as Erlang names; null where the broker keeps them in no file. */
  members: string[] | null;
  /** Queues are among them. */
  queues: boolean;
  /** A step is halfway through a change of its membership, which it ends itself when it runs again. */
  underway: boolean;
}

/** As host/seen.sh says it. */
export interface SeenFacts {
  /** What `rabbitmqctl cluster_status` prints as JSON; null where no broker answers. */
  cluster: string | null;
  /** The balancer's statistics as CSV; null where none answers. */
  statistics: string | null;
  /** State of keepalived, such as `active`; null where it is not asked for. */
  keepalived: string | null;
  /** By file: PEM of the certificates in it. */
  certificates: Record<string, string>;
}

export interface ContainerFacts {
  id: string;
  image: string;
  /** Docker's word, such as `running`. */
  state: string;
  /** Labels; empty where the container has none. */
  stack: string;
  part: string;
  settings: string;
}

export interface StepFacts {
  /** Digest of the data that it ran with. */
  input: string;
  /** The value by which it was told to run again; empty at first. */
  again: string;
  faults: Fault[];
}

/** Something that a step has brought about and that no longer holds. */
export interface Fault {
  /** Kind of the record's line, such as `file` or `container`. */
  kind: string;
  /** A sentence. */
  says: string;
}

/** Reads what host/facts.sh has printed; throws where it is not that. */
export function readFacts(output: string): HostFacts {
  return JSON.parse(output) as HostFacts;
}
