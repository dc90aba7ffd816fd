import type { Report } from "../errors";
import { absolutePath, readText, type Places } from "../files";
import type { Sections } from "../schema";
import { isOpenPrivateKey, knownHostKey, parseHostKey } from "../sshKeys";
import type { HostConfig } from "../types";

/** Each host with what it takes from the ssh section, its key looked up and its files seen to be there. */
export function resolveHosts(
  hosts: Sections["hosts"],
  ssh: Sections["ssh"],
  places: Places,
  report: Report,
): Record<string, HostConfig> {
  checkAddresses(hosts, report);
  const keyOf = hostKeys(hosts, ssh, places, report);
  checkPrivateKeys(hosts, ssh, places, report);
  return Object.fromEntries(
    Object.entries(hosts).map(([name, { address, user, port, privateKeyFile, machine, lost }]) => {
      const hostKey = keyOf[name];
      const host = {
        address,
        user: user ?? ssh.user,
        port: port ?? ssh.port,
        privateKeyFile: absolutePath(privateKeyFile ?? ssh.privateKeyFile, places),
        machine: machine ?? address,
        lost,
      };
      return [name, hostKey === undefined ? host : { ...host, hostKey }];
    }),
  );
}

function checkAddresses(hosts: Sections["hosts"], report: Report): void {
  const owners = new Map<string, string>();
  for (const [name, { address }] of Object.entries(hosts)) {
    const owner = owners.get(address);
    if (owner === undefined) owners.set(address, name);
    else report(["hosts", name, "address"], address, `must be this host's alone: ${owner} has it too`);
  }
}

/** Host keys by host: the host's own, else the one in the known_hosts file. Whoever names a file wants all hosts checked. */
function hostKeys(hosts: Sections["hosts"], ssh: Sections["ssh"], places: Places, report: Report) {
  const keys: Record<string, string | undefined> = {};
  const file = ssh.knownHostsFile;
  const knownHosts = file === undefined ? undefined : readText(absolutePath(file, places));
  if (file !== undefined && knownHosts === undefined) {
    report(["ssh", "knownHostsFile"], file, "must be a file that can be read");
  }
  for (const [name, { address, port, hostKey }] of Object.entries(hosts)) {
    if (hostKey !== undefined) {
      keys[name] = parseHostKey(hostKey);
    } else if (knownHosts !== undefined) {
      keys[name] = knownHostKey(knownHosts, address, port ?? ssh.port);
      const rule = `must be given, or ${address} must be in ${file ?? ""} (warren:ssh.knownHostsFile)`;
      if (keys[name] === undefined) report(["hosts", name, "hostKey"], undefined, rule);
    }
  }
  return keys;
}

function checkPrivateKeys(hosts: Sections["hosts"], ssh: Sections["ssh"], places: Places, report: Report): void {
  const check = (path: string[], file: string) => {
    const text = readText(absolutePath(file, places));
    if (text === undefined) report(path, file, "must be a file that can be read");
    else if (!isOpenPrivateKey(text)) report(path, file, "must be a private key without a passphrase");
  };
  const own = Object.entries(hosts).filter(([, host]) => host.privateKeyFile !== undefined);
  for (const [name, host] of own) check(["hosts", name, "privateKeyFile"], host.privateKeyFile ?? "");
  if (own.length < Object.keys(hosts).length) check(["ssh", "privateKeyFile"], ssh.privateKeyFile);
}
