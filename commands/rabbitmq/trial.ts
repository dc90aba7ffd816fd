import { step, type HostFile } from "../step";
import type { NodePlace } from "./place";

/** Data of `host/rabbitmq/trial.sh`. */
export interface TrialData extends NodePlace {
  /** Id of the wanted container's image. */
  image: string;
  /** Its name, for messages. */
  imageName: string;
  /** Digest of the wanted container's settings, as its label has it. */
  settings: string;
  /** Name of the container made by hand whose place the node takes. */
  byHand?: string | undefined;
  /** What the broker reads when it starts, with the paths that it will have. */
  files: readonly HostFile[];
  plugins: readonly string[];
  /** Variables of the container, `NAME=VALUE`. */
  environment: readonly string[];
  /** Of the container, in Docker's megabytes. Absent: the host's. */
  memory?: number | undefined;
  /** Of the container. Absent: the Docker daemon's own. */
  openFiles?: number | undefined;
  /** Port of AMQP inside the container. */
  amqpPort: number;
}

/**
 * Before any node is touched: the image has the plugins, and where a broker serves, the image starts with what the broker is
 * to get.
 */
export const trial = step<TrialData>("rabbitmq/trial", {
  create: "",
  update: "new configuration is tried in a throw-away container, before any broker is touched",
  delete: "",
});
