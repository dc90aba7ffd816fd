// First: it stands in for parts of the SDK, which the components load.
import { deployDev, home, members } from "./support/devStack";
import { deploy, type Deployment } from "./support/mocks";

import { join } from "node:path";

import { Host } from "../../components/host";
import { RabbitCluster, type RabbitClusterArgs } from "../../components/rabbitCluster";

/* How the order changes with what serves already, and with how nodes may join. */

/** What each resource waits for in one deployment beside what it waits for in another. */
function further(one: Deployment, other: Deployment): Record<string, string[]> {
  const added = one.resources.map(({ name, dependsOn }): [string, string[]] => {
    const before = other.resources.find((resource) => resource.name === name)?.dependsOn ?? [];
    return [name, dependsOn.filter((dependency) => !before.includes(dependency))];
  });
  return Object.fromEntries(added.filter(([, dependencies]) => dependencies.length > 0));
}

let first: Deployment;
beforeAll(async () => {
  first = await deployDev();
});

/** One balancer after the other, the preferred host's last, and neither before the brokers are as configured. */
const balancersRoll = {
  "haproxy-host5-config": ["rabbitmq-formed"],
  "haproxy-host4-config": ["haproxy-host5-ready", "rabbitmq-formed"],
};

describe("a change of a stack that serves", () => {
  test("rolls: each node is gated behind the last step of the one before, each balancer behind the other", async () => {
    const second = await deployDev({}, members);
    expect(further(second, first)).toEqual({
      "rabbitmq2-gate": ["rabbitmq1-boot"],
      "rabbitmq3-gate": ["rabbitmq2-start-app"],
      ...balancersRoll,
    });
    expect(further(first, second)).toEqual({});
  });

  test("takes down no node before the one before it serves again", async () => {
    const second = await deployDev({}, members);
    expect([...second.before("rabbitmq3-container")]).toEqual(
      expect.arrayContaining(["rabbitmq2-boot", "rabbitmq2-container", "rabbitmq1-boot", "rabbitmq1-container"]),
    );
    expect([...second.before("rabbitmq1-container")].filter((name) => /^rabbitmq[23]/.test(name))).toEqual([]);
  });

  test("leaves the host that holds the virtual IP for last", async () => {
    const second = await deployDev({}, members);
    expect(
      [...second.before("haproxy-host5-ready")].filter((name) => /^haproxy-host4-(config|container)/.test(name)),
    ).toEqual([]);
    expect(second.before("haproxy-host4-gate")).toContain("haproxy-host5-ready");
  });

  test("still pulls images and writes nodes' files side by side", async () => {
    const second = await deployDev({}, members);
    for (const part of ["rabbitmq2-files", "rabbitmq3-files", "haproxy-host4-image"]) {
      expect([...second.before(part)].filter((name) => /^rabbitmq1|host5/.test(name))).toEqual([]);
    }
  });

  test("skips a node that does not serve yet", async () => {
    expect(further(await deployDev({}, [members[0]!, members[2]!]), first)).toEqual({
      "rabbitmq3-gate": ["rabbitmq1-boot"],
      ...balancersRoll,
    });
  });

  test("of one node waits for none", async () => {
    expect(further(await deployDev({}, [members[2]!]), first)).toEqual(balancersRoll);
  });
});

describe("a change that members cannot bear is refused before anything is asked for", () => {
  test.each<[string, Record<string, unknown>, string]>([
    [
      "another host",
      { "rabbitmq.nodes.1.host": "host5", "haproxy.hosts": ["host4"] },
      '  warren:rabbitmq.nodes[1].host: "host5" - must stay host2, where the data of rabbitmq2 are',
    ],
    [
      "another type",
      { "rabbitmq.nodes.2.type": "disc" },
      '  warren:rabbitmq.nodes[2].type: "disc" - must stay ram: a member\'s type cannot be changed yet',
    ],
    [
      "another name",
      { "rabbitmq.nodes.2.name": "rabbitmq4" },
      "  warren:rabbitmq.nodes: a list - must still hold rabbitmq3: a member cannot be taken out of the cluster yet",
    ],
  ])("%s", async (_title, changes, problem) => {
    await expect(deployDev(changes, members)).rejects.toThrow(
      `Stack "dev": 1 error in its configuration. Nothing was touched.\n${problem}`,
    );
    // Before the first update there is no member.
    await expect(deployDev(changes)).resolves.toBeDefined();
  });
});

test("a node that is new to a serving cluster boots beside the rolling change, and joins after the others", async () => {
  const added = {
    "rabbitmq.nodes.3": { name: "rabbitmq4", host: "host4", type: "disc" },
    "haproxy.ports.management": undefined,
  };
  const grown = await deployDev(added, members);
  expect([...grown.before("rabbitmq4-boot")].filter((name) => /^rabbitmq[123]/.test(name))).toEqual([]);
  expect(grown.resource("rabbitmq4-join-cluster").dependsOn).toEqual([
    "rabbitmq1-boot",
    "rabbitmq3-start-app",
    "rabbitmq4-reset",
  ]);
  expect(grown.resource("rabbitmq-formed").dependsOn).toContain("rabbitmq4-start-app");
});

describe("a cluster by itself", () => {
  const cluster = (types: ("disc" | "ram")[], changes: Partial<RabbitClusterArgs> = {}) =>
    deploy(() => {
      const preparation = { installDocker: false, registryMirrors: [], insecureRegistries: [] };
      const privateKeyFile = join(home, ".local/state/warren/lab/ssh/id_ed25519");
      const nodes = types.map((type, index) => {
        const login = { address: `192.0.2.${index + 1}`, user: "root", port: 22, privateKeyFile };
        return { name: `node${index + 1}`, host: new Host(`machine${index + 1}`, { ...login, preparation }), type };
      });
      new RabbitCluster("broker", {
        image: "rabbitmq:3.8.9-management",
        version: "3.8.9",
        clusterName: "broker",
        nodes,
        conf: {
          username: "admin",
          vhost: "/",
          plugins: [],
          partitionHandling: "autoheal",
          memoryHighWatermark: 0.4,
          diskFreeLimit: "1GB",
          settings: {},
        },
        ports: { amqp: 5672, amqps: 5671, management: 15672, metrics: 15692, epmd: 4369, distribution: 25672 },
        directory: "/srv/rabbitmq",
        rotation: { cookie: 1, administrator: 1 },
        users: {},
        openFiles: "inherit",
        stopGraceSeconds: 60,
        serving: [],
        joinsInParallel: false,
        ...changes,
      });
      return {};
    });

  test("where joins go side by side, each waits for the root alone", async () => {
    const types = ["disc", "disc", "ram"] as const;
    const [serial, parallel] = [await cluster([...types]), await cluster([...types], { joinsInParallel: true })];
    expect(parallel.resource("node2-join-cluster").dependsOn).toEqual(["node1-boot", "node2-reset"]);
    expect(parallel.resource("node3-join-cluster").dependsOn).toEqual(["node1-boot", "node3-reset"]);
    expect(further(parallel, serial)).toEqual({});
    expect(further(serial, parallel)).toEqual({ "node3-join-cluster": ["node2-start-app"] });
  });

  test("of one node has nobody to join", async () => {
    const one = await cluster(["disc"]);
    expect(one.resource("broker-formed").dependsOn).toEqual(["node1-boot", "node1-container"]);
    expect(one.resources.filter(({ name }) => /stop-app|reset|join|start-app/.test(name))).toEqual([]);
  });

  test.each<[string, ("disc" | "ram")[]]>([
    ["a RAM node as its root", ["ram", "disc"]],
    ["no node", []],
  ])("with %s is refused by a clear error", async (_title, types) => {
    await expect(cluster(types)).rejects.toThrow("broker: the first node has to be a disc node");
  });
});
