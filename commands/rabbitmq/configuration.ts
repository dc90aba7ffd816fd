import { step, type HostFile } from "../step";
import type { NodePlace } from "./place";

/** Data of `host/rabbitmq/configuration.sh`. */
export interface ConfigurationData extends NodePlace {
  files: readonly HostFile[];
  /** The node takes the place of a container made by hand. */
  adopts: boolean;
  /** The node joins others; the seed node does not. */
  joins: boolean;
}

/** What a broker reads when it starts, written in the node's own turn. */
export const configuration = step<ConfigurationData>(
  "rabbitmq/configuration",
  { create: "", update: "configuration is written anew" },
  ["RabbitNode/container"],
);
