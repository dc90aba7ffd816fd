import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { deployDev, home } from "./support/devStack";
import { sealed, unsealed } from "./support/mocks";

import { certificate, certificateKey } from "./configFixture";

/* What a stack hands to applications, as Pulumi shows it after an update. */

const dev = {
  vip: "198.18.66.100",
  vips: ["198.18.66.100"],
  ports: { amqp: 15670, management: 15672, stats: 8100, metrics: 15692 },
  amqpUrl: sealed("amqp://admin:generated-rabbitmq-password@198.18.66.100:15670/app"),
  managementUrl: "http://198.18.66.100:15672/",
  statsUrl: "http://198.18.66.100:8100/",
  vhost: "app",
  username: "admin",
  users: {},
  password: sealed("generated-rabbitmq-password"),
  stats: { username: "admin", password: sealed("generated-haproxy-stats-password") },
  nodes: [
    { name: "rabbitmq1", host: "host1", type: "disc", machine: "198.18.66.11", root: true, version: "3.8.9" },
    { name: "rabbitmq2", host: "host2", type: "disc", machine: "198.18.66.12", root: false, version: "3.8.9" },
    { name: "rabbitmq3", host: "host3", type: "ram", machine: "198.18.66.13", root: false, version: "3.8.9" },
  ],
  members: {
    disc: ["rabbit@rabbitmq1", "rabbit@rabbitmq2"],
    ram: ["rabbit@rabbitmq3"],
    running: ["rabbit@rabbitmq1", "rabbit@rabbitmq2", "rabbit@rabbitmq3"],
    versions: {
      "rabbit@rabbitmq1": "3.8.9 on Erlang 23.2.6",
      "rabbit@rabbitmq2": "3.8.9 on Erlang 23.2.6",
      "rabbit@rabbitmq3": "3.8.9 on Erlang 23.2.6",
    },
  },
};

/** Without what is for Warren's own next update. */
const outputs = async (changes: Record<string, unknown>) => {
  const { deployment, ...others } = (await deployDev(changes)).outputsOf();
  expect(unsealed(deployment)).toMatchObject({
    id: "uuid-deployment",
    stack: "acme/warren/dev",
    steps: { "rabbitmq1-boot": "" },
    watched: {
      "rabbitmq1-boot": { kind: "step", host: "host1" },
      "rabbitmq1-container": {
        ...{ kind: "container", host: "host1" },
        ...{ container: "rabbitmq", recordedBy: "rabbitmq1-member" },
      },
      "haproxy-host4-image": { kind: "image", host: "host4" },
    },
  });
  return others;
};

test("the dev stack's, whole", async () => {
  expect(await outputs({})).toEqual(dev);
});

test("without a virtual IP, the first balancer is the entrance", async () => {
  const { vip, vips, ...without } = dev;
  expect([vip, vips]).toEqual(["198.18.66.100", ["198.18.66.100"]]);
  expect(await outputs({ vip: undefined, "haproxy.hosts": ["host5", "host4"] })).toEqual({
    ...without,
    amqpUrl: sealed("amqp://admin:generated-rabbitmq-password@198.18.66.15:15670/app"),
    managementUrl: "http://198.18.66.15:15672/",
    statsUrl: "http://198.18.66.15:8100/",
  });
});

test("where the balancers do not offer the management page, it is the root node's own", async () => {
  expect(await outputs({ "haproxy.ports.management": undefined, "rabbitmq.ports.management": 15680 })).toEqual({
    ...dev,
    ports: { ...dev.ports, management: 15680 },
    managementUrl: "http://198.18.66.11:15680/",
  });
});

test("with TLS, its port", async () => {
  writeFileSync(join(home, "tls.pem"), certificate + certificateKey);
  const tls = { "haproxy.ports.amqps": 15671, "haproxy.tls.certificateFile": join(home, "tls.pem") };
  expect(await outputs(tls)).toEqual({ ...dev, ports: { ...dev.ports, amqps: 15671 } });
});

test("with further ports, each of them; the management page by HTTPS where that is offered", async () => {
  writeFileSync(join(home, "tls.pem"), certificate + certificateKey);
  const more = {
    "rabbitmq.plugins": ["rabbitmq_management", "rabbitmq_mqtt", "rabbitmq_stomp", "rabbitmq_stream"],
    "haproxy.ports": { managementTls: 15673, metrics: 8405, mqtt: 1883, stomp: 61613, stream: 5552 },
    "haproxy.tls.certificateFile": join(home, "tls.pem"),
  };
  expect(await outputs(more)).toEqual({
    ...dev,
    ports: { ...dev.ports, managementTls: 15673, balancerMetrics: 8405, mqtt: 1883, stomp: 61613, stream: 5552 },
    managementUrl: "https://198.18.66.100:15673/",
  });
});

test("a lost machine's node and address are not among them", async () => {
  const lost = await outputs({
    "hosts.host1.lost": true,
    "hosts.host4.lost": true,
    vip: undefined,
    "haproxy.ports.management": undefined,
  });
  expect(lost).toMatchObject({
    amqpUrl: sealed("amqp://admin:generated-rabbitmq-password@198.18.66.15:15670/app"),
    managementUrl: "http://198.18.66.12:15672/",
    nodes: dev.nodes.slice(1).map((node) => ({ ...node, root: node.name === "rabbitmq2" })),
    members: { disc: ["rabbit@rabbitmq2"], ram: ["rabbit@rabbitmq3"] },
  });
});

test("names that a URL would read otherwise are encoded in it, and nowhere else", async () => {
  const login = { "rabbitmq.username": "ops.team", "rabbitmq.password": "p@ss/w=rd?x,+%", "rabbitmq.vhost": "/" };
  expect(await outputs(login)).toMatchObject({
    amqpUrl: sealed("amqp://ops.team:p%40ss%2Fw%3Drd%3Fx%2C%2B%25@198.18.66.100:15670/%2F"),
    username: "ops.team",
    password: sealed("p@ss/w=rd?x,+%"),
    vhost: "/",
  });
});

test("the next update's order is read from them: the nodes by their names, and on which machines they are", async () => {
  const { nodes } = await outputs({ "hosts.host2.machine": "SN-1" });
  expect(nodes).toEqual(dev.nodes.map((node) => (node.host === "host2" ? { ...node, machine: "SN-1" } : node)));
});

test("a stack without a virtual IP has no resource for one", async () => {
  const { resources } = await deployDev({ vip: undefined });
  expect(resources.filter(({ name }) => name.startsWith("vip"))).toEqual([]);
});
