import { createHash } from "node:crypto";

import { answers200 } from "../http";
import type { NodePlace } from "./place";

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
  const file = "/tmp/warren-administrator.json";
  const load = `umask 077; cat > ${file}; rabbitmqctl -q import_definitions ${file}; status=$?; rm -f ${file}; exit $status`;
  return `if ! ${answers200(managementPort, path, `${username}:${password}`)}; then
  docker exec -i -u rabbitmq ${place.container} sh -c '${load}' > /dev/null <<'END'
${definitions(admin)}
END
fi`;
}

/** Definitions of one user, as the management plugin exports them. The salt is the user's own: text and state stay stable. */
function definitions({ username, password, vhost }: Administrator): string {
  const salt = createHash("sha256").update(username).digest().subarray(0, 4);
  const hash = createHash("sha256").update(salt).update(password).digest();
  return JSON.stringify({
    users: [
      {
        name: username,
        password_hash: Buffer.concat([salt, hash]).toString("base64"),
        hashing_algorithm: "rabbit_password_hashing_sha256",
        tags: "administrator",
      },
    ],
    vhosts: [{ name: vhost }],
    permissions: [{ user: username, vhost, configure: ".*", write: ".*", read: ".*" }],
  });
}
