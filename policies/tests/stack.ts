import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { parse } from "yaml";
import type { StackConfig } from "../../config";
import { withoutStackTraces } from "../../tests/unit/support/stackTraces";
import type { Registered, Stack } from "./wire";

// Two processors may have much else to do.
jest.setTimeout(60_000);

/** What a generated password is in these tests; long enough for every use. */
export const generated = (length: number) => "Gen3rated-".repeat(10).slice(0, length);

const home = mkdtempSync(join(tmpdir(), "warren-policies-"));
const privateKeyFile = join(home, "id_ed25519");
const { privateKey } = generateKeyPairSync("ed25519");
writeFileSync(privateKeyFile, privateKey.export({ type: "pkcs8", format: "pem" }));

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";

export type Raw = Record<string, Record<string, unknown>>;

/** The dev stack's own config, with login files of the test's. */
export function devConfig(): Raw {
  const { config } = parse(readFileSync(join(__dirname, "../../Pulumi.dev.yaml"), "utf8")) as { config: Raw };
  const raw = Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace(/^warren:/, ""), value]));
  const hosts = Object.entries(raw.hosts ?? {}).map(([name, host]) => [name, { ...(host as object), hostKey }]);
  return { ...raw, ssh: { privateKeyFile }, hosts: Object.fromEntries(hosts) as Raw };
}

/** The dev stack's topology, with what its lab cannot have: images with a digest, and a router id of its own. */
export function goodConfig(): Raw {
  const raw = devConfig();
  const digest = `@sha256:${"0".repeat(64)}`;
  Object.assign(raw.rabbitmq ?? {}, { image: `rabbitmq:3.8.9-management${digest}` });
  Object.assign(raw.haproxy ?? {}, { image: `haproxy:2.6${digest}` });
  Object.assign(raw.vip ?? {}, { virtualRouterId: 187 });
  return raw;
}

/** Members, each on the host of its number. */
export const nodes = (...kinds: ("disc" | "ram")[]) =>
  kinds.map((type, index) => ({ name: `rabbitmq${index + 1}`, host: `host${index + 1}`, type }));

/** A config as the program gets it, checked by its own rules. */
export function configOf(raw: Raw): StackConfig {
  const { parseConfig } = jest.requireActual<typeof import("../../config")>("../../config");
  return parseConfig(raw, { stack: "test", projectDirectory: home });
}

let config: StackConfig | undefined;
jest.mock("../../config", () => ({ loadConfig: () => config }));

// There are no hosts to ask.
process.env["WARREN_OFFLINE"] = "1";

/** Runs the program, `index.ts`, and records what its components register. */
export async function build(stackConfig: StackConfig, { preview = false } = {}): Promise<Stack> {
  config = stackConfig;
  const resources: Registered[] = [];
  const mocks = {
    newResource: (args: pulumi.runtime.MockResourceArgs) => newResource(preview, args),
    call: () => ({}),
  };
  await pulumi.runtime.setMocks(mocks, "warren", "test", preview, "organization");
  record(resources);
  const program = jest.requireActual<() => Promise<unknown>>("../../index");
  await withoutStackTraces(async () => {
    await program();
    await pulumi.runtime.disconnect();
  });
  return { resources };
}

function newResource(preview: boolean, args: pulumi.runtime.MockResourceArgs): pulumi.runtime.MockResourceResult {
  const { type, name } = args;
  const inputs = args.inputs as Record<string, unknown>;
  // The stack's own last outputs: none.
  if (type === "pulumi:pulumi:StackReference") return { id: name, state: { outputs: {}, secretOutputNames: [] } };
  return { id: name, state: { ...inputs, ...(preview ? {} : results(type, inputs)) } };
}

/** What only an update knows. */
function results(type: string, inputs: Record<string, unknown>): Record<string, unknown> {
  switch (type) {
    case "random:index/randomPassword:RandomPassword":
      return { result: pulumi.secret(generated(inputs.length as number)) };
    case "command:remote:Command":
      return { stdout: '{"disk_nodes":[],"ram_nodes":[],"running_nodes":[],"versions":{}}' };
    default:
      return {};
  }
}

/** Listens to what the program sends to the engine. */
function record(resources: Registered[]): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource: (request: RegisterResourceRequest, done: Done) => void;
    registerResourceHook: (request: unknown, done: Done) => void;
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResourceHook = (_request, done) => {
    done(null, {});
  };
  monitor.registerResource = (request, done) => {
    register(request, (error, response) => {
      if (response) resources.push(registered(request, response));
      done(error, response);
    });
  };
}

interface Response {
  getUrn?: () => string;
  getObject?: () => { toJavaScript: () => Record<string, unknown> } | undefined;
}
type Done = (error: Error | null, response?: Response) => void;

function registered(request: RegisterResourceRequest, response: Response): Registered {
  const provider = request.getProvider().replace(/::[^:]*$/, "");
  const inputs = (request.getObject()?.toJavaScript() ?? {}) as Record<string, unknown>;
  const propertyDependencies: Registered["propertyDependencies"] = {};
  request.getPropertydependenciesMap().forEach((dependencies, key) => {
    propertyDependencies[key] = dependencies.getUrnsList();
  });
  return {
    urn: response.getUrn?.() ?? "",
    type: request.getType(),
    name: request.getName(),
    inputs,
    outputs: request.getCustom() ? { ...inputs, ...response.getObject?.()?.toJavaScript() } : {},
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    ...(provider !== "" && { provider }),
    propertyDependencies,
  };
}
