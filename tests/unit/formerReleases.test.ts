import { existsSync } from "node:fs";
import { join } from "node:path";

import { unlike } from "../releases/alike";
import { changesAhead, changesBetween, details, harmful, listing, unforeseen } from "../releases/changes";
import { forOperator, openSecrets, withoutOperator, type Deployment, type Resource } from "../releases/deployment";
import { files, recordedConfig, recordedStacks, recordedState, releases } from "../releases/release";

const secret = (value: unknown): unknown => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  plaintext: JSON.stringify(value),
});

const component = "warren:index:RabbitCluster$warren:index:RabbitNode";
const time = "2026-01-01T00:00:00Z";

function resource(type: string, name: string, inputs: Resource["inputs"] = {}, more: Partial<Resource> = {}): Resource {
  return {
    urn: `urn:pulumi:dev::warren::${component}$${type}::${name}`,
    type,
    inputs,
    created: time,
    modified: time,
    ...more,
  };
}
const gate = (stdin: unknown, more: Partial<Resource> = {}): Resource =>
  resource(
    "command:remote:Command",
    "rabbitmq1-gate",
    { create: "/usr/local/lib/warren/current/warren create rabbitmq/gate rabbitmq1-gate", stdin },
    more,
  );
const container = (more: Partial<Resource> = {}): Resource =>
  resource("docker:index/container:Container", "rabbitmq1-container", { image: "sha256:1" }, more);
const state = (...resources: Resource[]): Deployment => ({ version: 3, deployment: { resources } });

describe("a state", () => {
  const operator = { privateKey: "KEY\nof mine\n", privateKeyFile: "/home/me/key", controlDirectory: "/home/me/.ssh" };
  const own = state(
    gate(secret({ host: "198.18.66.11", privateKey: operator.privateKey }), {
      outputs: { sshOpts: '["-i","/home/me/key","-o","ControlPath=/home/me/.ssh/warren-%C"]' },
    }),
  );

  test("is kept without what is the operator's, also in secrets, and filled in for another one", () => {
    const kept = withoutOperator(own, operator);
    expect(openSecrets(kept.deployment.resources?.[0]?.inputs?.["stdin"])).toEqual({
      host: "198.18.66.11",
      privateKey: "{{privateKey}}",
    });
    expect(JSON.stringify(kept)).not.toContain("/home/me");
    expect(forOperator(kept, operator)).toEqual(own);
    const other = { privateKey: "$& of theirs", privateKeyFile: "/root/key", controlDirectory: "/root/.ssh" };
    expect(JSON.stringify(forOperator(kept, other))).toContain("$& of theirs");
  });
});

describe("changes", () => {
  const later = "2026-01-02T00:00:00Z";
  const [before, after] = [secret("look\nwait\n"), secret("look\nwait longer\n")];

  test("are found between two states, by name, kind and line", () => {
    const changes = changesBetween(
      state(gate(before), container(), resource("random:index/randomPassword:RandomPassword", "rabbitmq1-cookie")),
      state(gate(after, { modified: later }), container({ created: later, modified: later })),
    );
    expect(listing(changes)).toBe(
      [
        "1 × delete RabbitNode/random:index/randomPassword:RandomPassword (): rabbitmq1-cookie\n",
        "1 × replace RabbitNode/container (): rabbitmq1-container\n",
        "1 × update RabbitNode/gate (stdin): rabbitmq1-gate\n",
      ].join(""),
    );
    expect(details(changes)).toContain("update RabbitNode/gate, for example rabbitmq1-gate:\n  stdin:\n");
    expect(details(changes)).toContain("    - wait\n    + wait longer\n");
    expect(harmful(changes).map(({ name }) => name)).toEqual(["rabbitmq1-container", "rabbitmq1-cookie"]);
    expect(unforeseen(changes, "3 × update RabbitNode/gate (stdin): a b c\n")).toEqual([
      "replace RabbitNode/container",
      "delete RabbitNode/random:index/randomPassword:RandomPassword",
    ]);
  });

  test("are none where nothing was touched", () => {
    expect(changesBetween(state(gate(before)), state(gate(before)))).toEqual([]);
    expect(listing([])).toBe("");
  });

  test("are read from a preview, with the secrets that its digest leaves out", () => {
    const old = state(gate(before), container());
    const [{ urn: gateUrn } = gate(""), { urn: containerUrn } = container()] = old.deployment.resources ?? [];
    const digest = JSON.stringify({
      steps: [
        { op: "update", urn: gateUrn, diffReasons: ["stdin"] },
        { op: "same", urn: containerUrn },
      ],
    });
    const plan = JSON.stringify({
      resourcePlans: { [gateUrn]: { goal: { inputDiff: { updates: { stdin: after } } } } },
    });
    const changes = changesAhead(old, digest, plan);
    expect(listing(changes)).toBe("1 × update RabbitNode/gate (stdin): rabbitmq1-gate\n");
    expect(details(changes)).toContain("    + wait longer\n");
    expect(harmful(changes)).toEqual([]);
  });

  test("do harm where a script that ends something on a host would run", () => {
    const member = (inputs: Resource["inputs"]): Resource =>
      resource("command:remote:Command", "rabbitmq1-member", inputs);
    expect(harmful(changesBetween(state(member({ create: "a" })), state()))).toEqual([]);
    expect(harmful(changesBetween(state(member({ create: "a", delete: "b" })), state()))).toHaveLength(1);
    expect(harmful(changesBetween(state(), state(container())))).toHaveLength(1);
  });
});

describe("two deployments", () => {
  const deployment = (password: string, id: string, address: string, stdin: string): Deployment =>
    state(
      resource("random:index/randomPassword:RandomPassword", "password", {}, { outputs: { result: secret(password) } }),
      resource("docker:index/remoteImage:RemoteImage", "image", {}, { outputs: { imageId: id } }),
      resource("warren:index:Host", "host1", { address, hostKey: `key of ${id}` }, { outputs: { address } }),
      gate(secret(stdin)),
      resource("docker:index/container:Container", "rabbitmq1-container", { image: id }),
    );
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const recorded = deployment(
    "secret-1",
    "sha256:1",
    "198.18.66.11",
    `ask 198.18.66.11 ${base64("password secret-1")}`,
  );

  test("are alike whatever they generated, also in files", () => {
    const other = deployment("secret-2", "sha256:2", "198.18.70.11", `ask 198.18.70.11 ${base64("password secret-2")}`);
    expect(unlike(recorded, other, (text) => text.replaceAll("198.18.70.", "198.18.66."))).toEqual({});
    expect(Object.keys(unlike(recorded, other))).toEqual(["host1", "rabbitmq1-gate"]);
  });

  test("are not alike with another script, another file, or one resource less", () => {
    const script = deployment(
      "secret-1",
      "sha256:1",
      "198.18.66.11",
      `ask 198.18.66.12 ${base64("password secret-1")}`,
    );
    const file = deployment("secret-1", "sha256:1", "198.18.66.11", `ask 198.18.66.11 ${base64("passwort secret-1")}`);
    expect(Object.keys(unlike(recorded, script))).toEqual(["rabbitmq1-gate"]);
    expect(Object.keys(unlike(recorded, file))).toEqual(["rabbitmq1-gate"]);
    const less = state(...(recorded.deployment.resources ?? []).slice(1));
    expect(Object.keys(unlike(recorded, less))).toContain("password");
  });
});

describe("the records", () => {
  test.each(releases)("%s has its program", (release) => {
    expect(existsSync(join(__dirname, "../releases", release, files.source))).toBe(true);
  });

  test.each(recordedStacks)(
    "$release $name holds no path of the machine that made it, and no key that logs in",
    (recorded) => {
      const text = JSON.stringify(recordedState(recorded));
      expect(text).toContain("{{privateKeyFile}}");
      expect(text).not.toMatch(/\/(root|home\/[a-z]+)\/\.|\/work\/|warren-(release|stack)-/);
      const connections = (recordedState(recorded).deployment.resources ?? []).flatMap(({ inputs }) => {
        const { connection } = openSecrets(inputs ?? {}) as { connection?: { privateKey: string } };
        return connection === undefined ? [] : [connection.privateKey];
      });
      expect(connections.length).toBeGreaterThan(30);
      expect(new Set(connections)).toEqual(new Set(["{{privateKey}}"]));
    },
  );

  test.each(recordedStacks)("$release $name has the config of its hosts", (recorded) => {
    expect(Object.keys(recordedConfig(recorded)["warren:hosts"]).length).toBeGreaterThan(2);
  });
});
