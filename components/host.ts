import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import * as commands from "../commands/firewall";
import { installLibrary, readLibrary } from "../commands/library";
import { prepare, type PrepareData } from "../commands/prepare";
import { beforePreparation, sshOptions, type Login } from "../commands/ssh";
import { asRoot, render, runStep, type Step } from "../commands/step";
import type { DriftWatch } from "../facts/drift";
import { operatorHome } from "../facts/home";
import type { ContainerForms, MadeContainer, WantedContainer } from "../facts/forms";
import { firewallNft } from "../templates/firewallNft";
import type { Firewall } from "./firewall";

export interface HostArgs extends Login {
  /** Tells this machine from another one that takes its place. */
  machine: string;
  /** The machine is gone for good: nothing is done to it any more, and nothing fails because it does not answer. */
  lost: boolean;
  preparation: Omit<PrepareData, "host" | "user" | "libraryDigest">;
  /** Id of the deployment that owns the host. */
  deployment: pulumi.Output<string>;
  /** Name of the stack when that was made. */
  stack: string;
  /** What has to run again because it no longer holds on the host. */
  drift: DriftWatch;
  /** How its containers are made. */
  forms: ContainerForms;
  /** Absent: no rules of Warren's on any host. */
  firewall?: Firewall | undefined;
}

/** A step's data, of which some may come from other resources. */
export type StepData<Data> = { [Key in keyof Data]: pulumi.Input<Data[Key]> };

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
  /** Name of the stack when the deployment was made, which containers and the owner file carry. */
  readonly stack: string;
  /** All that has been declared for the host so far. */
  readonly steps: command.remote.Command[] = [];
  /** The preparation is done, and the firewall is up where there is one. */
  readonly ready: pulumi.Resource;

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
    this.stack = args.stack;

    this.sshOpts = sshOptions(args, operatorHome());

    const library = this.bringLibrary();
    const prepared = this.step(
      `${name}-prepare`,
      prepare,
      { host: name, user, ...args.preparation, libraryDigest: readLibrary().digest },
      { parent: this, hooks: { beforeCreate: [library], beforeUpdate: [library] } },
    );
    this.docker = new docker.Provider(
      `${name}-docker`,
      { host: `ssh://${user}@${address}:${port}`, sshOpts: this.sshOpts },
      this.options({ parent: this, dependsOn: [prepared] }),
    );
    this.ready = this.closePorts(prepared);
    this.registerOutputs({ address: this.address });
  }

  /**
   * The options of a resource on this host. Where the machine is lost, the resource stays in the state as it is, and its end
   * is no more than that it leaves the state.
   */
  options<T extends pulumi.CustomResourceOptions>(opts: T): T {
    return this.lost ? { ...opts, retainOnDelete: true, ignoreChanges: ["*"] } : opts;
  }

  /** What has an image on this host pulled again when it changes. */
  imageTriggers(resource: string, image: string): Record<string, string> {
    const again = this.args.drift.image(this.name, resource, image);
    return { machine: this.machine, ...(again === undefined ? {} : { again }) };
  }

  /**
   * How a container is made, and its settings label: the digest of its settings, with an addition where it has to be replaced
   * although these are the same, because it is gone or was changed by hand.
   */
  container(wanted: WantedContainer): MadeContainer & { digest: string; settings: string } {
    const { resource, container, recordedBy, image, digests, stopSeconds } = wanted;
    const { drift, forms } = this.args;
    const newest = { form: digests.length - 1, image, stopSeconds };
    const kept = forms.kept(this.name, wanted);
    const digest = ({ form }: MadeContainer): string => digests[form] ?? "";
    const again = drift.container(this.name, resource, container, recordedBy, digest(kept ?? newest));
    const made = drift.replaces(again) ? newest : (kept ?? newest);
    forms.made[resource] = made;
    const own = digest(made);
    return { ...made, digest: own, settings: again === undefined ? own : `${own}.${again}` };
  }

  /**
   * Runs a step of the host's library. Its output and errors stay out of the engine's log and are secrets in the state, since
   * a broker's CLI may print what it was given.
   *
   * @param alongWith resources whose steps need this one's once more: when one of them has to run again, so has this one
   */
  step<Data extends object>(
    name: string,
    step: Step<Data>,
    data: StepData<Data>,
    opts: pulumi.CustomResourceOptions,
    alongWith: readonly string[] = [],
  ): command.remote.Command {
    const { address: host, user, port, hostKey, deployment, drift } = this.args;
    // Another machine under the same address is configured from scratch.
    const machine = this.machine === host ? undefined : this.machine;
    const again = drift.step(this.name, name, alongWith);
    const values = { deployment, machine, again, ...data } as unknown as pulumi.Input<object>;
    const declared = new command.remote.Command(
      name,
      {
        connection: { host, user, port, privateKey: this.privateKey, ...(hostKey === undefined ? {} : { hostKey }) },
        create: runStep(user, "create", step.name, name),
        update: runStep(user, "update", step.name, name),
        ...(step.ends ? { delete: runStep(user, "delete", step.name, name) } : {}),
        stdin: pulumi.output(values).apply(render),
        logging: command.remote.Logging.None,
        addPreviousOutputInEnv: false,
      },
      this.options(pulumi.mergeOptions({ additionalSecretOutputs: ["stdout", "stderr"] }, opts)),
    );
    this.steps.push(declared);
    return declared;
  }

  /**
   * A hook that runs a step of the host's library before a resource is created, and fails the resource when the step fails.
   * Nothing is recorded of it.
   */
  beforeCreate<Data extends object>(name: string, step: Step<Data>, data: Data): pulumi.ResourceHook {
    const command = runStep(this.args.user, "run", step.name, name);
    return new pulumi.ResourceHook(name, async () => {
      await this.runOverSsh(command, render({ deployment: await valueOf(this.args.deployment), ...data }));
    });
  }

  /** The firewall's rules for this host, where it has some. */
  private closePorts(prepared: pulumi.Resource): pulumi.Resource {
    const { firewall } = this.args;
    const rules = firewall?.rules[this.name];
    if (firewall === undefined || rules === undefined) return prepared;
    const opts = { parent: firewall, dependsOn: [prepared] };
    return this.step(`${firewall.name}-${this.name}`, commands.firewall, { rules: firewallNft(rules) }, opts);
  }

  /** A hook that makes the host this deployment's, and brings it the library that its steps are run from. */
  private bringLibrary(): pulumi.ResourceHook {
    const { user, deployment } = this.args;
    const library = readLibrary();
    return new pulumi.ResourceHook(`${this.name}-library`, async () => {
      const input = installLibrary(library, await valueOf(deployment), this.stack);
      await this.runOverSsh(asRoot(user, "bash -s install"), input, beforePreparation(user));
    });
  }

  /** Runs a command on this host with a standard input; throws what it says on standard error. */
  private async runOverSsh(command: string, input: string, options: string[] = []): Promise<void> {
    const { user, address, port } = this.args;
    const destination = ["-p", String(port), `${user}@${address}`];
    const ssh = promisify(execFile)("ssh", [...options, ...this.sshOpts, ...destination, command]);
    ssh.child.stdin?.on("error", () => undefined);
    ssh.child.stdin?.end(input);
    await ssh.catch((error: unknown) => {
      const { stderr, message } = error as { stderr?: string; message: string };
      throw new pulumi.RunError(`${this.name}: ${stderr?.trim() || message}`);
    });
  }
}

/** An output's value where hooks run: the engine knows it by then. */
function valueOf(output: pulumi.Output<string>): Promise<string> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}
