import { createHmac } from "node:crypto";

/*
 * SSH's own text formats, as far as a config needs them: public host keys, known_hosts files, private key files.
 * Sources: RFC 4253 section 6.6 (public keys), sshd(8) "SSH_KNOWN_HOSTS FILE FORMAT", OpenSSH's PROTOCOL.key.
 */

/** The types that are asked for, the most wanted first. */
const keyTypes = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
] as const;

/** "TYPE BASE64", without a comment; nothing where the text is no public key of a type that SSH servers still use. */
export function parseHostKey(text: string): string | undefined {
  const [type = "", key = ""] = text.trim().split(/\s+/);
  if (!keyTypes.some((known) => known === type)) return undefined;
  const blob = Buffer.from(key, "base64");
  const fields = lengthPrefixed(blob);
  // The key itself begins with its type once more. The comparison finds what a lenient decoder passed over.
  const complete = fields.length > 1 && fields[0]?.toString("latin1") === type && blob.toString("base64") === key;
  return complete ? `${type} ${key}` : undefined;
}

/** SSH's way to put fields in a row, each with its length in four bytes before it; nothing where they do not add up. */
function lengthPrefixed(blob: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  let at = 0;
  while (at + 4 <= blob.length) {
    const end = at + 4 + blob.readUInt32BE(at);
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }
  return at === blob.length ? fields : [];
}

/**
 * The key that a known_hosts file has for an address, by its most wanted type. Plain, `[address]:port` and hashed entries
 * are understood; lines with a marker (@revoked, @cert-authority) and wildcards are not.
 */
export function knownHostKey(knownHosts: string, address: string, port: number): string | undefined {
  const host = port === 22 ? address : `[${address}]:${port}`;
  const keys = knownHosts.split("\n").flatMap((line) => {
    const [names = "", ...key] = line.trim().split(/\s+/);
    return names.split(",").some((name) => names !== "" && isNameOf(name, host))
      ? (parseHostKey(key.join(" ")) ?? [])
      : [];
  });
  return keyTypes.flatMap((type) => keys.find((key) => key.startsWith(`${type} `)) ?? [])[0];
}

function isNameOf(name: string, host: string): boolean {
  const [, version, salt, hash] = name.split("|");
  if (version !== "1" || !salt || !hash) return name === host;
  return createHmac("sha1", Buffer.from(salt, "base64")).update(host).digest("base64") === hash;
}

/** Whether the text is a private key that needs no passphrase (nobody is there to type one). */
export function isOpenPrivateKey(text: string): boolean {
  const block = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----([^-]*)-----END/.exec(text);
  if (!block) return false;
  const [, type = "", body = ""] = block;
  if (type !== "OPENSSH ") return !/ENCRYPTED/.test(type + body);
  // "openssh-key-v1", a zero byte, then the cipher's name with its length before it.
  const blob = Buffer.from(body, "base64");
  const cipher = "openssh-key-v1\0".length + 4;
  return blob.toString("latin1", cipher, cipher + 4) === "none";
}
