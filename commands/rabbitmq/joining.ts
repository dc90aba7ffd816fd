import { looks, step, type Words } from "../step";
import type { NodePlace } from "./place";

/** Data of `host/rabbitmq/boot.sh`. */
export interface BootData extends NodePlace {
  /** Port of AMQP inside the container. */
  amqpPort: number;
  /** Id of the container. */
  containerId: string;
}

/** The broker has booted; a node that is to join may still be alone. */
export const boot = step<BootData>("rabbitmq/boot", looks("waits until the broker has started"), [
  "RabbitNode/container",
]);

/** Data of a step that brings a node into the cluster. */
export interface JoiningData extends NodePlace {
  /** The node joins others; the seed node does not. */
  joins: boolean;
}

/** Data of `host/rabbitmq/join-cluster.sh`. */
export interface JoinData extends NodePlace {
  /** Name of the seed node; absent: this node is it, and the rest is not needed. */
  seed?: string | undefined;
  type?: "disc" | "ram" | undefined;
  /** Names of the nodes beside this one and the seed node. */
  others: readonly string[];
}

/** Data of `host/rabbitmq/start-app.sh`. */
export interface StartData extends JoiningData {
  /** Text of the `enabled_plugins` file; absent for the seed node. */
  plugins?: string | undefined;
}

const says: Words = looks("looks whether it is a member");
const within = ["RabbitNode/join-cluster"];

/** A blank node's application is stopped, so that it can join. */
export const stopApp = step<JoiningData>("rabbitmq/stop-app", says, within);

/** A blank node is reset. */
export const reset = step<JoiningData>("rabbitmq/reset", says, within);

/** A blank node joins the cluster. */
export const joinCluster = step<JoinData>("rabbitmq/join-cluster", {
  create: "**joins** the cluster",
  update: "looks whether it is a member",
});

/** The application of a node that has joined is started, with its plugins. */
export const startApp = step<StartData>("rabbitmq/start-app", says, within);

/** Right before the container of a node that its cluster has forgotten is made: its data are moved aside, so that it joins as a blank one. */
export const setAside = step<NodePlace>("rabbitmq/set-aside", looks("moves the data of a forgotten node aside"));
