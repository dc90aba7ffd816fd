import { createHmac, generateKeyPairSync } from "node:crypto";
import { parseConfig } from "../../config";
import { isOpenPrivateKey, knownHostKey, parseHostKey } from "../../config/sshKeys";
import { certificate, certificateKey, changed, hostKey, makePlaces, parsed, privateKey } from "./configFixture";

describe("host keys", () => {
  test("are taken as ssh-keyscan and .pub files print them, less the comment", () => {
    expect(parseHostKey(`${hostKey()} root@host1`)).toBe(hostKey());
    expect(parsed({ "hosts.host1.hostKey": `${hostKey()} root@host1` }).hosts["host1"]?.hostKey).toBe(hostKey());
  });

  test.each([
    ["the type alone", "ssh-ed25519"],
    ["a type that servers no longer use", hostKey().replace("ssh-ed25519", "ssh-dss")],
    ["another type than the key's own", hostKey().replace("ssh-ed25519", "ssh-rsa")],
    ["a key cut short", hostKey().slice(0, -20)],
    ["a key cut down to its type", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"],
    ["no base64", "ssh-ed25519 AAAA*"],
    ["a known_hosts line", `192.0.2.11 ${hostKey()}`],
  ])("%s is refused", (_title, key) => {
    const fault = `warren:hosts.host1.hostKey: ${JSON.stringify(key)} - must be a public host key as ssh-keyscan prints it: its type and its base64, such as ssh-ed25519 AAAA…`;
    expect(() => parsed({ "hosts.host1.hostKey": key })).toThrow(fault);
  });
});

describe("a known_hosts file", () => {
  const hashed = (name: string) => {
    const salt = Buffer.from("twenty bytes of salt");
    return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
  };

  test.each([
    ["a plain entry", `192.0.2.11 ${hostKey()}`, 22],
    [
      "an entry among others, with a comment",
      `# hosts\n\n192.0.2.1 ${hostKey("ssh-ed25519", 1)}\n192.0.2.11 ${hostKey()} x\n`,
      22,
    ],
    ["a list of names", `host1,192.0.2.11 ${hostKey()}`, 22],
    ["a port of its own", `192.0.2.11 ${hostKey("ssh-ed25519", 1)}\n[192.0.2.11]:2222 ${hostKey()}`, 2222],
    ["a hashed entry", `${hashed("192.0.2.11")} ${hostKey()}`, 22],
    ["a hashed entry with a port", `${hashed("[192.0.2.11]:2222")} ${hostKey()}`, 2222],
    ["the most wanted type", `192.0.2.11 ${hostKey("ssh-rsa")}\n192.0.2.11 ${hostKey()}`, 22],
  ])("finds %s", (_title, text, port) => {
    expect(knownHostKey(text, "192.0.2.11", port)).toBe(hostKey());
  });

  test.each([
    ["another address", `192.0.2.111 ${hostKey()}`, 22],
    ["the address with another port", `192.0.2.11 ${hostKey()}`, 2222],
    ["another host's hash", `${hashed("192.0.2.12")} ${hostKey()}`, 22],
    ["a revoked key", `@revoked 192.0.2.11 ${hostKey()}`, 22],
    ["a commented line", `#192.0.2.11 ${hostKey()}`, 22],
    ["a key that cannot be read", "192.0.2.11 ssh-ed25519 AAAA", 22],
  ])("finds nothing in %s", (_title, text, port) => {
    expect(knownHostKey(text, "192.0.2.11", port)).toBeUndefined();
  });

  test("gives keys to the hosts that have none of their own, and every host must have one", () => {
    const places = makePlaces();
    places.write(
      "project/known_hosts",
      `192.0.2.11 ${hostKey("ssh-ed25519", 1)}\n192.0.2.12 ${hostKey("ssh-ed25519", 2)}\n`,
    );
    const file = { "ssh.knownHostsFile": "known_hosts" };
    const read = (changes: Record<string, unknown>) =>
      parseConfig(changed({ ...file, ...changes }), { stack: "dev", ...places });

    const { host1, host2 } = read({ "hosts.host1.hostKey": undefined }).hosts;
    expect([host1?.hostKey, host2?.hostKey]).toEqual([hostKey("ssh-ed25519", 1), hostKey()]);
    expect(() => read({ "hosts.host3.hostKey": undefined })).toThrow(
      "warren:hosts.host3.hostKey: not given - must be given, or 192.0.2.13 must be in known_hosts (warren:ssh.knownHostsFile)",
    );
  });

  test("must be there when it is named", () => {
    expect(() => parsed({ "ssh.knownHostsFile": "nowhere" })).toThrow(
      'warren:ssh.knownHostsFile: "nowhere" - must be a file that can be read',
    );
  });

  test("without one, a host need have no key", () => {
    expect(parsed({ "hosts.host1.hostKey": undefined }).hosts["host1"]).not.toHaveProperty("hostKey");
  });
});

describe("private keys", () => {
  const openssh = (cipher: string) => {
    const body = Buffer.concat([
      Buffer.from("openssh-key-v1\0"),
      Buffer.from([0, 0, 0, cipher.length]),
      Buffer.from(cipher),
    ]);
    return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString("base64")}\n-----END OPENSSH PRIVATE KEY-----\n`;
  };
  const rsa = (options: object) =>
    generateKeyPairSync("ed25519")
      .privateKey.export({ format: "pem", type: "pkcs8", ...options })
      .toString();

  test.each([
    ["OpenSSH's form", openssh("none"), true],
    ["OpenSSH's form with a passphrase", openssh("aes256-ctr"), false],
    ["PKCS 8", privateKey(), true],
    ["PKCS 8 with a passphrase", rsa({ cipher: "aes-256-cbc", passphrase: "secret" }), false],
    [
      "the old PEM form with a passphrase",
      "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n-----END RSA PRIVATE KEY-----",
      false,
    ],
    ["a public key", hostKey(), false],
  ])("%s: %#", (_title, text, open) => {
    expect(isOpenPrivateKey(text)).toBe(open);
  });

  test("are looked for where the hosts take them from", () => {
    const places = makePlaces();
    places.write("project/keys/public", hostKey());
    const refused = (changes: Record<string, unknown>) => () =>
      parseConfig(changed(changes), { stack: "dev", ...places });
    expect(refused({ ssh: { privateKeyFile: "~/.ssh/missing" } })).toThrow(
      'warren:ssh.privateKeyFile: "~/.ssh/missing" - must be a file that can be read',
    );
    expect(refused({ "hosts.host1.privateKeyFile": "keys/public" })).toThrow(
      'warren:hosts.host1.privateKeyFile: "keys/public" - must be a private key without a passphrase',
    );
  });
});

describe("the balancers' certificate", () => {
  const places = makePlaces();
  const withFile = (text: string) => {
    places.write("project/some.pem", text);
    const tls = { "haproxy.tls": { certificateFile: "some.pem" }, "haproxy.ports.amqps": 15671 };
    return () => parseConfig(changed(tls), { stack: "dev", ...places }).haproxy.tls;
  };

  test.each([
    ["certificate first", certificate + certificateKey],
    ["key first", certificateKey + certificate],
    ["with its chain", certificate + certificate + certificateKey],
  ])("is taken: %s", (_title, text) => {
    expect(withFile(text)).not.toThrow();
  });

  test.each([
    ["a certificate alone", certificate, "must hold, as PEM, a certificate and its private key without a passphrase"],
    ["a key alone", certificateKey, "must hold, as PEM, a certificate and its private key without a passphrase"],
    ["another key", certificate + privateKey(), "must hold the private key of its first certificate"],
  ])("is refused: %s", (_title, text, rule) => {
    expect(withFile(text)).toThrow(`warren:haproxy.tls.certificateFile: "some.pem" - ${rule}`);
  });

  test("must be there", () => {
    const tls = { "haproxy.tls": { certificateFile: "none.pem" }, "haproxy.ports.amqps": 15671 };
    expect(() => parsed(tls)).toThrow(
      'warren:haproxy.tls.certificateFile: "none.pem" - must be a file that can be read',
    );
  });
});
