import { z } from "zod";
import { isIPv4 } from "node:net";
import { parseHostKey } from "../sshKeys";
import { filePath, hostName, list, mapOf, port, section, text, yesOrNo } from "./fields";

const loginName = () => text("must be a login name: lowercase letters, digits, _ and -", /^[a-z_][a-z0-9_-]{0,31}$/);

/** A number, not a name: containers' host files and keepalived's peers hold numbers. IPv4, because the VIP is IPv4. */
const address = () => {
  const error = "must be the host's own IPv4 address, such as 192.0.2.11";
  // 0 is no address, 127 the host itself, 224 and above are groups and reserved.
  return text(error, /^(?:[1-9]\d?|1[013-9]\d|12[0-689]|2[01]\d|22[0-3])(?:\.\d{1,3}){3}$/).refine(isIPv4, { error });
};

const hostKey = () => {
  const error =
    "must be a public host key as ssh-keyscan prints it: its type and its base64, such as ssh-ed25519 AAAA…";
  return text(error, /^(?:ssh|ecdsa)-\S+ AAAA\S+/).refine((key) => parseHostKey(key) !== undefined, { error });
};

const host = section({
  address: address().describe("The host's IPv4 address: SSH goes there, and so do the other nodes and the balancers."),
  user: loginName().exactOptional().describe("The login on this host. Default: ssh.user."),
  port: port().exactOptional().describe("The port of this host's SSH server. Default: ssh.port."),
  privateKeyFile: filePath().exactOptional().describe("The private key for this host. Default: ssh.privateKeyFile."),
  hostKey: hostKey()
    .exactOptional()
    .describe("The host's public key, such as \"ssh-ed25519 AAAA…\". Default: the host's line in ssh.knownHostsFile."),
  machine: text("must be 1 to 64 letters, digits and . _ : -", /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/)
    .exactOptional()
    .describe(
      "Tells this machine from another one in its place, such as its serial number: another value means that all on it is made anew. Default: its address.",
    ),
  lost: yesOrNo()
    .default(false)
    .describe("The machine is gone for good, with its data: its node is forgotten, and nothing more is done to it."),
});

export const hostsSection = mapOf(hostName(), host)
  .refine((hosts) => Object.keys(hosts).length > 0, { error: "must name at least one host" })
  .meta({
    minProperties: 1,
    description: "The machines, by name. Roles (nodes, balancers, the VIP) refer to these names.",
  });

export const sshSection = section({
  user: loginName()
    .default("root")
    .describe("The login on every host; one that is not root needs sudo without a password."),
  port: port().default(22).describe("The port of the SSH servers."),
  privateKeyFile: filePath()
    .default("~/.ssh/id_ed25519")
    .describe("The private key, without a passphrase. ~ is your home; a relative path starts at the project."),
  knownHostsFile: filePath()
    .exactOptional()
    .describe("An OpenSSH known_hosts file: it gives the key of each host that has no hostKey of its own."),
}).describe("How to log in, for all hosts that do not say otherwise.");

const httpUrl = () => text("must be an http:// or https:// URL", /^https?:\/\/[A-Za-z0-9.[\]:-]+(?:\/[^\s"'\\]*)?$/);

const registry = () => text("must be a registry's host and port, such as 192.0.2.1:5000", /^[A-Za-z0-9.-]+:\d{1,5}$/);

const timezoneRule = "must be a time zone's IANA name, such as Asia/Shanghai";

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

export const prepareSection = section({
  installDocker: yesOrNo()
    .default(true)
    .describe(
      "Whether to install the distribution's Docker package where Docker is missing. If false, that is an error.",
    ),
  registryMirrors: list(httpUrl()).default([]).describe("URLs of mirrors that Docker asks before Docker Hub."),
  insecureRegistries: list(registry()).default([]).describe("Registries (host:port) that Docker may use without TLS."),
  timezone: z
    .string({ error: timezoneRule })
    .refine(isTimezone, { error: timezoneRule })
    .exactOptional()
    .describe("The hosts' time zone, as its IANA name. Left as it is when absent."),
}).describe("What is done to the hosts before anything runs on them.");
