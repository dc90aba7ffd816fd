import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";

// First: it stands in for parts of the SDK, which the program loads.
import { deploy, type Deployment } from "./mocks";

import program from "../../../index";
import { hostKey, privateKey } from "../configFixture";

jest.mock("node:os", () => {
  const os = jest.requireActual<typeof import("node:os")>("node:os");
  const fs = jest.requireActual<typeof import("node:fs")>("node:fs");
  const directory = fs.mkdtempSync(`${os.tmpdir()}/warren-unit-home-`);
  return { ...os, homedir: () => directory, userInfo: () => ({ ...os.userInfo(), homedir: directory }) };
});

/** The operator's home, which is the test's own. */
export const home = homedir();

afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});

/** What each host is known by. */
export const knownKey = hostKey();
/** What opens each host. */
export const loginKey = privateKey();

const lab = join(home, ".local/state/warren/lab/ssh");
mkdirSync(lab, { recursive: true });
writeFileSync(join(lab, "id_ed25519"), loginKey);
writeFileSync(join(lab, "known_hosts"), [1, 2, 3, 4, 5].map((n) => `198.18.66.1${n} ${knownKey}\n`).join(""));

type Values = Record<string, unknown>;

/**
 * Pulumi.dev.yaml's config with some values set, by their paths ("rabbitmq.nodes.2.type"); `undefined` takes one away. A
 * dot within a key is written as a slash.
 */
export function devConfig(changes: Values = {}): Values {
  const file = parse(readFileSync(join(__dirname, "../../../Pulumi.dev.yaml"), "utf8")) as { config: Values };
  for (const [path, value] of Object.entries(changes)) {
    const keys = `warren:${path}`.split(".").map((key) => key.replaceAll("/", "."));
    const last = keys.pop() ?? "";
    const parent = keys.reduce<Values>((inner, key) => (inner[key] ??= {}) as Values, file.config);
    if (value === undefined) Reflect.deleteProperty(parent, last);
    else parent[last] = value;
  }
  return file.config;
}

/** The dev stack's nodes, as its outputs name them. */
export const members = [
  { name: "rabbitmq1", host: "host1", type: "disc" },
  { name: "rabbitmq2", host: "host2", type: "disc" },
  { name: "rabbitmq3", host: "host3", type: "ram" },
];
export const nodes = members.map(({ name }) => name);

/** What an update leaves of its hosts, beside its members: how each container of theirs was made. */
function lastDeployment(serving: typeof members): Values {
  const made = { form: 1, image: "rabbitmq:3.8.9-management", stopSeconds: 120 };
  const containers = Object.fromEntries(serving.map(({ name }) => [`${name}-container`, made]));
  return { id: "uuid-deployment", stack: "acme/warren/dev", steps: {}, containers };
}

/**
 * The dev stack's program, with changes of its config, after an update that left these members serving.
 *
 * @param last further outputs of that update; `deployment: undefined`: it was one of release 0.1.0
 */
export function deployDev(changes: Values = {}, serving: typeof members = [], last: Values = {}): Promise<Deployment> {
  const outputs = { nodes: serving, deployment: lastDeployment(serving), ...last };
  return deploy(program, devConfig(changes), serving.length === 0 ? last : outputs);
}
