// First: it stands in for parts of the SDK, which the components load.
import { deployDev, home } from "./support/devStack";
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

const all = ["rabbitmq1", "rabbitmq2", "rabbitmq3"];
let first: Deployment;
beforeAll(async () => {
  first = await deployDev();
});

describe("a change of nodes that serve", () => {
  test("rolls: each is gated behind the last step of the one before, and nothing else changes", async () => {
    const second = await deployDev({}, all);
    expect(further(second, first)).toEqual({
      "rabbitmq2-gate": ["rabbitmq1-boot"],
      "rabbitmq3-gate": ["rabbitmq2-start-app"],
    });
    expect(further(first, second)).toEqual({});
  });

  test("takes down no node before the one before it serves again", async () => {
    const second = await deployDev({}, all);
    expect([...second.before("rabbitmq3-container")]).toEqual(
      expect.arrayContaining(["rabbitmq2-boot", "rabbitmq2-container", "rabbitmq1-boot", "rabbitmq1-container"]),
    );
    expect([...second.before("rabbitmq1-container")].filter((name) => /^rabbitmq[23]/.test(name))).toEqual([]);
  });

  test("still pulls images and writes files side by side", async () => {
    const second = await deployDev({}, all);
    for (const part of ["rabbitmq2-files", "rabbitmq3-files"]) {
      expect([...second.before(part)].filter((name) => name.startsWith("rabbitmq1"))).toEqual([]);
    }
  });

  test("skips a node that does not serve yet", async () => {
    expect(further(await deployDev({}, ["rabbitmq1", "rabbitmq3"]), first)).toEqual({
      "rabbitmq3-gate": ["rabbitmq1-boot"],
    });
  });

  test("of one node waits for none", async () => {
    expect(further(await deployDev({}, ["rabbitmq3"]), first)).toEqual({});
  });

  test("does not wait for a node that is no longer in the config", async () => {
    expect(further(await deployDev({}, ["rabbitmq0", "rabbitmq2", "rabbitmq3"]), first)).toEqual({
      "rabbitmq3-gate": ["rabbitmq2-start-app"],
    });
  });
});

test("a node that is new to a serving cluster boots beside the rolling change, and joins after the others", async () => {
  const added = {
    "rabbitmq.nodes.3": { name: "rabbitmq4", host: "host4", type: "disc" },
    "haproxy.ports.management": undefined,
  };
  const grown = await deployDev(added, all);
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
