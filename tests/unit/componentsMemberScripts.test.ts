import { deployDev, nodes } from "./support/devStack";
import { unsealed, type Deployment } from "./support/mocks";
import { stepInput, stepOf } from "./support/steps";

import * as rabbitmq from "../../commands/rabbitmq";
import { scriptInput } from "../../commands/shell";

/* Which scripts bring a node into the cluster and out of it, and with what. */

let dev: Deployment;
beforeAll(async () => {
  dev = await deployDev();
});

const stdin = (name: string, deployment = dev): unknown => {
  const value = deployment.resource(name).inputs["stdin"];
  return unsealed(value) ?? value;
};
const place = (name: string) => ({ name, container: "rabbitmq", directory: `/var/lib/warren/rabbitmq/${name}` });

const plugins = "[rabbitmq_management,rabbitmq_prometheus].\n";

test.each([
  ["rabbitmq2", { type: "disc", seed: "rabbitmq1", others: ["rabbitmq3"] }],
  ["rabbitmq3", { type: "ram", seed: "rabbitmq1", others: ["rabbitmq2"] }],
] as const)("%s joins the seed node, or else another one", (name, join) => {
  const steps = {
    "stop-app": { ...place(name), joins: true },
    reset: { ...place(name), joins: true },
    "join-cluster": { ...place(name), ...join },
    "start-app": { ...place(name), joins: true, plugins },
  };
  for (const [step, data] of Object.entries(steps)) {
    expect(stepOf(dev.resource(`${name}-${step}`))).toBe(`rabbitmq/${step}`);
    expect(stdin(`${name}-${step}`)).toBe(stepInput(data));
  }
});

test("the seed node joins nobody, and its steps change with nothing that it does not need", () => {
  const steps = {
    "stop-app": { joins: false },
    reset: { joins: false },
    "join-cluster": { others: [] },
    "start-app": { joins: false },
  };
  for (const [step, data] of Object.entries(steps)) {
    expect(stdin(`rabbitmq1-${step}`)).toBe(stepInput({ ...place("rabbitmq1"), ...data }));
  }
});

test.each([
  ["rabbitmq1", "disc", ["rabbitmq2", "rabbitmq3"]],
  ["rabbitmq2", "disc", ["rabbitmq1", "rabbitmq3"]],
  ["rabbitmq3", "ram", ["rabbitmq1", "rabbitmq2"]],
] as const)("%s is a member: settled, after a change started and well, at its end gone", async (name, type, others) => {
  const settled = (limit: string) =>
    rabbitmq.settle(place(name), {
      type,
      peers: others,
      settings: {
        plugins: ["rabbitmq_management", "rabbitmq_prometheus"],
        memoryHighWatermark: 0.4,
        diskFreeLimit: limit,
        partitionHandling: "pause_minority",
      },
    });
  const scripts = (limit: string) => ({
    create: settled(limit),
    update: [
      `# id of ${name}-container`,
      rabbitmq.start(place(name), 5672),
      settled(limit),
      rabbitmq.awaitWell(place(name), 5672),
    ].join("\n"),
    delete: rabbitmq.leave(place(name)),
  });
  expect(stdin(`${name}-member`)).toBe(scriptInput(scripts("1GB"), name));
  const other = await deployDev({ "rabbitmq.diskFreeLimit": "7GB" });
  expect(stdin(`${name}-member`, other)).toBe(scriptInput(scripts("7GB"), name));
});

test("the cluster is held against the config, and given its name and its administrator, on the root", () => {
  const members: rabbitmq.ExpectedMember[] = [
    { name: "rabbitmq1", type: "disc" },
    { name: "rabbitmq2", type: "disc" },
    { name: "rabbitmq3", type: "ram" },
  ];
  const expected = { members, lost: [] };
  const update = [
    ...nodes.map((name) => `# id of ${name}-container`),
    rabbitmq.formed(place("rabbitmq1"), expected, true),
  ].join("\n");
  expect(stdin("rabbitmq-formed")).toBe(
    scriptInput({ create: rabbitmq.formed(place("rabbitmq1"), expected, false), update }, "rabbitmq-formed"),
  );
  const named = rabbitmq.nameCluster(place("rabbitmq1"), "rabbitmq", members);
  expect(stdin("rabbitmq-name")).toBe(scriptInput({ create: named }));
  const admin = { username: "admin", password: "generated-rabbitmq-password", vhost: "app" };
  const administrator = rabbitmq.administrator(place("rabbitmq1"), admin, 15672);
  expect(stdin("rabbitmq-administrator")).toBe(
    scriptInput({ create: administrator, delete: rabbitmq.retireAdministrator(place("rabbitmq1"), "admin") }),
  );
});
