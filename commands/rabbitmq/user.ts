import { step } from "../step";
import { passwordHash, userDefinition } from "./definitions";
import type { NodePlace } from "./place";

/** An application's login. */
export interface User {
  username: string;
  password: string;
  vhosts: readonly string[];
  /** Regular expressions of names. */
  configure: string;
  write: string;
  read: string;
  tags: readonly string[];
}

/** Data of `host/rabbitmq/user.sh`. */
export interface UserData extends NodePlace {
  username: string;
  vhosts: readonly string[];
  /** JSON, with the password's hash: a secret. */
  definitions: string;
  /** What the broker is to know of the user, as `host/rabbitmq/user.erl` prints it: a secret, for the hash. */
  wanted: readonly string[];
}

/** An application's user. */
export const user = step<UserData>("rabbitmq/user", {
  create: "user's login is made",
  update: "**user's login is set**",
  replace: "**user's login is set**",
  delete: "**user's former login is deleted**",
});

/** The tag of a user that Warren made. Nothing is done to a user without it. */
export const userMark = "warren";

const tagsOf = ({ tags }: User): string[] => [userMark, ...tags];

/** Definitions of a user, as JSON. */
export function userDefinitions(wanted: User): string {
  const { username, password, vhosts, configure, write, read } = wanted;
  return JSON.stringify({
    users: [userDefinition(username, password, tagsOf(wanted))],
    permissions: vhosts.map((vhost) => ({ user: username, vhost, configure, write, read })),
  });
}

/** What the broker is to know of a user, as `host/rabbitmq/user.erl` prints it. */
export function userLines(wanted: User): string[] {
  const { username, password, vhosts, configure, write, read } = wanted;
  const encoded = (text: string): string => Buffer.from(text).toString("base64");
  return [
    ["user", passwordHash(username, password), ...tagsOf(wanted).sort()].join(" "),
    ...vhosts.map((vhost) => ["permission", ...[vhost, configure, write, read].map(encoded)].join(" ")),
  ];
}
