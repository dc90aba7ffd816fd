import { looks, step } from "../step";
import { erlangName, type ExpectedMember, type NodePlace } from "./place";

/** Data of `host/rabbitmq/formed.sh`. */
export interface FormedData extends NodePlace {
  /** Names of the disc nodes. */
  disc: readonly string[];
  /** Names of the RAM nodes. */
  ram: readonly string[];
  /** Names of nodes whose machines are gone for good. */
  lost: readonly string[];
  /** Ids of all members' containers. */
  containers: readonly string[];
  /** All brokers are to be stopped. */
  stopped: boolean;
}

/** All members run as configured. It prints the cluster's status as JSON. */
export const formed = step<FormedData>("rabbitmq/formed", looks("waits until all members run as configured"));

/** Data of `host/rabbitmq/name.sh`. */
export interface NameData extends NodePlace {
  clusterName: string;
  /** JSON: the Erlang names of those that are to be members. */
  members: string;
}

/** The cluster has its name, and keeps who its members are to be. */
export const name = step<NameData>("rabbitmq/name", looks("cluster is named"));

/** The names of the members of a type. */
export function membersOf(type: "disc" | "ram", members: readonly ExpectedMember[]): string[] {
  return members.filter((member) => member.type === type).map((member) => member.name);
}

/** Who is to be a member, as the cluster keeps it. */
export function memberList(members: readonly { name: string }[]): string {
  return JSON.stringify(members.map((member) => erlangName(member.name)));
}
