import { step } from "../step";
import type { NodePlace } from "./place";

/** Data of `host/rabbitmq/member.sh`. */
export interface MemberData extends NodePlace {
  type: "disc" | "ram";
  /** Names of the other nodes. */
  peers: readonly string[];
  /** A fraction of the memory that the broker sees, or `absolute` and an amount such as `2GB`. */
  memory: string;
  /** Free space below which publishers are held back, such as `1GB`. */
  disk: string;
  partitions: "pause_minority" | "autoheal" | "ignore";
  plugins: readonly string[];
  /** The broker is to be stopped. */
  stopped: boolean;
  /** How long a stop may take, in seconds. */
  grace: number;
  /** Port of AMQP inside the container. */
  amqpPort: number;
  /** Id of the node's container: another one is a change of the member, and no other member. */
  containerId: string;
}

/** A node as the member that it should be: of its type, with its settings, or stopped; and at its end, how it leaves. */
export const member = step<MemberData>(
  "rabbitmq/member",
  {
    create: "is the member that it should be",
    update: "takes up its type and settings while it runs",
    delete: "**leaves** the cluster: its clients and queues go to the others first",
  },
  ["RabbitNode/container"],
);

/** How the broker is told where it holds publishers back for want of memory. */
export function memoryLimit(watermark: number | string): string {
  return typeof watermark === "number" ? String(watermark) : `absolute ${watermark}`;
}
