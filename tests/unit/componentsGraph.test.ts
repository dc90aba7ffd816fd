import { deployDev, nodes } from "./support/devStack";
import type { Deployment } from "./support/mocks";
import { stepOf } from "./support/steps";

/* The graph of the dev stack, as its first update makes it. */

const balancersReady = ["haproxy-host4-ready", "haproxy-host5-ready"];

/** Each resource, and what it waits for. */
const edges: Record<string, string[]> = {
  "warren-dev": [],
  warren: [],
  deployment: [],

  host1: [],
  host2: [],
  host3: [],
  host4: [],
  host5: [],
  "host1-prepare": [],
  "host2-prepare": [],
  "host3-prepare": [],
  "host4-prepare": [],
  "host5-prepare": [],
  "host1-docker": ["host1-prepare"],
  "host2-docker": ["host2-prepare"],
  "host3-docker": ["host3-prepare"],
  "host4-docker": ["host4-prepare"],
  "host5-docker": ["host5-prepare"],

  rabbitmq: [],
  "rabbitmq-cookie": [],
  "rabbitmq-password": [],

  rabbitmq1: [],
  "rabbitmq1-image": ["host1-prepare"],
  "rabbitmq1-trial": ["rabbitmq-password", "rabbitmq1-image"],
  "rabbitmq1-files": ["rabbitmq-cookie", "rabbitmq1-image"],
  "rabbitmq1-gate": ["rabbitmq1-files", "rabbitmq1-image", "rabbitmq1-trial"],
  "rabbitmq1-configuration": ["rabbitmq-password", "rabbitmq1-files", "rabbitmq1-trial"],
  "rabbitmq1-container": ["rabbitmq1-configuration", "rabbitmq1-gate", "rabbitmq1-image"],
  "rabbitmq1-boot": ["rabbitmq1-container"],
  "rabbitmq1-stop-app": ["rabbitmq1-boot"],
  "rabbitmq1-reset": ["rabbitmq1-stop-app"],
  "rabbitmq1-join-cluster": ["rabbitmq1-files", "rabbitmq1-reset", "rabbitmq2-files", "rabbitmq3-files"],
  "rabbitmq1-start-app": ["rabbitmq1-join-cluster"],
  "rabbitmq1-member": ["rabbitmq1-container", "rabbitmq1-start-app"],

  rabbitmq2: [],
  "rabbitmq2-image": ["host2-prepare"],
  "rabbitmq2-trial": ["rabbitmq-password", "rabbitmq2-image"],
  "rabbitmq2-files": ["rabbitmq-cookie", "rabbitmq2-image"],
  "rabbitmq2-gate": ["rabbitmq2-files", "rabbitmq2-image", "rabbitmq2-trial"],
  "rabbitmq2-configuration": ["rabbitmq-password", "rabbitmq2-files", "rabbitmq2-trial"],
  "rabbitmq2-container": ["rabbitmq2-configuration", "rabbitmq2-gate", "rabbitmq2-image"],
  "rabbitmq2-boot": ["rabbitmq2-container"],
  "rabbitmq2-stop-app": ["rabbitmq2-boot"],
  "rabbitmq2-reset": ["rabbitmq2-stop-app"],
  "rabbitmq2-join-cluster": [
    "rabbitmq1-boot",
    "rabbitmq1-files",
    "rabbitmq1-start-app",
    "rabbitmq2-files",
    "rabbitmq2-reset",
    "rabbitmq3-files",
  ],
  "rabbitmq2-start-app": ["rabbitmq2-join-cluster"],
  "rabbitmq2-member": ["rabbitmq1-member", "rabbitmq2-container", "rabbitmq2-start-app"],

  rabbitmq3: [],
  "rabbitmq3-image": ["host3-prepare"],
  "rabbitmq3-trial": ["rabbitmq-password", "rabbitmq3-image"],
  "rabbitmq3-files": ["rabbitmq-cookie", "rabbitmq3-image"],
  "rabbitmq3-gate": ["rabbitmq3-files", "rabbitmq3-image", "rabbitmq3-trial"],
  "rabbitmq3-configuration": ["rabbitmq-password", "rabbitmq3-files", "rabbitmq3-trial"],
  "rabbitmq3-container": ["rabbitmq3-configuration", "rabbitmq3-gate", "rabbitmq3-image"],
  "rabbitmq3-boot": ["rabbitmq3-container"],
  "rabbitmq3-stop-app": ["rabbitmq3-boot"],
  "rabbitmq3-reset": ["rabbitmq3-stop-app"],
  "rabbitmq3-join-cluster": [
    "rabbitmq1-boot",
    "rabbitmq1-files",
    "rabbitmq2-files",
    "rabbitmq2-start-app",
    "rabbitmq3-files",
    "rabbitmq3-reset",
  ],
  "rabbitmq3-start-app": ["rabbitmq3-join-cluster"],
  "rabbitmq3-member": ["rabbitmq2-member", "rabbitmq3-container", "rabbitmq3-start-app"],

  "rabbitmq-formed": ["rabbitmq1-container", "rabbitmq2-container", "rabbitmq3-container", "rabbitmq3-member"],

  "rabbitmq-name": ["rabbitmq-formed"],
  "rabbitmq-administrator": ["rabbitmq-formed", "rabbitmq-password"],

  haproxy: [],
  "haproxy-stats-password": [],
  "haproxy-host4-image": ["host4-prepare"],
  "haproxy-host4-config": ["haproxy-host4-image", "haproxy-stats-password"],
  "haproxy-host4-gate": ["haproxy-host4-config", "haproxy-host4-image"],
  "haproxy-host4-container": ["haproxy-host4-config", "haproxy-host4-gate", "haproxy-host4-image", "rabbitmq-formed"],
  "haproxy-host4-ready": ["haproxy-host4-container", "haproxy-stats-password"],
  "haproxy-host5-image": ["host5-prepare"],
  "haproxy-host5-config": ["haproxy-host5-image", "haproxy-stats-password"],
  "haproxy-host5-gate": ["haproxy-host5-config", "haproxy-host5-image"],
  "haproxy-host5-container": ["haproxy-host5-config", "haproxy-host5-gate", "haproxy-host5-image", "rabbitmq-formed"],
  "haproxy-host5-ready": ["haproxy-host5-container", "haproxy-stats-password"],

  vip: [],
  "vip-password": [],
  "vip-host4-package": ["host4-prepare"],
  "vip-host4-config": ["vip-host4-package", "vip-password"],
  "vip-host4-service": [...balancersReady, "vip-host4-config", "vip-host5-config", "vip-password"],
  "vip-host5-package": ["host5-prepare"],
  "vip-host5-config": ["vip-host5-package", "vip-password"],
  "vip-host5-service": [...balancersReady, "vip-host4-config", "vip-host5-config", "vip-password"],
  "vip-host4-holds": ["haproxy-host4-ready", "haproxy-host5-ready", "vip-host4-service", "vip-host5-service"],
  "vip-host5-stands-by": [
    "haproxy-host4-ready",
    "haproxy-host5-ready",
    "vip-host4-holds",
    "vip-host4-service",
    "vip-host5-service",
  ],
};

/** The end: after everything that runs on a host. */
edges["service"] = Object.keys(edges)
  .filter(
    (name) =>
      /-/.test(name) &&
      name !== "warren-dev" &&
      name !== "warren" &&
      !/-(docker|image|container|cookie|password)$/.test(name),
  )
  .concat("haproxy-stats-password", "rabbitmq-password")
  .sort();

const types: Record<string, RegExp> = {
  "pulumi:pulumi:Stack": /^warren-dev$/,
  "warren:index:RabbitService": /^warren$/,
  "warren:index:Host": /^host\d$/,
  "warren:index:RabbitCluster": /^rabbitmq$/,
  "warren:index:RabbitNode": /^rabbitmq\d$/,
  "warren:index:HaproxyPair": /^haproxy$/,
  "warren:index:KeepalivedVip": /^vip$/,
  "pulumi:providers:docker": /^host\d-docker$/,
  "random:index/randomPassword:RandomPassword": /-(cookie|password)$/,
  "random:index/randomUuid:RandomUuid": /^deployment$/,
  "docker:index/remoteImage:RemoteImage": /-image$/,
  "docker:index/container:Container": /-container$/,
  "command:remote:Command":
    /^service$|-(prepare|trial|files|gate|configuration|boot|stop-app|reset|join-cluster|start-app|member|formed|name|administrator|config|ready|package|service|holds|stands-by)$/,
};

let dev: Deployment;
beforeAll(async () => {
  dev = await deployDev();
});

test("first update: every resource by its name, and what each waits for", () => {
  expect(Object.fromEntries(dev.resources.map(({ name, dependsOn }) => [name, dependsOn]))).toEqual(edges);
  expect(dev.resources).toHaveLength(Object.keys(edges).length);
});

test("every resource's type is what its name says", () => {
  const wrong = dev.resources.filter(({ name, type }) => !types[type]?.test(name));
  expect(wrong.map(({ name, type }) => `${name}: ${type}`)).toEqual([]);
});

test("every resource stands under its component", () => {
  const parent = (name: string): string => {
    if (name === "warren-dev") return "";
    if (name === "warren") return "warren-dev";
    if (/^(deployment|service|host\d|rabbitmq|haproxy|vip)$/.test(name)) return "warren";
    if (/^(rabbitmq\d|rabbitmq-.*)$/.test(name)) return "rabbitmq";
    return name.replace(/-.*/, "");
  };
  for (const resource of dev.resources)
    expect([resource.name, resource.parent]).toEqual([resource.name, parent(resource.name)]);
});

test("every step has the deployment's id, and no script has", () => {
  for (const resource of dev.resources) {
    const has = resource.madeFrom["stdin"]?.includes("deployment") === true;
    expect([resource.name, has]).toEqual([resource.name, stepOf(resource) !== undefined]);
  }
});

test("the stack's own last outputs are looked into, and no other stack", () => {
  expect(dev.references).toEqual(["acme/warren/dev"]);
});

test("what is made by Docker is made by the right host's Docker, never by a default provider", () => {
  const providers = dev.resources
    .filter(({ type }) => type.startsWith("docker:"))
    .map(({ name, provider }): [string, string] => [name, provider]);
  expect(Object.fromEntries(providers)).toEqual({
    "rabbitmq1-image": "host1-docker",
    "rabbitmq1-container": "host1-docker",
    "rabbitmq2-image": "host2-docker",
    "rabbitmq2-container": "host2-docker",
    "rabbitmq3-image": "host3-docker",
    "rabbitmq3-container": "host3-docker",
    "haproxy-host4-image": "host4-docker",
    "haproxy-host4-container": "host4-docker",
    "haproxy-host5-image": "host5-docker",
    "haproxy-host5-container": "host5-docker",
  });
});

test("replacing a container drags no other one with it: its properties come from its own image alone", () => {
  for (const { name, madeFrom } of dev.resources.filter(({ type }) => type === "docker:index/container:Container")) {
    expect([name, madeFrom]).toEqual([name, { image: [name.replace(/container$/, "image")] }]);
  }
});

test("no property links one node to another", () => {
  for (const node of nodes) {
    const own = dev.resources.filter(({ name }) => name.startsWith(`${node}-`));
    const sources = own.flatMap(({ madeFrom }) => Object.values(madeFrom).flat());
    const others = nodes.filter((other) => other !== node);
    expect(sources.filter((source) => others.some((other) => source.startsWith(other)))).toEqual([]);
  }
});

describe("first update", () => {
  test("blank nodes boot side by side", () => {
    for (const node of nodes) {
      const strangers = [...dev.before(`${node}-boot`)].filter(
        (name) => /^rabbitmq\d/.test(name) && !name.startsWith(node),
      );
      expect([node, strangers]).toEqual([node, []]);
    }
  });

  test("images and balancers' configurations wait for no broker, containers of balancers for all of them", () => {
    for (const part of ["haproxy-host4-config", "haproxy-host5-config", "vip-host4-config"]) {
      expect([...dev.before(part)].filter((name) => name.startsWith("rabbitmq"))).toEqual([]);
    }
    for (const node of nodes) expect(dev.before("haproxy-host4-container")).toContain(`${node}-boot`);
  });

  test("the end of the graph comes after everything that a client meets", () => {
    const last = dev.before("vip-host5-stands-by");
    const commands = dev.resources.filter(({ type }) => type === "command:remote:Command").map(({ name }) => name);
    expect(commands.filter((name) => !last.has(name))).toEqual([
      "rabbitmq-name",
      "rabbitmq-administrator",
      "vip-host5-stands-by",
      "service",
    ]);
  });
});
