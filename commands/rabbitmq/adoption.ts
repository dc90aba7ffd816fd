import { looks, step } from "../step";
import type { GateData } from "./gate";
import type { NodePlace } from "./place";

/** A container made by hand that a node takes the place of. */
export interface Adoption {
  /** Its name. */
  container: string;
  /** The node's place in the config, for what is refused: `warren:rabbitmq.nodes[0]`. */
  path: string;
}

/** Data of `host/rabbitmq/adoptable.sh`. */
export interface AdoptableData extends NodePlace {
  /** Name of the container made by hand. */
  byHand: string;
  path: string;
  version: string;
  cookie: string;
  /** Names of the disc nodes. */
  disc: readonly string[];
  /** Names of the RAM nodes. */
  ram: readonly string[];
  plugins: readonly string[];
  epmdPort: number;
  distributionPort: number;
}

/** Before anything is done to any node: the containers made by hand are as the config has them. */
export const adoptable = step<AdoptableData>(
  "rabbitmq/adoptable",
  looks("container made by hand is looked at, before anything is done to any"),
);

/** Data of `host/rabbitmq/adopt.sh`. */
export interface AdoptData extends GateData {
  /** Name of the container made by hand. */
  byHand: string;
  /** How long it may take to stop. */
  graceSeconds: number;
}

/** The container made by hand gives way, right before the node's own is made. */
export const adopt = step<AdoptData>("rabbitmq/adopt", {
  create: "**takes the place of a container made by hand**: drained, stopped and kept, its data taken over",
  update: "looks whether it has taken its container's place",
});
