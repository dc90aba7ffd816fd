import { createHash } from "node:crypto";

import type { NodePlace } from "./place";

/** A user as the broker knows it. */
export interface UserDefinition {
  name: string;
  password_hash: string;
  hashing_algorithm: string;
  /** With commas between them: all versions take them so. */
  tags: string;
}

/** A user in definitions as the management plugin exports them. The salt is the user's own: text and state stay stable. */
export function userDefinition(name: string, password: string, tags: readonly string[]): UserDefinition {
  const salt = createHash("sha256").update(name).digest().subarray(0, 4);
  const hash = createHash("sha256").update(salt).update(password).digest();
  return {
    name,
    password_hash: Buffer.concat([salt, hash]).toString("base64"),
    hashing_algorithm: "rabbit_password_hashing_sha256",
    tags: tags.join(","),
  };
}

/**
 * Script: imports definitions, which leave alone what they do not name. They reach the broker by standard input and a file
 * that only it may read; `subject` tells the file from those of scripts that run at the same time.
 */
export function importDefinitions({ container }: NodePlace, subject: string, definitions: object): string {
  const file = `/tmp/warren-${subject}.json`;
  const load = `umask 077; cat > ${file}; rabbitmqctl -q import_definitions ${file}; status=$?; rm -f ${file}; exit $status`;
  return `docker exec -i -u rabbitmq ${container} sh -c '${load}' > /dev/null <<'END'
${JSON.stringify(definitions)}
END`;
}
