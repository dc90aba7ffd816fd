import { execFile } from "node:child_process";

import { fileMark, look, partMark, type Look } from "../commands/look";
import { runScript, scriptInput } from "../commands/shell";
import { sshOptions } from "../commands/ssh";
import type { HostConfig } from "../config";
import { certificatesIn } from "../config/rules/certificates";

import { operatorHome } from "../facts/home";

/** What a host shows of itself. What could not be told is absent. */
export interface Observation {
  /** Its IPv4 addresses, without prefix lengths. */
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
  certificates?: Record<string, Date>;
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

/** Reads what the script of commands/look.ts has printed. */
export function readObservation(output: string): Observation {
  const parts = new Map(
    output
      .split(partMark)
      .slice(1)
      .map((text): [string, string] => {
        const [name = "", ...lines] = text.split("\n");
        return [name, lines.join("\n").trim()];
      }),
  );
  const said = (name: string): string | undefined => parts.get(name) || undefined;
  const [broker, balancer, keepalived] = [said("broker"), said("balancer"), said("keepalived")];
  const cluster = readJson(said("cluster"));
  const servers = readServers(said("statistics"));
  const certificates = readCertificates(said("certificates"));
  return {
    addresses: [...(said("addresses") ?? "").matchAll(/ inet ([\d.]+)\//g)].map(([, address = ""]) => address),
    ...(broker === undefined ? {} : { broker }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(balancer === undefined ? {} : { balancer }),
    ...(servers === undefined ? {} : { servers }),
    ...(keepalived === undefined ? {} : { keepalived }),
    ...(certificates === undefined ? {} : { certificates }),
  };
}

/** The CLI of some brokers says a word before its JSON. */
function readJson(text: string | undefined): ClusterStatus | undefined {
  try {
    return JSON.parse(text?.slice(text.indexOf("{")) ?? "") as ClusterStatus;
  } catch {
    return undefined;
  }
}

/** Of HAProxy's table: the servers behind the AMQP port. */
function readServers(text: string | undefined): Record<string, string> | undefined {
  const rows = text?.split("\n").map((line) => line.split(",")) ?? [];
  const title = rows.find(([first]) => first?.startsWith("# pxname"));
  const status = title?.indexOf("status") ?? -1;
  if (status < 0) return undefined;
  const servers = rows.filter(
    ([proxy, server = ""]) => proxy === "rabbitmq" && !["FRONTEND", "BACKEND"].includes(server),
  );
  return Object.fromEntries(servers.map((row) => [row[1] ?? "", row[status] ?? ""]));
}

function readCertificates(text: string | undefined): Record<string, Date> | undefined {
  const files = text?.split(fileMark).slice(1).map(ends) ?? [];
  return files.length === 0 ? undefined : Object.fromEntries(files.flat());
}

/** A file's name, and when the first of its certificates ends; nothing where none can be read. */
function ends(text: string): [file: string, date: Date][] {
  const file = text.split("\n", 1)[0] ?? "";
  try {
    const dates = certificatesIn(text).map(({ validTo }) => Date.parse(validTo));
    return dates.length === 0 ? [] : [[file, new Date(Math.min(...dates))]];
  } catch {
    return [];
  }
}

/** Looks at a host over SSH; its key is checked as in a deployment. */
export async function observe(login: HostConfig, wanted: Look): Promise<Observation | Error> {
  const { user, address, port } = login;
  const args = [
    ...sshOptions(login, operatorHome()),
    "-p",
    String(port),
    `${user}@${address}`,
    runScript(user, "create", "check"),
  ];
  return new Promise((resolve) => {
    const ssh = execFile("ssh", args, { maxBuffer: 16 << 20, timeout: 90_000 }, (error, stdout, stderr) => {
      resolve(error ? new Error(stderr.trim() || error.message) : readObservation(stdout));
    });
    ssh.stdin?.on("error", () => undefined);
    ssh.stdin?.end(scriptInput({ create: look(wanted) }));
  });
}
