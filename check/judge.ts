import type { StackConfig } from "../config";
import type { ClusterStatus, Observation } from "./observe";

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
  /** Sentences; none when all is well. */
  faults: string[];
}

const unknown = "?";

/** A certificate that ends within so many days is a fault. */
const certificateDays = 30;
const dayMilliseconds = 86_400_000;

const erlangName = (node: string): string => `rabbit@${node}`;

/** By host: what it shows, or why it could not be looked at. */
export type Observations = Record<string, Observation | Error>;

/**
 * Holds what the hosts show against what the config says.
 *
 * @param now the time from which the rest of the certificates' time counts
 */
export function judge(stack: string, config: StackConfig, seen: Observations, now = new Date()): Report {
  const faults = Object.entries(seen).flatMap(([host, observed]) =>
    observed instanceof Error ? [`${host} cannot be looked at: ${observed.message.split("\n").join(" ")}`] : [],
  );
  const of = (host: string): Observation | undefined => (seen[host] instanceof Error ? undefined : seen[host]);
  return {
    stack,
    virtualIps: virtualIps(config, of, faults),
    balancers: balancers(config, of, faults),
    nodes: nodes(config, of, faults),
    certificates: certificates(config, seen, now, faults),
    faults,
  };
}

type Of = (host: string) => Observation | undefined;

function virtualIps({ vip }: StackConfig, of: Of, faults: string[]): Report["virtualIps"] {
  return (vip?.instances ?? []).flatMap(({ addresses, hosts: [preferred = ""] }) =>
    addresses.map((cidr) => {
      const address = cidr.replace(/\/.*/, "");
      const heldBy = vip?.hosts.filter((host) => of(host)?.addresses.includes(address)) ?? [];
      if (heldBy.length === 0) faults.push(`nobody holds ${address}`);
      if (heldBy.length > 1) faults.push(`${address} is held by ${heldBy.join(" and ")} at the same time`);
      return { address, heldBy, preferred };
    }),
  );
}

function balancers({ haproxy, vip, rabbitmq }: StackConfig, of: Of, faults: string[]): Report["balancers"] {
  return haproxy.hosts.map((host) => {
    const observed = of(host);
    const state = observed === undefined ? unknown : (observed.balancer ?? "missing");
    const keepalived = !vip?.hosts.includes(host) ? "-" : (observed?.keepalived ?? unknown);
    const sees = Object.fromEntries(rabbitmq.nodes.map(({ name }) => [name, observed?.servers?.[name] ?? unknown]));
    if (observed !== undefined) {
      if (state !== "running") faults.push(`the balancer on ${host} is ${state}`);
      if (!["-", "active"].includes(keepalived)) faults.push(`keepalived on ${host} is ${keepalived}`);
      if (state === "running") {
        const down = Object.entries(sees).filter(([, status]) => status !== "UP");
        faults.push(...down.map(([name, status]) => `for the balancer on ${host}, ${name} is ${status}`));
      }
    }
    return { host, state, keepalived, sees };
  });
}

function nodes({ rabbitmq }: StackConfig, of: Of, faults: string[]): Report["nodes"] {
  const expected = rabbitmq.nodes.map(({ name }) => erlangName(name)).sort();
  return rabbitmq.nodes.map(({ name, host, type }) => {
    const observed = of(host);
    const cluster = observed?.cluster;
    const own = erlangName(name);
    const state = observed === undefined ? unknown : (observed.broker ?? "missing");
    const shown = { name, host, state, version: cluster?.versions[own]?.rabbitmq_version ?? unknown };
    if (observed !== undefined && state !== "running") faults.push(`the broker ${name} on ${host} is ${state}`);
    if (cluster === undefined) {
      if (state === "running") faults.push(`${name} runs, but its CLI gives no answer`);
      return { ...shown, type: unknown, alarms: 0, partitioned: false };
    }
    const is = cluster.disk_nodes.includes(own) ? "disc" : "ram";
    if (is !== type) faults.push(`${name} is a ${is} node, and should be ${type}`);
    const members = [...cluster.disk_nodes, ...(cluster.ram_nodes ?? [])].sort();
    if (members.join() !== expected.join()) {
      faults.push(`${name} counts ${members.join(", ")} as members, and should count ${expected.join(", ")}`);
    }
    const missing = expected.filter((node) => !cluster.running_nodes.includes(node));
    if (missing.length > 0) faults.push(`${name} does not see ${missing.join(", ")} running`);
    const alarms = cluster.alarms.filter((alarm) => isOf(alarm, own)).length;
    if (alarms > 0) faults.push(`${name} has an alarm: ${alarmsOf(cluster, own)}; publishers are held back`);
    const partitioned = Object.keys(cluster.partitions).length > 0;
    if (partitioned) faults.push(`${name} sees a partition`);
    return { ...shown, type: is, alarms, partitioned };
  });
}

/** Made certificates that are renewed late, by the config, are given until then. */
function certificates({ tls }: StackConfig, seen: Observations, now: Date, faults: string[]): Report["certificates"] {
  const made = tls !== undefined && tls.certificates === undefined;
  const days = made ? Math.min(certificateDays, tls.renewDays) : certificateDays;
  const latest = now.getTime() + days * dayMilliseconds;
  return Object.entries(seen).flatMap(([host, observed]) =>
    Object.entries(observed instanceof Error ? {} : (observed.certificates ?? {})).map(([file, end]) => {
      const ends = end.toISOString();
      if (end.getTime() < latest) {
        const verb = end < now ? "ended" : "ends";
        faults.push(`a certificate on ${host} ${verb} on ${ends.slice(0, 10)}: ${file}`);
      }
      return { host, file, ends };
    }),
  );
}

/** An alarm names its node where it is one node's. */
function isOf(alarm: unknown, node: string): boolean {
  return JSON.stringify(alarm).includes(`"${node}"`) || !JSON.stringify(alarm).includes("rabbit@");
}

function alarmsOf({ alarms }: ClusterStatus, node: string): string {
  const names = alarms
    .filter((alarm) => isOf(alarm, node))
    .map((alarm) => /memory|disk|file_descriptor/.exec(JSON.stringify(alarm))?.[0] ?? "unknown");
  return [...new Set(names)].join(", ");
}

/** A table with its columns aligned. */
function table(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** The report, to be read by people. */
export function shown({ stack, virtualIps: ips, balancers: doors, nodes: members, faults }: Report): string {
  const names = members.map(({ name }) => name);
  const blocks = [
    [
      ["VIRTUAL IP", "HELD BY", "PREFERRED"],
      ...ips.map(({ address, heldBy, preferred }) => [address, heldBy.join(", ") || "nobody", preferred]),
    ],
    [
      ["BALANCER", "STATE", "KEEPALIVED", ...names],
      ...doors.map(({ host, state, keepalived, sees }) => [
        host,
        state,
        keepalived,
        ...names.map((name) => sees[name] ?? unknown),
      ]),
    ],
    [
      ["NODE", "HOST", "STATE", "TYPE", "VERSION", "ALARMS", "PARTITIONED"],
      ...members.map(({ name, host, state, type, version, alarms, partitioned }) => [
        name,
        host,
        state,
        type,
        version,
        alarms === 0 ? "none" : String(alarms),
        partitioned ? "yes" : "no",
      ]),
    ],
  ].filter((rows) => rows.length > 1);
  const verdict =
    faults.length === 0
      ? [`${stack}: all is well.`]
      : [
          `${stack}: ${faults.length === 1 ? "1 fault" : `${faults.length} faults`}`,
          ...faults.map((fault) => `  ${fault}`),
        ];
  return `${[...blocks.map(table), verdict].map((lines) => lines.join("\n")).join("\n\n")}\n`;
}
