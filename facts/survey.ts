import type { StackConfig } from "../config";
import { askHost, questionText, type Facts } from "./ask";
import { DriftWatch, type Believed } from "./drift";
import { ContainerForms, type MadeContainers } from "./forms";
import { operatorHome } from "./home";
import type { HostFacts } from "./read";

/** What the state believes when an update begins. */
export interface Belief {
  /** Id of the deployment; absent before its first update has ended. */
  deployment?: string | undefined;
  /** The name that the stack's containers and owner files carry. */
  stack: string;
  /** Absent: the state is of a release that recorded nothing, or there is none. */
  steps?: Believed | undefined;
  /** How containers were made; absent as `steps` are. */
  containers?: MadeContainers | undefined;
  /** Nodes that served when the last update ended, by the hosts that they were on. */
  serving: readonly { name: string; host: string }[];
  /** `user:password` of the administrator. */
  login?: string | undefined;
}

/** What the hosts say, held against what the state believes. */
export interface Survey {
  facts: Facts;
  drift: DriftWatch;
  forms: ContainerForms;
  /** Names of nodes that served and whose data are not there any more. */
  blank: string[];
}

/** A host, a node or a setting that an update must not go on with. */
export class SurveyError extends Error {}

/** Asks all hosts side by side. `WARREN_OFFLINE=1`: asks none, and believes the state. */
export async function askHosts(config: StackConfig, { login }: Pick<Belief, "login">): Promise<Facts> {
  if (process.env["WARREN_OFFLINE"] === "1") return {};
  const { nodes, ports, dataDirectory } = config.rabbitmq;
  const hosts = Object.entries(config.hosts).filter(([, host]) => !host.lost);
  const answers = hosts.map(async ([name, host]): Promise<[string, HostFacts | Error]> => {
    const own = nodes.filter((node) => node.host === name);
    const asked = own.length > 0 && login !== undefined ? { managementPort: ports.management, login } : {};
    const text = questionText({
      nodes: own.map((node) => `${dataDirectory}/${node.name}`),
      images: imagesOn(config, name),
      ...asked,
    });
    return [name, await askHost(host, operatorHome(), text)];
  });
  return Object.fromEntries(await Promise.all(answers));
}

/** The images that containers on a host are made of. */
function imagesOn({ rabbitmq, haproxy, vip }: StackConfig, host: string): string[] {
  return [
    ...(rabbitmq.nodes.some((node) => node.host === host) ? [rabbitmq.image] : []),
    ...(haproxy.hosts.includes(host) ? [haproxy.image] : []),
    ...(vip?.image !== undefined && vip.hosts.includes(host) ? [vip.image] : []),
  ];
}

/**
 * Judges the hosts' facts. Throws a {@link SurveyError} where a host belongs to another deployment, and where no node that
 * served has its data any more.
 */
export function survey(config: StackConfig, belief: Belief, facts: Facts): Survey {
  refuseForeignHosts(belief, facts);
  const drift = new DriftWatch(facts, belief.steps);
  const blank = blankNodes(config, belief, facts);
  for (const { name, host } of blank) drift.rebuild(host, name);
  const forms = new ContainerForms(facts, belief.containers, new Set(belief.serving.map(({ host }) => host)));
  return { facts, drift, forms, blank: blank.map(({ name }) => name) };
}

function refuseForeignHosts({ deployment, stack }: Belief, facts: Facts): void {
  const foreign = Object.entries(facts).flatMap(([host, found]) => {
    if (found instanceof Error || found.owner === null) return [];
    const { id, stack: other } = found.owner;
    // Before the first update has ended, the id is not known here; each step looks at it.
    const own = deployment === undefined ? other === stack : id === deployment;
    return own ? [] : [`host ${host} belongs to the Warren stack ${other}`];
  });
  if (foreign.length === 0) return;
  throw new SurveyError(
    `${foreign.join("; ")}. Choose other hosts, or destroy that stack. If that stack no longer exists, remove /etc/warren/owner there. Nothing was changed`,
  );
}

function blankNodes({ rabbitmq }: StackConfig, { serving }: Belief, facts: Facts): { name: string; host: string }[] {
  const known = serving.flatMap(({ name, host }) => {
    const found = facts[host];
    const there = rabbitmq.nodes.some((node) => node.name === name && node.host === host && node.adopt === undefined);
    if (found === undefined || found instanceof Error || !there) return [];
    return [{ name, host, data: found.nodes[`${rabbitmq.dataDirectory}/${name}`] ?? false }];
  });
  const blank = known.filter(({ data }) => !data);
  // Those that do not answer may have their data, but nothing can join them now.
  if (blank.length > 0 && blank.length === known.length) {
    const names = blank.map(({ name, host }) => `${name} on ${host}`).join(", ");
    throw new SurveyError(
      `the data of every node that can be reached are missing (${names}, in ${rabbitmq.dataDirectory}): the cluster would start blank. Mount the disks, or bring the other hosts back, and run \`pulumi up\` again. If the data are lost for good, run \`pulumi destroy\` first. Nothing was changed`,
    );
  }
  return blank;
}

/** What an operator is to know of the hosts before the update: a sentence each. */
export function notices({ facts, drift }: Survey): string[] {
  const silent = Object.entries(facts).flatMap(([host, found]) =>
    found instanceof Error
      ? [`host ${host} does not answer: ${found.message.split("\n").join(" ")}. What the state says of it is believed`]
      : [],
  );
  const reasons = new Map<string, string[]>();
  for (const { host, resource, says } of drift.found) {
    const key = `host ${host}: ${says}`;
    reasons.set(key, [...new Set([...(reasons.get(key) ?? []), resource])]);
  }
  return [...silent, ...[...reasons].map(([reason, resources]) => `${reason}. Runs again: ${resources.join(", ")}`)];
}
