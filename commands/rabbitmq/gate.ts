import { looks, step } from "../step";
import type { NodePlace } from "./place";

/** Data of `host/rabbitmq/gate.sh`. */
export interface GateData extends NodePlace {
  /** Id of the wanted container's image. */
  image: string;
  /** The wanted container's settings label. */
  settings: string;
  /** Names of nodes whose machines are gone for good: nobody waits for them. */
  lost: readonly string[];
  /** Port of AMQP inside the container. */
  amqpPort: number;
  /** The node joins others; the seed node does not. Default: it does. */
  joins?: boolean | undefined;
  /** Queues may be without a majority while the node restarts. Default: they may not. */
  mayInterrupt?: boolean | undefined;
}

/** Before a serving node's container is replaced: the cluster can spare it, and it is drained. */
export const gate = step<GateData>("rabbitmq/gate", looks("looks whether a restart is due"), ["RabbitNode/container"]);
