import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { mountedDirectory } from "../commands/haproxy";
import { certificateDirectory } from "../commands/rabbitmq/certificates";
import { ConfigError, parseConfig, type StackConfig } from "../config";
import { judge, shown } from "./judge";
import { observe } from "./observe";

/* npm run check: see scripts/check.sh --help. */

interface Options {
  stack: string;
  /** Arguments for Pulumi: which stack of which project. */
  where: string[];
  projectDirectory: string;
  json: boolean;
}

function options(args: string[]): Options {
  const value = (name: string): string | undefined => {
    const index = args.indexOf(name);
    return index < 0 ? undefined : args[index + 1];
  };
  const [stack, cwd] = [value("--stack"), value("--cwd")];
  return {
    stack: stack ?? "",
    where: [...(stack === undefined ? [] : ["--stack", stack]), ...(cwd === undefined ? [] : ["--cwd", cwd])],
    projectDirectory: cwd ?? process.cwd(),
    json: args.includes("--json"),
  };
}

function pulumi(...args: string[]): unknown {
  const command = process.env["WARREN_PULUMI"] ?? join(__dirname, "../scripts/pulumi.sh");
  return JSON.parse(execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }));
}

/** The stack's config as the program reads it, secrets included. */
function configOf({ stack, where, projectDirectory }: Options): StackConfig {
  const values = pulumi("config", "--json", "--show-secrets", ...where) as Record<
    string,
    { value?: string; objectValue?: unknown }
  >;
  const raw = Object.entries(values)
    .filter(([key]) => key.startsWith("warren:"))
    .map(([key, { value, objectValue }]) => [key.replace("warren:", ""), objectValue ?? value]);
  return parseConfig(Object.fromEntries(raw) as Record<string, unknown>, { stack, projectDirectory });
}

interface Outputs {
  ports: { stats: number };
  stats: { username: string; password: string };
}

/** Where a host has certificates, as shell patterns. */
function certificateFiles({ rabbitmq, haproxy, tls }: StackConfig, host: string): string[] {
  const nodes = tls === undefined ? [] : rabbitmq.nodes.filter((node) => node.host === host);
  const balanced = haproxy.hosts.includes(host) && (tls !== undefined || haproxy.tls.certificates.length > 0);
  return [
    ...nodes.map(({ name }) => certificateDirectory({ directory: `${rabbitmq.dataDirectory}/${name}` })),
    ...(balanced ? [mountedDirectory({ directory: `${haproxy.directory}/${host}` })] : []),
  ].map((directory) => `${directory}/*.pem`);
}

async function main(): Promise<number> {
  const chosen = options(process.argv.slice(2));
  const config = configOf(chosen);
  const { ports, stats } = pulumi("stack", "output", "--json", "--show-secrets", ...chosen.where) as Partial<Outputs>;
  if (ports === undefined || stats === undefined) {
    console.error("This stack has no outputs: is it deployed?");
    return 2;
  }
  const balancer = { port: ports.stats, login: `${stats.username}:${stats.password}` };
  const seen = await Promise.all(
    Object.entries(config.hosts).map(async ([name, login]) => {
      const broker = config.rabbitmq.nodes.some(({ host }) => host === name);
      const certificates = certificateFiles(config, name);
      const wanted = { broker, certificates, ...(config.haproxy.hosts.includes(name) ? { balancer } : {}) };
      return [name, await observe(login, wanted)] as const;
    }),
  );
  const report = judge(chosen.stack || "The stack", config, Object.fromEntries(seen));
  process.stdout.write(chosen.json ? `${JSON.stringify(report, null, 2)}\n` : shown(report));
  return report.faults.length === 0 ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof ConfigError ? error.message : String(error));
    process.exitCode = 2;
  },
);
