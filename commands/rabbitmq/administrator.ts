import { step } from "../step";
import { userDefinition } from "./definitions";
import type { NodePlace } from "./place";

/** Who administers the broker. */
export interface Administrator {
  username: string;
  password: string;
  /** The virtual host in which the user has every right. */
  vhost: string;
}

/** Data of `host/rabbitmq/administrator.sh`. */
export interface AdministratorData extends NodePlace {
  username: string;
  /** A secret. */
  password: string;
  /** Path in the HTTP API of the user's permissions in the virtual host. */
  path: string;
  /** JSON, with the password's hash: a secret. */
  definitions: string;
  /** Port of the HTTP API on the host. */
  managementPort: number;
}

/** The administrator's login. */
export const administrator = step<AdministratorData>("rabbitmq/administrator", {
  create: "administrator's login is made",
  update: "**administrator's login is set**",
  replace: "**administrator's login is set**",
  delete: "**administrator's former login is deleted**",
});

/** Path in the HTTP API of a user's permissions in a virtual host. */
export function permissionsPath(vhost: string, username: string): string {
  return `/api/permissions/${encodeURIComponent(vhost)}/${encodeURIComponent(username)}`;
}

/** Definitions of an administrator, as JSON. */
export function administratorDefinitions({ username, password, vhost }: Administrator): string {
  return JSON.stringify({
    users: [userDefinition(username, password, ["administrator"])],
    vhosts: [{ name: vhost }],
    permissions: [{ user: username, vhost, configure: ".*", write: ".*", read: ".*" }],
  });
}
