import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { ConfigError, parseConfig, type StackConfig } from "../config";
import { readLastUpdate, type LastOutputs } from "../facts/last";
import { askHosts, beliefOf, survey } from "../facts/survey";
import { judge } from "./judge";
import { looksAt } from "./looks";
import { shown } from "./show";

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

interface Outputs extends LastOutputs {
  ports?: { stats: number };
  stats?: { username: string; password: string };
}

async function main(): Promise<number> {
  const chosen = options(process.argv.slice(2));
  const config = configOf(chosen);
  const outputs = pulumi("stack", "output", "--json", "--show-secrets", ...chosen.where) as Outputs;
  const { ports, stats } = outputs;
  if (ports === undefined || stats === undefined) {
    console.error("This stack has no outputs: is it deployed?");
    return 2;
  }
  const last = readLastUpdate(outputs);
  const belief = beliefOf(last);
  const statistics = { port: ports.stats, login: `${stats.username}:${stats.password}` };
  const facts = await askHosts(config, belief, (host) => looksAt(config, statistics, host));
  const found = survey(config, belief, facts);
  found.drift.lookAgain(last.deployment?.watched);
  const report = judge(chosen.stack || "The stack", config, found);
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
