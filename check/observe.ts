import { certificatesIn } from "../config/rules/certificates";
import type { HostFacts } from "../facts/read";

/** What a host shows of itself. What could not be told is absent. */
export interface Observation {
  /** Its addresses, without prefix lengths. */
  addresses: string[];
  /** State of the broker's container, such as `running`. */
  broker?: string;
  cluster?: ClusterStatus;
  /** State of the balancer's container. */
  balancer?: string;
  /** By broker: what this balancer thinks of it, such as `UP`. */
  servers?: Record<string, string>;
  /** State of keepalived, such as `active`. */
  keepalived?: string;
  /** By file: when the first of its certificates ends. */
  certificates: Record<string, Date>;
}

/** As far as it is looked at, what `rabbitmqctl cluster_status` says. */
export interface ClusterStatus {
  disk_nodes: string[];
  /** Absent from 4.3 on. */
  ram_nodes?: string[];
  running_nodes: string[];
  alarms: unknown[];
  partitions: Record<string, string[]> | string[];
  versions: Record<string, { rabbitmq_version: string }>;
}

/** Reads what a host has answered. */
export function observation({ addresses, containers, seen }: HostFacts): Observation {
  const [broker, balancer] = [containers["rabbitmq"]?.state, containers["haproxy"]?.state];
  const cluster = readJson(seen?.cluster ?? "");
  const servers = readServers(seen?.statistics ?? "");
  const keepalived = seen?.keepalived ?? undefined;
  return {
    addresses,
    ...(broker === undefined ? {} : { broker }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(balancer === undefined ? {} : { balancer }),
    ...(servers === undefined ? {} : { servers }),
    ...(keepalived === undefined ? {} : { keepalived }),
    certificates: Object.fromEntries(
      Object.entries(seen?.certificates ?? {}).flatMap(([file, pem]) => ends(file, pem)),
    ),
  };
}

/** The CLI of some brokers says a word before its JSON. */
function readJson(text: string): ClusterStatus | undefined {
  try {
    return JSON.parse(text.slice(text.indexOf("{"))) as ClusterStatus;
  } catch {
    return undefined;
  }
}

/** Of HAProxy's table: the servers behind the AMQP port. */
function readServers(text: string): Record<string, string> | undefined {
  const rows = text.split("\n").map((line) => line.split(","));
  const title = rows.find(([first]) => first?.startsWith("# pxname"));
  const status = title?.indexOf("status") ?? -1;
  if (status < 0) return undefined;
  const servers = rows.filter(
    ([proxy, server = ""]) => proxy === "rabbitmq" && !["FRONTEND", "BACKEND"].includes(server),
  );
  return Object.fromEntries(servers.map((row) => [row[1] ?? "", row[status] ?? ""]));
}

/** When the first of a file's certificates ends; nothing where none can be read. */
function ends(file: string, pem: string): [file: string, date: Date][] {
  try {
    const dates = certificatesIn(pem).map(({ validTo }) => Date.parse(validTo));
    return dates.length === 0 ? [] : [[file, new Date(Math.min(...dates))]];
  } catch {
    return [];
  }
}
