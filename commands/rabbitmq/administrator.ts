import { answers200 } from "../http";
import { importDefinitions, userDefinition } from "./definitions";
import { cli, type NodePlace } from "./place";

/** Who administers the broker. */
export interface Administrator {
  username: string;
  password: string;
  /** The virtual host in which the user has every right. */
  vhost: string;
}

/**
 * Script: the administrator can log in with this password and has every right in the virtual host. The broker makes its
 * first user on a blank database only; from then on a changed name, password or virtual host comes about here. The HTTP API
 * says whether anything is to be done; if so, definitions with the password's hash are imported.
 */
export function administrator(place: NodePlace, admin: Administrator, managementPort: number): string {
  const { username, password, vhost } = admin;
  const path = `/api/permissions/${encodeURIComponent(vhost)}/${encodeURIComponent(username)}`;
  const definitions = {
    users: [userDefinition(username, password, ["administrator"])],
    vhosts: [{ name: vhost }],
    permissions: [{ user: username, vhost, configure: ".*", write: ".*", read: ".*" }],
  };
  return `if ! ${answers200(managementPort, path, `${username}:${password}`)}; then
  ${importDefinitions(place, username, definitions)}
fi`;
}

/** Script: the end of an administrator's login. Connections that it still has are closed by the broker. */
export function retireAdministrator(place: NodePlace, username: string): string {
  return `users=$(${cli(place, "rabbitmqctl", "list_users --formatter json")})
if grep -qF '"user":"${username}"' <<< "$users"; then ${cli(place, "rabbitmqctl", `delete_user ${username}`)}; fi`;
}
