import * as pulumi from "@pulumi/pulumi";
import type {
  RegisterResourceOutputsRequest,
  RegisterResourceRequest,
  RegisterResourceResponse,
} from "@pulumi/pulumi/proto/resource_pb";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";

import { clusterStatus } from "./clusterStatus";
import { withoutStackTraces } from "./stackTraces";

jest.setTimeout(30_000);

// There are no hosts to ask.
process.env["WARREN_OFFLINE"] = "1";

type Values = Record<string, unknown>;

/** What a program asked the engine to make. Other resources stand in it by their names. */
export interface Resource {
  name: string;
  type: string;
  custom: boolean;
  /** As the engine gets them: a secret stands in its envelope. */
  inputs: Values;
  /** Name of the parent; the stack's own is `warren-dev`. */
  parent: string;
  /** What it waits for, be it for `dependsOn` or for a property, sorted; but for the deployment's id. */
  dependsOn: string[];
  /** By input: the resources that its value comes from. */
  madeFrom: Record<string, string[]>;
  provider: string;
  /** Names of hooks, by kind. */
  hooks: Record<string, string[]>;
  aliases: number;
  additionalSecretOutputs: string[];
  ignoreChanges: string[];
  retainOnDelete: boolean;
  deleteBeforeReplace: boolean;
}

/** How the engine marks a secret. */
const envelope = "4dabf18193072939515e22adb298388d";
const secretMark = "1b47061264138c4ac30d75fd1eb44270";

/** A secret as the engine gets it. */
export function sealed(value: unknown): Values {
  return { [envelope]: secretMark, value };
}

/** The value within a secret's envelope; nothing where the value is no secret. */
export function unsealed(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !(envelope in value)) return undefined;
  return value[envelope] === secretMark && "value" in value ? value.value : undefined;
}

/** An image's id, as long as a real one. */
export const imageId = `sha256:${"1".repeat(64)}`;

/** What a provider would answer, beside the inputs. */
function made({ type, name }: pulumi.runtime.MockResourceArgs): Values {
  switch (type) {
    case "random:index/randomPassword:RandomPassword":
      return { result: `generated-${name}` };
    case "random:index/randomUuid:RandomUuid":
      return { result: `uuid-${name}` };
    case "docker:index/remoteImage:RemoteImage":
      return { imageId };
    case "tls:index/privateKey:PrivateKey":
      return { privateKeyPem: `private-${name}\n`, privateKeyPemPkcs8: `private-${name}\n` };
    case "tls:index/certRequest:CertRequest":
      return { certRequestPem: `${name}\n` };
    case "tls:index/selfSignedCert:SelfSignedCert":
    case "tls:index/locallySignedCert:LocallySignedCert":
      return { certPem: `${name}\n` };
    case "command:remote:Command":
      return { stdout: name.endsWith("-formed") ? clusterStatus() : `stdout of ${name}`, stderr: "" };
    default:
      return {};
  }
}

type Hook = () => Promise<void>;
const mockHooks = new Map<string, Hook>();

// The SDK would open a port for its engine to call hooks by.
jest.mock("@pulumi/pulumi/runtime/callbacks", () => ({
  CallbackServer: class {
    registerResourceHook(hook: { name: string; callback: Hook }) {
      mockHooks.set(hook.name, hook.callback);
      return Promise.resolve();
    }
    awaitStackRegistrations() {
      return Promise.resolve();
    }
    shutdown() {
      // Nothing was opened.
    }
  },
}));

/** An engine that makes nothing and remembers everything. */
class Recorder extends MockMonitor {
  readonly registered: Resource[] = [];
  readonly outputs = new Map<string, Values>();
  private readonly names = new Map<string, string>();

  constructor(previousOutputs: Values) {
    const secretOutputs = new Map<string, string[]>();
    super({
      call: () => ({}),
      newResource: (args) => {
        const inputs = args.inputs as Values;
        if (args.type === "pulumi:pulumi:StackReference") {
          this.references.push(args.id ?? "");
          return { id: args.id ?? "", state: { ...inputs, outputs: previousOutputs } };
        }
        const secret = secretOutputs.get(args.name) ?? [];
        const state = { ...inputs, ...made(args) };
        for (const key of secret) if (key in state) state[key] = pulumi.secret(state[key]);
        return { id: `id of ${args.name}`, state };
      },
    });
    this.secretOutputs = secretOutputs;
  }

  /** Stacks that were looked into. */
  readonly references: string[] = [];
  private readonly secretOutputs: Map<string, string[]>;

  override async registerResource(
    request: RegisterResourceRequest,
    callback: (error: unknown, response: RegisterResourceResponse | undefined) => void,
  ): Promise<void> {
    this.secretOutputs.set(request.getName(), request.getAdditionalsecretoutputsList());
    await super.registerResource(request, (error: unknown, response: RegisterResourceResponse | undefined) => {
      if (response !== undefined) {
        this.names.set(response.getUrn(), request.getName());
        this.registered.push(this.read(request));
      }
      callback(error, response);
    });
  }

  private read(request: RegisterResourceRequest): Resource {
    const named = (urns: string[]) => urns.map((urn) => this.names.get(urn) ?? `unknown: ${urn}`).sort();
    const madeFrom = Array.from(request.getPropertydependenciesMap().entries())
      .map(([key, urns]): [string, string[]] => [key, named(urns.getUrnsList())])
      .filter(([, from]) => from.length > 0);
    const hooks = Object.entries(request.getHooks()?.toObject() ?? {}).filter(([, names]) => names.length > 0);
    return {
      name: request.getName(),
      type: request.getType(),
      custom: request.getCustom(),
      inputs: request.getObject()?.toJavaScript() ?? {},
      parent: named([request.getParent()].filter((urn) => urn !== "")).join(""),
      // Every step has the deployment's id among its data.
      dependsOn: named(request.getDependenciesList()).filter((other) => other !== "deployment"),
      madeFrom: Object.fromEntries(madeFrom),
      // The engine knows a provider by its URN and its id.
      provider: named([request.getProvider().replace(/::id of .*/, "")].filter((urn) => urn !== "")).join(""),
      hooks: Object.fromEntries(hooks),
      aliases: request.getAliasesList().length,
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      ignoreChanges: request.getIgnorechangesList(),
      retainOnDelete: request.getRetainondelete() ?? false,
      deleteBeforeReplace: request.getDeletebeforereplace(),
    };
  }

  override registerResourceOutputs(
    request: RegisterResourceOutputsRequest,
    callback: (error: unknown, response: unknown) => void,
  ): void {
    this.outputs.set(this.names.get(request.getUrn()) ?? "", request.getOutputs()?.toJavaScript() ?? {});
    super.registerResourceOutputs(request, callback);
  }
}

/** What became of a program. */
export class Deployment {
  constructor(
    readonly resources: Resource[],
    /** By resource; the stack's own are those of `warren-dev`. */
    private readonly outputs: ReadonlyMap<string, Values>,
    private readonly hooks: ReadonlyMap<string, Hook>,
    /** Stacks that were looked into. */
    readonly references: string[],
  ) {}

  resource(name: string): Resource {
    const found = this.resources.find((resource) => resource.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  }

  outputsOf(name = "warren-dev"): Values {
    return this.outputs.get(name) ?? {};
  }

  /** Runs a hook, as the engine would before it makes a resource. */
  async hook(name: string): Promise<void> {
    const hook = this.hooks.get(name);
    if (hook === undefined) throw new Error(`there is no hook ${name}`);
    await hook();
  }

  /** Everything that has to be done before a resource can be, directly or not. */
  before(name: string): Set<string> {
    const all = new Set<string>();
    const visit = (from: string) => {
      for (const next of this.resource(from).dependsOn) {
        if (!all.has(next)) {
          all.add(next);
          visit(next);
        }
      }
    };
    visit(name);
    return all;
  }
}

/**
 * Runs a program as the engine would, for acme/warren/dev.
 *
 * @param config the stack's config, with its namespaces
 * @param previousOutputs the stack's outputs after its last update
 */
export async function deploy(
  program: () => object | Promise<object>,
  config: Values = {},
  previousOutputs: Values = {},
): Promise<Deployment> {
  const stack = ["warren", "dev", false, "acme"] as const;
  const recorder = new Recorder(previousOutputs);
  mockHooks.clear();
  await pulumi.runtime.setMocks(recorder.mocks, ...stack);
  pulumi.runtime.setMockOptions(recorder, ...stack);
  const texts = Object.entries(config).map(([key, value]): [string, string] => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(texts));
  // A program that throws would end the process.
  const failures: unknown[] = [];
  await withoutStackTraces(async () => {
    await pulumi.runtime.runInPulumiStack(async () => {
      try {
        return await program();
      } catch (error) {
        failures.push(error);
        return {};
      }
    });
    // Waits for every registration.
    await pulumi.runtime.disconnect();
  });
  if (failures.length > 0) throw failures[0];
  return new Deployment(recorder.registered, recorder.outputs, new Map(mockHooks), recorder.references);
}
