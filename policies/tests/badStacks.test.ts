import type { StackConfig } from "../../config";
import { policies } from "../policies";
import { judge } from "./harness";
import { build, configOf, generated, goodConfig, nodes } from "./stack";
import { secret, unknownText, type Registered, type Stack } from "./wire";

/*
 * The whole pack on the whole program: `index.ts` with the real components. A config's own rules refuse much of what the
 * policies refuse, but a program that is built of the components need not have such a config; so the bad stacks are made
 * behind those rules' back: from the config after it was checked, or from what the components registered.
 */

type Change = (resource: Registered) => void;

describe("bad stacks", () => {
  let base: Stack;
  beforeAll(async () => {
    base = await build(configOf(goodConfig()));
  });

  /** The good stack with some of its resources changed. */
  function changed(names: RegExp, change: Change): Stack {
    const resources = structuredClone(base.resources);
    const chosen = resources.filter(({ name }) => names.test(name));
    if (chosen.length === 0) throw new Error(`no resource is called ${String(names)}`);
    chosen.forEach(change);
    return { resources };
  }

  const inputs =
    (values: Record<string, unknown>): Change =>
    (resource) => {
      Object.assign(resource.inputs, values);
    };
  const text = (resource: Registered, key: string) => resource.inputs[key] as string;

  const byConfig: [string, string, (config: StackConfig) => void][] = [
    ["a single disc node", "two-disc-nodes", ({ rabbitmq }) => (rabbitmq.nodes = nodes("disc", "ram", "ram"))],
    [
      "four members that pause as a minority",
      "odd-members",
      ({ rabbitmq }) => (rabbitmq.nodes = nodes("disc", "disc", "disc", "disc")),
    ],
    [
      "two members of a 4.x",
      "odd-members",
      ({ rabbitmq }) =>
        Object.assign(rabbitmq, { version: "4.0.5", nodes: nodes("disc", "disc"), partitionHandling: "autoheal" }),
    ],
    ["a RAM node of 4.3", "ram-nodes", ({ rabbitmq }) => (rabbitmq.version = "4.3.0")],
    ["two members on one host", "one-member-per-host", ({ rabbitmq }) => (rabbitmq.nodes[2]!.host = "host2")],
    ["one machine by two names", "one-member-per-host", ({ hosts }) => (hosts.host3!.address = hosts.host2!.address)],
    ["the latest broker", "pinned-images", ({ rabbitmq }) => (rabbitmq.image = `rabbitmq:latest`)],
    ["a balancer without a tag", "pinned-images", ({ haproxy }) => (haproxy.image = "haproxy")],
    ["a broker without a digest", "image-digests", ({ rabbitmq }) => (rabbitmq.image = "rabbitmq:3.8.9")],
    ["data in /tmp", "data-directory", ({ rabbitmq }) => (rabbitmq.dataDirectory = "/tmp/rabbitmq")],
    ["a broker killed after 3 s", "stop-grace", ({ rabbitmq }) => (rabbitmq.stopGraceSeconds = 3)],
    ["the user guest", "credentials", ({ rabbitmq }) => (rabbitmq.username = "guest")],
    ["a short password", "credentials", ({ rabbitmq }) => (rabbitmq.password = "hunter2")],
    ["a default statistics password", "credentials", ({ haproxy }) => (haproxy.stats.password = "haproxy123")],
    ["VRRP's password from a tutorial", "credentials", ({ vip }) => (vip!.password = "1111")],
    ["a host without a key", "host-keys", ({ hosts }) => delete hosts.host1!.hostKey],
    ["timeouts of a minute", "balancer-timeouts", ({ haproxy }) => (haproxy.timeouts.clientSeconds = 60)],
    [
      "heartbeats slower than the timeouts",
      "balancer-timeouts",
      ({ rabbitmq }) => (rabbitmq.settings = { heartbeat: 7200 }),
    ],
    [
      "a weight that bridges nothing",
      "vip-weight",
      ({ vip }) => {
        vip!.instances[0].priorities = [150, 100];
        vip!.check.weight = -20;
      },
    ],
    ["the article's router id", "vip-router-id", ({ vip }) => (vip!.instances[0].virtualRouterId = 51)],
    [
      "the article's router id for a further instance",
      "vip-router-id",
      ({ vip }) => vip!.instances.push({ ...vip!.instances[0], addresses: ["198.18.66.101/24"], virtualRouterId: 51 }),
    ],
  ];

  test.each(byConfig)("%s: %s", async (_name, policy, change) => {
    const config = configOf(goodConfig());
    change(config);
    const said = await judge(await build(config));
    const expected = policy === "pinned-images" ? [policy, "image-digests"] : [policy];
    expect(new Set(said.map((violation) => violation.policy))).toEqual(new Set(expected));
    expect(JSON.stringify(said)).not.toMatch(/hunter2|haproxy123|1111/);
  });

  const password = generated(24);
  const byResource: [string, string, () => Stack][] = [
    [
      "a container that stays down",
      "restart-policy",
      () => changed(/^haproxy-host4-container$/, inputs({ restart: "no" })),
    ],
    [
      "a container that is killed at once",
      "stop-grace",
      () => changed(/^rabbitmq2-container$/, inputs({ destroyGraceSeconds: undefined })),
    ],
    ["data in the container", "data-directory", () => changed(/^rabbitmq1-container$/, inputs({ mounts: [] }))],
    [
      "clustering ports everywhere",
      "private-ports",
      () => changed(/^host1-docker$/, inputs({ host: "ssh://root@10.0.0.11:22" })),
    ],
    [
      "a cookie in a container's environment",
      "secrets-in-commands",
      () => changed(/^rabbitmq1-container$/, inputs({ envs: [`RABBITMQ_ERLANG_COOKIE=${generated(32)}`] })),
    ],
    [
      "a password in a command",
      "secrets-in-commands",
      () =>
        changed(/^rabbitmq1-configuration$/, (resource) => {
          resource.inputs.create = `${text(resource, "create")} ${password}`;
          resource.propertyDependencies.create = resource.propertyDependencies.stdin ?? [];
        }),
    ],
    [
      "a password in a command, in a first preview",
      "secrets-in-commands",
      () =>
        changed(/^rabbitmq1-files$|^rabbitmq-(?:password|cookie)$/, (resource) => {
          if (resource.name !== "rabbitmq1-files") resource.outputs.result = unknownText;
          else {
            resource.inputs.create = unknownText;
            resource.propertyDependencies.create = resource.propertyDependencies.stdin ?? [];
          }
        }),
    ],
    [
      "a node's files unmarked",
      "secrets-marked",
      () =>
        changed(/^rabbitmq1-configuration$/, (resource) => {
          resource.inputs.stdin = (resource.inputs.stdin as { value: unknown }).value;
        }),
    ],
    [
      "keepalived's files unmarked",
      "secrets-marked",
      () =>
        changed(/^vip-host5-config$/, (resource) => {
          resource.inputs.stdin = (resource.inputs.stdin as { value: unknown }).value;
        }),
    ],
    [
      "a password as a trigger",
      "secrets-marked",
      () =>
        changed(/^rabbitmq1-boot$/, (resource) => {
          resource.inputs.triggers = [password];
          const source = base.resources.find(({ name }) => name === "rabbitmq-password");
          resource.propertyDependencies.triggers = [source?.urn ?? ""];
        }),
    ],
    [
      "a node's files with their output logged",
      "quiet-commands",
      () => changed(/^rabbitmq3-files$/, inputs({ logging: "stdoutAndStderr" })),
    ],
    [
      "outputs that are no secrets",
      "quiet-commands",
      () =>
        changed(/^haproxy-host4-config$/, (resource) => {
          resource.additionalSecretOutputs = [];
        }),
    ],
    ["a short cookie", "credentials", () => changed(/^rabbitmq-cookie$/, inputs({ length: 6 }))],
    [
      "a mirroring policy on a 4.x",
      "mirroring",
      () => {
        const { resources } = changed(/^rabbitmq$/, inputs({ version: "4.0.5" }));
        const mirror = { "ha-mode": "all" };
        return {
          resources: [...resources, added("rabbitmq:index/policy:Policy", "ha", { policy: { definition: mirror } })],
        };
      },
    ],
    [
      "a command on a host that is not checked",
      "host-keys",
      () => ({
        resources: [
          ...base.resources,
          added("command:remote:Command", "alone", { connection: secret({ host: "192.0.2.9", user: "root" }) }),
        ],
      }),
    ],
  ];

  function added(type: string, name: string, given: Record<string, unknown>): Registered {
    const urn = `urn:pulumi:test::warren::${type}::${name}`;
    return { urn, type, name, inputs: given, outputs: given, additionalSecretOutputs: [], propertyDependencies: {} };
  }

  test.each(byResource)("%s: %s", async (_name, policy, stack) => {
    const said = await judge(stack());
    expect([...new Set(said.map((violation) => violation.policy))]).toEqual([policy]);
    expect(JSON.stringify(said)).not.toContain("Gen3rated");
  });

  test("every policy is among them", () => {
    const caught = new Set([...byConfig, ...byResource].map(([, policy]) => policy));
    expect(policies.map(({ name }) => name).filter((name) => !caught.has(name))).toEqual([]);
  });
});
