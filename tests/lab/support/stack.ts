import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import type { StackOutputs } from "../../../components/outputs";
import { ofThisLab, root } from "./hosts";

/** The `config` of a stack's file, as far as tests change it. */
export interface StackFile {
  "warren:hosts": Record<string, { address: string; hostKey?: string; [key: string]: unknown }>;
  "warren:ssh": { user?: string; privateKeyFile?: string; knownHostsFile?: string };
  "warren:prepare": Record<string, unknown>;
  "warren:rabbitmq": {
    image: string;
    nodes: { name: string; host: string; type: "disc" | "ram" }[];
    settings?: Record<string, unknown>;
    [key: string]: unknown;
  };
  "warren:haproxy": { image: string; hosts: string[]; ports: Record<string, number>; [key: string]: unknown };
  "warren:tls"?: Record<string, unknown>;
  "warren:vip"?: { check: { intervalSeconds: number; weight?: number }; [key: string]: unknown };
}

export interface Run {
  code: number;
  /** Standard output and error, as they came. */
  output: string;
}

export type Outputs = Pick<
  StackOutputs,
  "vip" | "ports" | "managementUrl" | "statsUrl" | "vhost" | "username" | "nodes"
> & {
  amqpUrl: string;
  password: string;
  users: Record<string, { username: string; password: string }>;
  stats: { username: string; password: string };
  members: { disc: string[]; ram: string[]; running: string[]; versions: Record<string, string> };
};

/** Encrypts the secrets of every stack that a test makes. */
export const passphrase = "a test's";

/**
 * A stack of the real program, run by the real engine, in a project folder, with a config and a backend of its own. The
 * config is the dev stack's, on the hosts of the lab that the tests use, with a test's changes.
 */
export class Stack {
  /** Everything that its runs printed, but for what `pulumi stack` was asked to show. */
  log = "";
  private readonly directory = mkdtempSync(join(tmpdir(), "warren-stack-"));
  private readonly file: string;

  constructor(
    readonly name: string,
    change: (config: StackFile) => void = () => undefined,
  ) {
    this.runFrom(root);
    mkdirSync(join(this.directory, "state"));
    this.file = join(this.directory, `Pulumi.${name}.yaml`);
    const dev = parse(ofThisLab(readFileSync(join(root, "Pulumi.dev.yaml"), "utf8"))) as { config: StackFile };
    change(dev.config);
    writeFileSync(this.file, stringify({ config: dev.config }));
  }

  /** Runs the program in this directory from now on: this checkout's, or a release's. */
  runFrom(program: string): void {
    const project = parse(readFileSync(join(program, "Pulumi.yaml"), "utf8")) as object;
    writeFileSync(join(this.directory, "Pulumi.yaml"), stringify({ ...project, main: program }));
  }

  /** Changes the config; the next run has it. */
  change(edit: (config: StackFile) => void): void {
    const file = parse(readFileSync(this.file, "utf8")) as { config: StackFile };
    edit(file.config);
    writeFileSync(this.file, stringify(file));
  }

  /** The config as it is. */
  config(): StackFile {
    return (parse(readFileSync(this.file, "utf8")) as { config: StackFile }).config;
  }

  /** Starts a Pulumi command and leaves it running. */
  start(...args: string[]): { process: ChildProcess; ended: Promise<Run> } {
    return this.spawn("pulumi", ["--non-interactive", "--stack", this.name, ...args]);
  }

  /** Runs `npm run recover`, to its end. */
  async recover(): Promise<Run> {
    const where = ["--cwd", this.directory, "--stack", this.name];
    return this.spawn(join(root, "scripts/recover.sh"), where).ended;
  }

  /** Runs `npm run plan` for this stack. */
  async plan(...args: string[]): Promise<Run> {
    return this.spawn(join(root, "scripts/plan.sh"), ["--stack", this.name, ...args]).ended;
  }

  /** Runs `npm run check`, to its end. */
  async check(...args: string[]): Promise<Run> {
    const where = ["--cwd", this.directory, "--stack", this.name];
    return this.spawn(join(root, "scripts/check.sh"), [...where, ...args]).ended;
  }

  private spawn(command: string, args: string[]): { process: ChildProcess; ended: Promise<Run> } {
    const process = spawn(command, args, {
      cwd: this.directory,
      env: {
        ...globalThis.process.env,
        PULUMI_BACKEND_URL: `file://${this.directory}/state?metadata=skip`,
        PULUMI_CONFIG_PASSPHRASE: passphrase,
        PULUMI_NODEJS_TRANSPILE_ONLY: "true",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
      this.log += args.includes("stack") ? "" : chunk.toString();
    };
    process.stdout.on("data", collect);
    process.stderr.on("data", collect);
    const ended = new Promise<Run>((resolve) => {
      // Not `close`: plugins that outlive a killed CLI keep its output open.
      process.on("exit", (code) => {
        setImmediate(() => {
          resolve({ code: code ?? 1, output });
        });
      });
    });
    return { process, ended };
  }

  /** Runs a Pulumi command to its end, whatever that is. */
  async try(...args: string[]): Promise<Run> {
    return this.start(...args).ended;
  }

  /** Runs a Pulumi command that has to end well. */
  async pulumi(...args: string[]): Promise<string> {
    const { code, output } = await this.try(...args);
    if (code !== 0) {
      throw new Error(`pulumi ${args.join(" ")} ended with ${code}:\n${output}`);
    }
    return output;
  }

  async init(): Promise<void> {
    await this.pulumi("stack", "init");
  }

  async up(...args: string[]): Promise<string> {
    return this.pulumi("up", "--yes", "--skip-preview", "--parallel", "32", ...args);
  }

  async destroy(): Promise<string> {
    return this.pulumi("destroy", "--yes", "--skip-preview");
  }

  async outputs(): Promise<Outputs> {
    return JSON.parse(await this.pulumi("stack", "output", "--json", "--show-secrets")) as Outputs;
  }

  /** The state as text, secrets encrypted or in plain. */
  async export(secrets: "encrypted" | "plain"): Promise<string> {
    return this.pulumi("stack", "export", ...(secrets === "plain" ? ["--show-secrets"] : []));
  }

  /** Puts a state in the place of the stack's own. */
  async import(state: object): Promise<void> {
    const file = join(this.directory, "import.json");
    writeFileSync(file, JSON.stringify(state));
    await this.pulumi("stack", "import", "--file", file);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}
