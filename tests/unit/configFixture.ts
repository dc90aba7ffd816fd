import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, parseConfig, type StackConfig } from "../../config";

/** A self-signed certificate and its key, made for these tests (CN=warren.test). */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBgzCCASmgAwIBAgIUFmbQSRhpIzftvxC6r1bJVkvA/+8wCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLd2FycmVuLnRlc3QwIBcNMjYxMTIzMTEwODQ1WhgPMjEyNjEw
MzAxMTA4NDVaMBYxFDASBgNVBAMMC3dhcnJlbi50ZXN0MFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEH9TQcp8DNzvD3sHQBxv7duTeOp6e6qw/yVN8RYSAvdSg3qD5
Nw/V+CXbjsItKVa3KBFYTjpPC7mSyLpZtuiwNKNTMFEwHQYDVR0OBBYEFOwp2EzH
uvOmoTCqJfsOiouSbKhuMB8GA1UdIwQYMBaAFOwp2EzHuvOmoTCqJfsOiouSbKhu
MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAKScmLoaKzcJ++2E
ECWWeyytmdGq7ZhqRN53TN+6PWCrAiBHIGh0PUo1hHpMsWEYzvKW+OLrV7ibgg2G
nH8fWqPpZA==
-----END CERTIFICATE-----
`;
export const certificateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgfPaquyay/rYvHE6+
GPAqQeboaZaP0pIKpDK2mcbxSuOhRANCAAQf1NBynwM3O8PewdAHG/t25N46np7q
rD/JU3xFhIC91KDeoPk3D9X4JduOwi0pVrcoEVhOOk8LuZLIulm26LA0
-----END PRIVATE KEY-----
`;

export function privateKey(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** A public host key in SSH's form: the type and the key, each with its length before it. */
export function hostKey(type: "ssh-ed25519" | "ssh-rsa" = "ssh-ed25519", fill = 7): string {
  const parts = [Buffer.from(type), Buffer.alloc(32, fill)].map((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return Buffer.concat([length, part]);
  });
  return `${type} ${Buffer.concat(parts).toString("base64")}`;
}

/** A home and a project of the test's own, with what a config may name in them. */
export function makePlaces() {
  const root = mkdtempSync(join(tmpdir(), "warren-config-"));
  const places = { homeDirectory: join(root, "home"), projectDirectory: join(root, "project") };
  const write = (path: string, text: string) => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write("home/.ssh/id_ed25519", privateKey());
  write("project/tls.pem", certificate + certificateKey);
  return { ...places, root, write };
}

export type Raw = Record<string, unknown>;

/** A small whole config: three brokers, two of whose hosts are balancers with a VIP as well. */
export function wholeConfig(): Raw {
  return {
    hosts: {
      host1: { address: "192.0.2.11", hostKey: hostKey() },
      host2: { address: "192.0.2.12", hostKey: hostKey() },
      host3: { address: "192.0.2.13", hostKey: hostKey() },
    },
    rabbitmq: {
      image: "rabbitmq:3.8.9-management",
      nodes: [
        { name: "rabbit1", host: "host1" },
        { name: "rabbit2", host: "host2" },
        { name: "rabbit3", host: "host3", type: "ram" },
      ],
    },
    haproxy: { image: "haproxy:2.6", hosts: ["host1", "host2"] },
    vip: { address: "192.0.2.100/24", interface: "eth0", virtualRouterId: 51 },
  };
}

/** The whole config with some values set, by their paths ("rabbitmq.nodes.2.host"); `undefined` takes one away. */
export function changed(changes: Record<string, unknown>): Raw {
  const raw = wholeConfig();
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split(".");
    const last = keys.pop() ?? "";
    const parent = keys.reduce<Raw>((inner, key) => (inner[key] ??= {}) as Raw, raw);
    if (value === undefined) Reflect.deleteProperty(parent, last);
    else parent[last] = value;
  }
  return raw;
}

const places = makePlaces();

export function parsed(changes: Record<string, unknown> = {}): StackConfig {
  return parseConfig(changed(changes), { stack: "dev", ...places });
}

/** The whole message that a config with these changes gets. */
export function refusal(changes: Record<string, unknown>): string {
  try {
    parsed(changes);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "accepted";
}

/** The faults only, one for each line. */
export function faults(changes: Record<string, unknown>): string[] {
  return refusal(changes)
    .split("\n")
    .slice(1)
    .map((line) => line.trim());
}

type Row = [title: string, changes: Record<string, unknown>, fault: string];

/** One test for each row: the whole config with these changes has this fault, and no other. */
export function refuses(rows: Row[]): void {
  test.each(rows)("%s", (_title, changes, fault) => {
    expect(faults(changes)).toEqual([fault]);
  });
}
