import { step } from "../step";
import type { NodePlace } from "./place";

/** Data of `host/rabbitmq/files.sh`. */
export interface FilesData extends NodePlace {
  /** The stack's name, as its containers' labels have it. */
  stack: string;
  image: string;
  /** Variables in the container's environment, `NAME=VALUE`, that a node keeps for life. */
  fixed: readonly string[];
  /** Text of the hosts file. */
  hosts: string;
  /** The Erlang cookie. */
  cookie: string;
  /** The node takes the place of a container made by hand. */
  adopts: boolean;
  /** The node joins others; the seed node does not. */
  joins: boolean;
}

/** What a node's container has mounted and a running broker takes up: directories, hosts file and cookie. */
export const files = step<FilesData>("rabbitmq/files", {
  create: "configuration and cookie are written",
  update: "hosts file and cookie are written anew",
  delete: "data directory is moved aside",
});
