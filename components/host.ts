import { execFile } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import { prepareHost, unprepareHost, type HostPreparation } from "../commands/prepareHost";
import { runScript, scriptInput } from "../commands/shell";
import { sshOptions, type Login } from "../commands/ssh";

export interface HostArgs extends Login {
  /** Tells this machine from another one that takes its place. */
  machine: string;
  /** The machine is gone for good: nothing is done to it any more, and nothing fails because it does not answer. */
  lost: boolean;
  preparation: Omit<HostPreparation, "name" | "user">;
}

/** Scripts to run on a host as root. */
export interface HostScripts {
  /** It can be run again at any time: an update, be it of a login, runs it once more. */
  create: pulumi.Input<string>;
  /** What is run instead of `create` when the resource is there already. */
  update?: pulumi.Input<string>;
  delete?: string;
  /** Scripts of one name never run at the same time, be it that one is left over from a run that was killed. */
  lock?: string;
  /** Runs `create` anew when one of them changes. */
  triggers?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * One machine: how it is reached, its Docker daemon, and the gate that says it is prepared. Whatever is built on a host
 * depends on `ready`.
 */
export class Host extends pulumi.ComponentResource {
  readonly name: string;
  readonly address: string;
  readonly machine: string;
  readonly lost: boolean;
  /** The host's Docker daemon, over SSH. */
  readonly docker: docker.Provider;
  /** The preparation is done, and the firewall is up where there is one. */
  ready: pulumi.Resource;

  private readonly args: HostArgs;
  private readonly privateKey: pulumi.Output<string>;
  private readonly sshOpts: string[];

  constructor(name: string, args: HostArgs, opts?: pulumi.ComponentResourceOptions) {
    const { address, user, port, hostKey } = args;
    super("warren:index:Host", name, { address, user, port, hostKey }, opts);
    this.args = args;
    this.name = name;
    this.privateKey = pulumi.secret(readFileSync(args.privateKeyFile, "utf8"));
    this.address = address;
    this.machine = args.machine;
    this.lost = args.lost;

    // The control sockets of ssh live in the user's own directory: nobody else may come near an open connection.
    const controlDirectory = join(homedir(), ".ssh");
    mkdirSync(controlDirectory, { recursive: true, mode: 0o700 });
    this.sshOpts = sshOptions(args, controlDirectory);

    this.ready = this.run(
      `${name}-prepare`,
      { create: prepareHost({ ...args.preparation, name, user }), delete: unprepareHost(name) },
      { parent: this },
    );
    this.docker = new docker.Provider(
      `${name}-docker`,
      { host: `ssh://${user}@${address}:${port}`, sshOpts: this.sshOpts },
      this.options({ parent: this, dependsOn: [this.ready] }),
    );
    this.registerOutputs({ address: this.address });
  }

  /**
   * The options of a resource on this host. Where the machine is lost, the resource stays in the state as it is, and its end
   * is no more than that it leaves the state.
   */
  options<T extends pulumi.CustomResourceOptions>(opts: T): T {
    return this.lost ? { ...opts, retainOnDelete: true, ignoreChanges: ["*"] } : opts;
  }

  /**
   * Runs scripts on this host. Their output and errors stay out of the engine's log and are secrets in the state, since a
   * broker's CLI may print what it was told.
   */
  run(name: string, scripts: HostScripts, opts: pulumi.CustomResourceOptions): command.remote.Command {
    const { address: host, user, port, hostKey } = this.args;
    return new command.remote.Command(
      name,
      {
        connection: { host, user, port, privateKey: this.privateKey, ...(hostKey === undefined ? {} : { hostKey }) },
        create: runScript(user, "create", name),
        ...(scripts.update === undefined ? {} : { update: runScript(user, "update", name) }),
        ...(scripts.delete === undefined ? {} : { delete: runScript(user, "delete", name) }),
        // Another machine of the same address and key is to be told everything anew.
        stdin: pulumi
          .all([scripts.create, scripts.update])
          .apply(([create, update]) =>
            [
              this.machine === host ? "" : `# ${this.machine}\n`,
              scriptInput({ create, update, delete: scripts.delete }, scripts.lock),
            ].join(""),
          ),
        ...(scripts.triggers === undefined ? {} : { triggers: scripts.triggers }),
        logging: command.remote.Logging.None,
        addPreviousOutputInEnv: false,
      },
      this.options(pulumi.mergeOptions({ additionalSecretOutputs: ["stdout", "stderr"] }, opts)),
    );
  }

  /** A hook that runs a script on this host before a resource is created; it fails the resource when the script fails. */
  beforeCreate(name: string, script: string): pulumi.ResourceHook {
    const { user, address, port } = this.args;
    return new pulumi.ResourceHook(name, async () => {
      const ssh = promisify(execFile)("ssh", [
        ...this.sshOpts,
        "-p",
        String(port),
        `${user}@${address}`,
        runScript(user, "create", name),
      ]);
      ssh.child.stdin?.on("error", () => undefined);
      ssh.child.stdin?.end(scriptInput({ create: script }));
      await ssh.catch((error: unknown) => {
        const { stderr, message } = error as { stderr?: string; message: string };
        throw new pulumi.RunError(`${this.name}: ${stderr?.trim() || message}`);
      });
    });
  }
}
