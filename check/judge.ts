import type { StackConfig } from "../config";
import { drifted, silentHosts, type Survey } from "../facts/survey";
import { clusterFaults, isOf } from "./cluster";
import { observation, type Observation } from "./observe";

/** Who is where, and what is wrong with it. */
export interface Report {
  stack: string;
  virtualIps: { address: string; heldBy: string[]; preferred: string }[];
  balancers: { host: string; state: string; keepalived: string; sees: Record<string, string> }[];
  nodes: {
    name: string;
    host: string;
    state: string;
    type: string;
    version: string;
    alarms: number;
    partitioned: boolean;
  }[];
  /** The files with certificates, and when the first in each ends. */
  certificates: { host: string; file: string; ends: string }[];
  /** What is so because the config says it, and would be a fault otherwise: sentences. */
  notes: string[];
  /** Sentences; none when all is well. */
  faults: string[];
}

/** Stands for what could not be told. */
export const unknown = "?";
/** State of what is on a host that the config calls lost. */
const lost = "lost";

/** A certificate that ends within so many days is a fault. */
const certificateDays = 30;
const dayMilliseconds = 86_400_000;

const erlangName = (node: string): string => `rabbit@${node}`;

/** What there is to judge by. */
interface Scene {
  config: StackConfig;
  found: Survey;
  /** What a host shows; absent where it is lost, another deployment's, or does not answer. */
  of: (host: string) => Observation | undefined;
  isLost: (host: string) => boolean;
  /** Names of nodes whose trouble is named by itself: that others do not see them follows from it. */
  troubled: ReadonlySet<string>;
  /** Whether drift on a host says already what a sentence would say. */
  drifts: (host: string, about: RegExp) => boolean;
  faults: string[];
}

/**
 * Judges what the hosts say by what the config wants and what the last update left. What follows from a fault that is named
 * is not named again.
 *
 * @param found the hosts' answers, with what only the check looks at, after the last update's watch has looked again
 * @param now the time from which the rest of the certificates' time counts
 */
export function judge(stack: string, config: StackConfig, found: Survey, now = new Date()): Report {
  const { facts, foreign, drift, refusals } = found;
  const faults = [...refusals.flatMap(({ says }) => says), ...silentHosts(facts), ...drifted(drift)];
  const answers = Object.entries(facts).flatMap(([host, answer]): [string, Observation][] =>
    answer instanceof Error || foreign.includes(host) ? [] : [[host, observation(answer)]],
  );
  const seen = new Map(answers);
  const of = (host: string): Observation | undefined => seen.get(host);
  const isLost = (host: string): boolean => config.hosts[host]?.lost === true;
  const drifts = (host: string, about: RegExp): boolean =>
    drift.found.some((one) => one.host === host && about.test(one.says));
  const troubled = config.rabbitmq.nodes.filter(
    ({ name, host }) => of(host)?.broker !== "running" || found.blank.includes(name),
  );
  const names = new Set(troubled.map(({ name }) => name));
  const scene = { config, found, of, isLost, troubled: names, drifts, faults };
  return {
    stack,
    virtualIps: virtualIps(scene),
    balancers: balancers(scene),
    nodes: nodes(scene),
    certificates: certificates(config, answers, now, faults),
    notes: notes(config),
    faults,
  };
}

function notes({ hosts, rabbitmq }: StackConfig): string[] {
  return [
    ...Object.entries(hosts).flatMap(([name, host]) =>
      host.lost ? [`host ${name} is lost, as configured: it was not asked`] : [],
    ),
    ...(rabbitmq.stopped ? ["the brokers are stopped, as configured: no client can be served"] : []),
  ];
}

function virtualIps({ config: { vip, rabbitmq }, of, isLost, faults }: Scene): Report["virtualIps"] {
  return (vip?.instances ?? []).flatMap(({ addresses, hosts }) =>
    addresses.map((cidr) => {
      const address = cidr.replace(/\/.*/, "");
      const heldBy = vip?.hosts.filter((host) => of(host)?.addresses.includes(address)) ?? [];
      const silent = hosts.filter((host) => of(host) === undefined && !isLost(host));
      // keepalived gives an address up where the balancer has no broker.
      if (heldBy.length === 0 && !rabbitmq.stopped) {
        faults.push(`nobody holds ${address}${silent.length > 0 ? `, unless ${silent.join(" or ")} does` : ""}`);
      }
      if (heldBy.length > 1) faults.push(`${address} is held by ${heldBy.join(" and ")} at the same time`);
      return { address, heldBy, preferred: hosts[0] ?? "" };
    }),
  );
}

function balancers(scene: Scene): Report["balancers"] {
  const { config, of, isLost, faults, drifts } = scene;
  const { haproxy, vip, rabbitmq } = config;
  return haproxy.hosts.map((host) => {
    const observed = of(host);
    const state = isLost(host) ? lost : observed === undefined ? unknown : (observed.balancer ?? "missing");
    const expected = vip?.hosts.includes(host) === true && !isLost(host);
    const keepalived = expected ? (observed?.keepalived ?? unknown) : "-";
    const sees = Object.fromEntries(
      rabbitmq.nodes.map((node) => [
        node.name,
        isLost(node.host) || isLost(host) ? "-" : (observed?.servers?.[node.name] ?? unknown),
      ]),
    );
    if (observed !== undefined) {
      if (state !== "running" && !drifts(host, /^the container haproxy is/))
        faults.push(`the balancer on ${host} is ${state}`);
      if (!["-", "active"].includes(keepalived) && !drifts(host, /^(the container )?keepalived is/)) {
        faults.push(`keepalived on ${host} is ${keepalived}`);
      }
      if (state === "running") faults.push(...brokersMissing(scene, host, observed.servers, sees));
    }
    return { host, state, keepalived, sees };
  });
}

/** The brokers that a balancer does not use, but for those that it cannot use. */
function brokersMissing(
  { config: { rabbitmq }, troubled }: Scene,
  host: string,
  servers: Observation["servers"],
  sees: Record<string, string>,
): string[] {
  if (servers === undefined) return [`the balancer on ${host} runs, but its statistics page gives no answer`];
  return Object.entries(rabbitmq.stopped ? {} : sees)
    .filter(([name, status]) => status !== "UP" && !troubled.has(name))
    .map(([name, status]) => `for the balancer on ${host}, ${name} is ${status}`);
}

function nodes(scene: Scene): Report["nodes"] {
  const { config, found, of, isLost, troubled, faults, drifts } = scene;
  const { nodes: configured, stopped } = config.rabbitmq;
  const present = configured.filter(({ host }) => !isLost(host));
  const expected = present.map(({ name }) => erlangName(name)).sort();
  const absent = [...troubled].map(erlangName);
  return configured.map(({ name, host, type }) => {
    const observed = of(host);
    const cluster = observed?.cluster;
    const own = erlangName(name);
    const state = isLost(host) ? lost : observed === undefined ? unknown : (observed.broker ?? "missing");
    const shown = { name, host, state, version: cluster?.versions[own]?.rabbitmq_version ?? unknown };
    const named = found.blank.includes(name) || drifts(host, /^the container rabbitmq (is|runs)/);
    const asConfigured = stopped ? ["exited", "created"].includes(state) : state === "running";
    if (observed !== undefined && !asConfigured && !named) {
      const although = stopped && state === "running" ? ", although rabbitmq.stopped is true" : "";
      faults.push(`the broker ${name} on ${host} is ${state}${although}`);
    }
    const judged = !stopped && !found.blank.includes(name);
    if (cluster === undefined) {
      if (state === "running" && judged) faults.push(`${name} runs, but its CLI gives no answer`);
      return { ...shown, type: unknown, alarms: 0, partitioned: false };
    }
    if (judged) faults.push(...clusterFaults({ name, type }, cluster, expected, absent));
    return {
      ...shown,
      type: cluster.disk_nodes.includes(own) ? "disc" : "ram",
      alarms: cluster.alarms.filter((alarm) => isOf(alarm, own)).length,
      partitioned: Object.keys(cluster.partitions).length > 0,
    };
  });
}

/** Made certificates that are renewed late, by the config, are given until then. */
function certificates(
  { tls }: StackConfig,
  answers: readonly [host: string, observed: Observation][],
  now: Date,
  faults: string[],
): Report["certificates"] {
  const made = tls !== undefined && tls.certificates === undefined;
  const days = made ? Math.min(certificateDays, tls.renewDays) : certificateDays;
  const latest = now.getTime() + days * dayMilliseconds;
  return answers.flatMap(([host, observed]) =>
    Object.entries(observed.certificates).map(([file, end]) => {
      const ends = end.toISOString();
      if (end.getTime() < latest) {
        const verb = end < now ? "ended" : "ends";
        faults.push(`a certificate on ${host} ${verb} on ${ends.slice(0, 10)}: ${file}`);
      }
      return { host, file, ends };
    }),
  );
}
