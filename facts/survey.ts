import type { StackConfig } from "../config";
import { answers, askHost, questionText, type Facts, type Looks } from "./ask";
import { DriftWatch, type Believed } from "./drift";
import { ContainerForms, type MadeContainers } from "./forms";
import { operatorHome } from "./home";
import type { LastUpdate } from "./last";
import { unfitHosts } from "./fitness";
import { forgottenNodes, knownNodes, type KnownNode } from "./membership";

/** What the state believes when an update begins. */
export interface Belief {
  /** Id of the deployment; absent before its first update has ended. */
  deployment?: string | undefined;
  /** The name that the stack's containers and owner files carry. Absent: only the id tells whose a host is. */
  stack?: string | undefined;
  /** Absent: the state is of a release that recorded nothing, or there is none. */
  steps?: Believed | undefined;
  /** How containers were made; absent as `steps` are. */
  containers?: MadeContainers | undefined;
  /** Nodes that served when the last update ended, by the hosts that they were on. */
  serving: readonly { name: string; host: string }[];
  /** `user:password` of the administrator. */
  login?: string | undefined;
}

/** What a stack's last update makes it believe. */
export function beliefOf({ deployment, nodes, login }: LastUpdate): Belief {
  const { id, stack, steps, containers } = deployment ?? {};
  return { deployment: id, stack, steps, containers, serving: nodes, login };
}

/** What the hosts say, held against what the state believes. */
export interface Survey {
  facts: Facts;
  drift: DriftWatch;
  forms: ContainerForms;
  /** Names of nodes that served and join the others as blank ones: their data are gone, or the cluster has forgotten them. */
  blank: string[];
  /** Those of them whose data are there and have to be moved aside. */
  forgotten: string[];
  /** Hosts of another deployment. */
  foreign: string[];
  /** What an update must not go on with. */
  refusals: Refusal[];
}

/** A host or a node that an update must not go on with. */
export interface Refusal {
  /** What is so: sentences without a full stop. */
  says: readonly string[];
  /** What to do: the same, after a full stop. */
  remedy: string;
}

/** An update must not go on. */
export class SurveyError extends Error {}

/**
 * Asks all hosts in parallel that are not lost.
 *
 * @param looks what a host is asked for besides, by its name
 */
export async function askHosts(
  config: StackConfig,
  { login }: Pick<Belief, "login">,
  looks: (host: string) => Looks | undefined = () => undefined,
): Promise<Facts> {
  const { nodes, ports, dataDirectory } = config.rabbitmq;
  const hosts = Object.entries(config.hosts).filter(([, host]) => !host.lost);
  const asked = hosts.map(async ([name, host]): Promise<[string, Facts[string]]> => {
    const own = nodes.filter((node) => node.host === name);
    const broker = own.length > 0 && login !== undefined ? { managementPort: ports.management, login } : {};
    const question = {
      nodes: own.map((node) => `${dataDirectory}/${node.name}`),
      images: imagesOn(config, name),
      ...broker,
    };
    return [name, await askHost(host, operatorHome(), questionText(question, looks(name)))];
  });
  return Object.fromEntries(await Promise.all(asked));
}

/** The images that containers on a host are made of. */
function imagesOn({ rabbitmq, haproxy, vip }: StackConfig, host: string): string[] {
  return [
    ...(rabbitmq.nodes.some((node) => node.host === host) ? [rabbitmq.image] : []),
    ...(haproxy.hosts.includes(host) ? [haproxy.image] : []),
    ...(vip?.image !== undefined && vip.hosts.includes(host) ? [vip.image] : []),
  ];
}

/** Judges the hosts' facts. */
export function survey(config: StackConfig, belief: Belief, facts: Facts): Survey {
  const foreign = foreignHosts(belief, facts);
  const own = Object.entries(facts).filter(([host]) => foreign[host] === undefined);
  const drift = new DriftWatch(Object.fromEntries(own), belief.steps);
  const known = knownNodes(config, belief.serving, Object.fromEntries(own));
  const blank = known.filter((node) => !node.facts.data);
  const forgotten = forgottenNodes(known);
  const allBlank = blankRefusal(config, known, blank);
  for (const { name, host } of allBlank.length > 0 ? [] : blank) {
    drift.rebuild(host, name, `the data of ${name} are not there: it joins the others as a blank node`);
  }
  for (const { name, host } of forgotten.filter((node) => !node.facts.queues)) {
    const says = `the cluster does not know its member ${name} any more: its data are moved aside, and it joins as a blank node`;
    drift.rebuild(host, name, says);
  }
  return {
    facts,
    drift,
    forms: new ContainerForms(facts, belief.containers, new Set(belief.serving.map(({ host }) => host))),
    blank: [...blank, ...forgotten].map(({ name }) => name),
    forgotten: forgotten.map(({ name }) => name),
    foreign: Object.keys(foreign),
    refusals: [
      ...foreignRefusal(foreign),
      ...unfitHosts(config, Object.fromEntries(own)),
      ...allBlank,
      ...forgotten.filter((node) => node.facts.queues).map(queuesRefusal),
    ],
  };
}

/** Throws a {@link SurveyError} where the update must not go on. */
export function refuse({ refusals }: Pick<Survey, "refusals">): void {
  if (refusals.length === 0) return;
  throw new SurveyError(
    `${refusals.map(({ says, remedy }) => `${says.join("; ")}. ${remedy}`).join(". ")}. Nothing was changed`,
  );
}

/** By host: the other stack that it belongs to. */
function foreignHosts({ deployment, stack }: Belief, facts: Facts): Readonly<Record<string, string>> {
  const foreign = Object.entries(facts).flatMap(([host, found]): [string, string][] => {
    if (found instanceof Error || found.owner === null) return [];
    const { id, stack: other } = found.owner;
    // Before the first update has ended, the id is not known here; each step looks at it.
    const own = deployment === undefined ? stack === undefined || other === stack : id === deployment;
    return own ? [] : [[host, other]];
  });
  return Object.fromEntries(foreign);
}

function foreignRefusal(foreign: Readonly<Record<string, string>>): Refusal[] {
  const says = Object.entries(foreign).map(([host, other]) => `host ${host} belongs to the Warren stack ${other}`);
  if (says.length === 0) return [];
  const remedy =
    "Choose other hosts, or destroy that stack. If that stack no longer exists, remove /etc/warren/owner there";
  return [{ says, remedy }];
}

/** Those that do not answer may have their data, but nothing can join them now. */
function blankRefusal({ rabbitmq }: StackConfig, known: readonly KnownNode[], blank: readonly KnownNode[]): Refusal[] {
  if (blank.length === 0 || blank.length < known.length) return [];
  const names = blank.map(({ name, host }) => `${name} on ${host}`).join(", ");
  return [
    {
      says: [
        `the data of every node that can be reached are missing (${names}, in ${rabbitmq.dataDirectory}): the cluster would start blank`,
      ],
      remedy:
        "Mount the disks, or bring the other hosts back, and run `pulumi up` again. If the data are lost for good, run `pulumi destroy` first",
    },
  ];
}

function queuesRefusal({ name, host, directory }: KnownNode): Refusal {
  return {
    says: [
      `host ${host}: the cluster does not know its member ${name} any more, and the data of ${name} hold queues: it would lose them if it joined again`,
    ],
    remedy: `If nothing needs them, run \`docker stop rabbitmq\` on ${host}, rename ${directory}/data/mnesia, and run \`pulumi up\` again`,
  };
}

/**
 * Nodes that would be forgotten, since their hosts are said to be lost, although these let the operator in: they may still run.
 *
 * @param serving nodes that served when the last update ended
 */
export async function notLost(config: StackConfig, serving: Belief["serving"]): Promise<Refusal[]> {
  const lost = serving.flatMap(({ name, host }) => {
    const login = config.hosts[host];
    return login?.lost === true ? [{ name, host, login }] : [];
  });
  const found = await Promise.all(
    lost.map(async (each) => ((await answers(each.login, operatorHome())) ? [each] : [])),
  );
  return found.flat().map(({ name, host, login }) => ({
    says: [
      `warren:hosts.${host}.lost: true - must be left out while ${login.address} answers: ${name} may still run there`,
    ],
    remedy: `To take ${name} out in order, remove it from warren:rabbitmq.nodes instead; if the machine is to go at once, switch it off first`,
  }));
}

/** The hosts that do not answer, and why: a sentence each, without a full stop. */
export function silentHosts(facts: Facts): string[] {
  return Object.entries(facts).flatMap(([host, found]) =>
    found instanceof Error ? [`host ${host} does not answer: ${found.message.split("\n").join(" ")}`] : [],
  );
}

/** What is no longer as the last update left it, and what runs again for it: a sentence each. */
export function drifted({ found }: Pick<DriftWatch, "found">): string[] {
  const reasons = new Map<string, string[]>();
  for (const { host, resource, says } of found) {
    const key = `host ${host}: ${says}`;
    reasons.set(key, [...new Set([...(reasons.get(key) ?? []), resource])]);
  }
  return [...reasons].map(([reason, resources]) => `${reason}. Runs again: ${resources.join(", ")}`);
}

/** What an operator is to know of the hosts before the update: a sentence each. */
export function notices({ facts, drift }: Pick<Survey, "facts" | "drift">): string[] {
  return [...silentHosts(facts).map((says) => `${says}. What the state says of it is believed`), ...drifted(drift)];
}
