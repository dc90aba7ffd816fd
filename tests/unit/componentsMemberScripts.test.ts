import { deployDev, nodes } from "./support/devStack";
import { unsealed, type Deployment } from "./support/mocks";
import { stepInput, stepOf } from "./support/steps";

import * as rabbitmq from "../../commands/rabbitmq";

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
] as const)(
  "%s is the member that it should be, whatever its container, and leaves at its end",
  async (name, type, peers) => {
    const data = (disk: string): rabbitmq.MemberData => ({
      ...place(name),
      type,
      peers,
      memory: "0.4",
      disk,
      partitions: "pause_minority",
      plugins: ["rabbitmq_management", "rabbitmq_prometheus"],
      stopped: false,
      grace: 120,
      amqpPort: 5672,
      containerId: `id of ${name}-container`,
    });
    const member = dev.resource(`${name}-member`);
    expect(stepOf(member)).toBe("rabbitmq/member");
    expect(member.inputs["delete"]).toContain("delete rabbitmq/member");
    expect(stdin(`${name}-member`)).toBe(stepInput(data("1GB")));
    const other = await deployDev({ "rabbitmq.diskFreeLimit": "7GB" });
    expect(stdin(`${name}-member`, other)).toBe(stepInput(data("7GB")));
  },
);

test("the cluster is held against the config, and given its name and its administrator, on the seed node", () => {
  const formed: rabbitmq.FormedData = {
    ...place("rabbitmq1"),
    disc: ["rabbitmq1", "rabbitmq2"],
    ram: ["rabbitmq3"],
    lost: [],
    containers: nodes.map((name) => `id of ${name}-container`),
    stopped: false,
  };
  expect(stepOf(dev.resource("rabbitmq-formed"))).toBe("rabbitmq/formed");
  expect(stdin("rabbitmq-formed")).toBe(stepInput(formed));
  expect(stdin("rabbitmq-name")).toBe(
    stepInput({
      ...place("rabbitmq1"),
      clusterName: "rabbitmq",
      members: '["rabbit@rabbitmq1","rabbit@rabbitmq2","rabbit@rabbitmq3"]',
    }),
  );
  const administrator = dev.resource("rabbitmq-administrator");
  expect(stepOf(administrator)).toBe("rabbitmq/administrator");
  expect(administrator.inputs["delete"]).toContain("delete rabbitmq/administrator");
  const login = { username: "admin", password: "generated-rabbitmq-password", vhost: "app" };
  expect(stdin("rabbitmq-administrator")).toBe(
    stepInput({
      ...place("rabbitmq1"),
      username: login.username,
      password: login.password,
      path: rabbitmq.permissionsPath("app", "admin"),
      definitions: rabbitmq.administratorDefinitions(login),
      managementPort: 15672,
    }),
  );
});
