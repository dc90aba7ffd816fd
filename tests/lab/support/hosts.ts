import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export const root = join(__dirname, "../../..");

/** Jest's worker that runs this file: each has a lab of its own, so that files can run side by side. */
const worker = Number(process.env["JEST_WORKER_ID"] ?? 1);

/** The environment of programs that use the lab. Where it names no lab, there is one for tests, so that nothing else is reset. */
export const environment = { ...process.env, LAB: process.env["LAB"] ?? `test${worker}` };

/** What `lab/lab facts` says of the lab that the environment variable LAB names. */
interface LabFacts {
  state: string;
  key: string;
  knownHosts: string;
  /** The first three bytes of all its addresses. */
  subnet: string;
  gateway: string;
  /** Addresses by host. */
  hosts: Record<string, string>;
}
const facts = JSON.parse(
  execFileSync(join(root, "lab/lab"), ["facts"], { encoding: "utf8", env: environment }),
) as LabFacts;

export const { hosts: addresses, gateway: bridge, key: labKey } = facts;

/** An address in the lab's network, by its last byte; virtual IPs have 100 and more. */
export function inLab(byte: number): string {
  return `${facts.subnet}.${byte}`;
}
export const vip = inLab(100);

/** A text about the default lab, such as its stack's config, as it reads for the lab that the tests use. */
export function ofThisLab(text: string): string {
  return text.replaceAll("198.18.66.", `${facts.subnet}.`).replaceAll("~/.local/state/warren/lab/", `${facts.state}/`);
}
/** The other way round: a text of the lab that the tests use, as it reads for the default lab. Patterns escape the dots. */
export function ofDefaultLab(text: string): string {
  const [a, b, c] = facts.subnet.split(".");
  const subnet = new RegExp(`\\b${a}(\\\\*\\.)${b}(\\\\*\\.)${c}(?=\\\\*\\.)`, "g");
  return text.replace(subnet, (_, first: string, second: string) => `198${first}18${second}66`);
}

/** Runs a command as root on one of the lab's hosts, and gives its standard output. */
export async function onHost(host: string, command: string): Promise<string> {
  const options = [
    `IdentityFile=${facts.key}`,
    `UserKnownHostsFile=${facts.knownHosts}`,
    "StrictHostKeyChecking=yes",
    "BatchMode=yes",
    "ConnectTimeout=5",
    "LogLevel=ERROR",
  ].flatMap((option) => ["-o", option]);
  const { stdout } = await run("ssh", [...options, `root@${addresses[host]}`, command], { maxBuffer: 64 << 20 });
  return stdout.trim();
}

/** The same command on all of them. */
export async function onEveryHost(command: string): Promise<string[]> {
  return Promise.all(Object.keys(addresses).map((host) => onHost(host, command)));
}

/** Makes all hosts pristine, with the images on them. */
export async function resetLab(): Promise<void> {
  const labs = process.env["LAB"] === undefined ? Number(process.env["WARREN_LABS"] ?? 1) : 1;
  if (worker > labs) {
    throw new Error(`Jest runs ${worker} files at once, and there are hosts for ${labs}: give it --maxWorkers=${labs}`);
  }
  await lab("reset");
}

export async function lab(...args: string[]): Promise<void> {
  await run(join(root, "lab/lab"), args, { maxBuffer: 64 << 20, env: environment });
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
