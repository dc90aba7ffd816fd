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

/** The Erlang name of a node. */
export function erlangName(name: string): string {
  return `rabbit@${name}`;
}

/** The container's own directory for the broker's data. */
export const dataMount = "/var/lib/rabbitmq";
