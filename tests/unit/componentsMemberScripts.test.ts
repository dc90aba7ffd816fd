import { deployDev, nodes } from "./support/devStack";
import { unsealed, type Deployment } from "./support/mocks";

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

test("the node that founds the cluster joins nobody", () => {
  for (const step of ["stop-app", "reset", "join-cluster", "start-app"]) {
    const create = rabbitmq.found(place("rabbitmq1"));
    expect(stdin(`rabbitmq1-${step}`)).toBe(scriptInput({ create }, "rabbitmq1"));
  }
});

test.each([
  ["rabbitmq2", ["rabbitmq3"], "disc"],
  ["rabbitmq3", ["rabbitmq2"], "ram"],
] as const)("%s joins the root, or else %s, as a %s node", (name, others, type) => {
  const steps = {
    "stop-app": rabbitmq.stopApp(place(name)),
    reset: rabbitmq.reset(place(name)),
    "join-cluster": rabbitmq.joinCluster(place(name), "rabbitmq1", others, type),
    "start-app": rabbitmq.startApp(place(name), "[rabbitmq_management,rabbitmq_prometheus].\n"),
  };
  for (const [step, create] of Object.entries(steps)) {
    expect(stdin(`${name}-${step}`)).toBe(scriptInput({ create }, name));
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
