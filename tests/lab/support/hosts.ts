import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Where the lab keeps its keys. */
export const labState = join(homedir(), ".local/state/warren/lab");
export const root = join(__dirname, "../../..");

export const addresses: Record<string, string> = Object.fromEntries(
  [1, 2, 3, 4, 5].map((i) => [`host${i}`, `198.18.66.1${i}`]),
);
export const vip = "198.18.66.100";
/** This machine, as the hosts see it. */
export const bridge = "198.18.66.1";

/** Runs a command as root on one of the lab's hosts, and gives its standard output. */
export async function onHost(host: string, command: string): Promise<string> {
  const options = [
    `IdentityFile=${labState}/ssh/id_ed25519`,
    `UserKnownHostsFile=${labState}/ssh/known_hosts`,
    "StrictHostKeyChecking=yes",
    "BatchMode=yes",
    "ConnectTimeout=5",
    "LogLevel=ERROR",
  ].flatMap((option) => ["-o", option]);
  const { stdout } = await run("ssh", [...options, `root@${addresses[host]}`, command], { maxBuffer: 64 << 20 });
  return stdout.trim();
}

/** The same command on all five. */
export async function onEveryHost(command: string): Promise<string[]> {
  return Promise.all(Object.keys(addresses).map((host) => onHost(host, command)));
}

/** Five pristine hosts, with the images on them. */
export async function resetLab(): Promise<void> {
  await run(join(root, "lab/lab"), ["reset"], { maxBuffer: 64 << 20 });
}

export async function lab(...args: string[]): Promise<void> {
  await run(join(root, "lab/lab"), args, { maxBuffer: 64 << 20 });
}

/** Waits until a condition holds; tells what was waited for when it does not come to pass. */
export async function until(what: string, condition: () => Promise<boolean>, seconds = 60): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    if (await condition().catch(() => false)) {
      return;
    }
    if (Date.now() > deadline) {
      throw new Error(`not within ${seconds} s: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Names of the hosts that hold the virtual IP. */
export async function holders(): Promise<string[]> {
  const found = await Promise.all(
    Object.keys(addresses).map(async (host) =>
      (await onHost(host, "ip -4 -o addr")).includes(` ${vip}/`) ? [host] : [],
    ),
  );
  return found.flat();
}

export interface ClusterStatus {
  disk_nodes: string[];
  ram_nodes: string[];
  running_nodes: string[];
  versions: Record<string, { rabbitmq_version: string; erlang_version: string }>;
}

/** What a node says of its cluster. */
export async function clusterStatus(host: string): Promise<ClusterStatus> {
  return JSON.parse(
    await onHost(host, "docker exec rabbitmq rabbitmqctl -q cluster_status --formatter json"),
  ) as ClusterStatus;
}

/** When each container of Warren's was started: the same twice means that nothing was restarted or replaced. */
export async function containerStarts(): Promise<string> {
  const each = await onEveryHost("docker ps -aq | xargs -r docker inspect -f '{{.Name}} {{.Id}} {{.State.StartedAt}}'");
  return each.join("\n");
}
