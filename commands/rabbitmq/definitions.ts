import { createHash } from "node:crypto";

/** A user as the broker knows it. */
export interface UserDefinition {
  name: string;
  password_hash: string;
  hashing_algorithm: string;
  /** With commas between them: all versions take them so. */
  tags: string;
}

/** A user in definitions as the management plugin exports them. */
export function userDefinition(name: string, password: string, tags: readonly string[]): UserDefinition {
  return {
    name,
    password_hash: passwordHash(name, password),
    hashing_algorithm: "rabbit_password_hashing_sha256",
    tags: tags.join(","),
  };
}

/** A password's hash, in base64. Its salt is the user's own, so that data and state stay the same. */
export function passwordHash(name: string, password: string): string {
  const salt = createHash("sha256").update(name).digest().subarray(0, 4);
  const hash = createHash("sha256").update(salt).update(password).digest();
  return Buffer.concat([salt, hash]).toString("base64");
}
