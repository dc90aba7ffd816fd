// First: it stands in for parts of the SDK, which the components load.
import { deployDev, home, members } from "./support/devStack";
import { deploy, type Deployment } from "./support/mocks";
import { inputOf } from "./support/steps";

import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { Host } from "../../components/host";
import { DriftWatch } from "../../facts/drift";
import { ContainerForms } from "../../facts/forms";
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
  test("rolls: each node is gated behind the one before as a member, each balancer behind the other", async () => {
    const second = await deployDev({}, members);
    const tried = ["rabbitmq1-trial", "rabbitmq2-trial", "rabbitmq3-trial"];
    expect(further(second, first)).toEqual({
      // No node's files change before all trials have ended, and what a broker reads when it starts changes behind its gate.
      ...Object.fromEntries(members.map(({ name }) => [`${name}-files`, tried])),
      ...Object.fromEntries(members.map(({ name }) => [`${name}-configuration`, [`${name}-gate`]])),
      "rabbitmq2-gate": ["rabbitmq1-member"],
      "rabbitmq2-join-cluster": ["rabbitmq1-member"],
      "rabbitmq3-gate": ["rabbitmq2-member"],
      "rabbitmq3-join-cluster": ["rabbitmq2-member"],
      ...balancersRoll,
    });
    expect(further(first, second)).toEqual(
      Object.fromEntries(members.map(({ name }) => [`${name}-configuration`, [`${name}-files`, `${name}-trial`]])),
    );
  });

  test("takes down no node before the one before it serves again", async () => {
    const second = await deployDev({}, members);
    expect([...second.before("rabbitmq3-container")]).toEqual(
      expect.arrayContaining(["rabbitmq2-boot", "rabbitmq2-container", "rabbitmq1-boot", "rabbitmq1-container"]),
    );
    expect([...second.before("rabbitmq1-container")].filter((name) => /^rabbitmq[23]/.test(name)).sort()).toEqual([
      "rabbitmq2-image",
      "rabbitmq2-trial",
      "rabbitmq3-image",
      "rabbitmq3-trial",
    ]);
  });

  test("leaves the host that holds the virtual IP for last", async () => {
    const second = await deployDev({}, members);
    expect(
      [...second.before("haproxy-host5-ready")].filter((name) => /^haproxy-host4-(config|container)/.test(name)),
    ).toEqual([]);
    expect(second.before("haproxy-host4-gate")).toContain("haproxy-host5-ready");
  });

  test("still pulls images and tries nodes' configurations side by side", async () => {
    const second = await deployDev({}, members);
    for (const part of ["rabbitmq2-trial", "rabbitmq3-trial", "haproxy-host4-image"]) {
      expect([...second.before(part)].filter((name) => /^rabbitmq1|host5/.test(name))).toEqual([]);
    }
  });

  test("comes to a node that does not serve yet after those that do", async () => {
    const second = await deployDev({}, [members[0]!, members[2]!]);
    expect(second.resource("rabbitmq3-gate").dependsOn).toContain("rabbitmq1-member");
    expect(second.resource("rabbitmq3-member").dependsOn).toContain("rabbitmq1-member");
    expect(second.resource("rabbitmq2-gate").dependsOn).toEqual([
      "rabbitmq2-files",
      "rabbitmq2-image",
      "rabbitmq2-trial",
    ]);
    expect(second.resource("rabbitmq2-join-cluster").dependsOn).toEqual(
      expect.arrayContaining(["rabbitmq1-boot", "rabbitmq3-member", "rabbitmq3-start-app"]),
    );
    expect(second.resource("rabbitmq2-member").dependsOn).toContain("rabbitmq3-member");
    expect(second.resource("rabbitmq-formed").dependsOn).toContain("rabbitmq2-member");
  });

  test("has the first that serves found the cluster: the others, be they named before it, join it", async () => {
    const second = await deployDev({}, [members[1]!, members[2]!]);
    expect(inputOf(second.resource("rabbitmq2-join-cluster"))).not.toContain("\nseed=");
    for (const node of ["rabbitmq1", "rabbitmq3"]) {
      expect(inputOf(second.resource(`${node}-join-cluster`))).toContain("\nseed=rabbitmq2\n");
      expect(second.resource(`${node}-join-cluster`).dependsOn).toContain("rabbitmq2-boot");
    }
    expect(second.resource("rabbitmq1-member").dependsOn).toContain("rabbitmq3-member");
  });
});

describe("a cluster that was stopped on purpose", () => {
  const asleep = { nodes: members, members: { disc: [], ram: [], running: [], versions: {} } };
  const disc = { "rabbitmq.nodes.2.type": "disc" };
  const wake = (version: string) =>
    deployDev({ ...disc, "rabbitmq.image": `rabbitmq:${version}-management` }, members, asleep);

  test("starts one node after the other on Mnesia", async () => {
    const waking = await wake("3.13.7");
    expect(waking.resource("rabbitmq2-member").dependsOn).toContain("rabbitmq1-member");
    expect(waking.resource("rabbitmq2-gate").dependsOn).toContain("rabbitmq1-member");
  });

  test("starts all at once where a node may wait for a majority", async () => {
    const waking = await wake("4.0.5");
    for (const node of ["rabbitmq2", "rabbitmq3"]) {
      for (const part of ["gate", "container", "member"]) {
        expect([...waking.before(`${node}-${part}`)].filter((name) => name.endsWith("-member"))).toEqual([]);
      }
    }
    const all = ["rabbitmq1-member", "rabbitmq2-member", "rabbitmq3-member"];
    expect(waking.resource("rabbitmq-formed").dependsOn).toEqual(expect.arrayContaining(all));
  });
});

test("a change that members cannot bear is refused before anything is asked for", async () => {
  const changes = { "rabbitmq.nodes.1.host": "host5", "haproxy.hosts": ["host4"] };
  await expect(deployDev(changes, members)).rejects.toThrow(
    'Stack "dev": 1 error in its configuration. Nothing was touched.\n  warren:rabbitmq.nodes[1].host: "host5" - must stay host2, where the data of rabbitmq2 are',
  );
  // Before the first update there is no member.
  await expect(deployDev(changes)).resolves.toBeDefined();
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
    "rabbitmq1-files",
    "rabbitmq2-files",
    "rabbitmq3-files",
    "rabbitmq3-member",
    "rabbitmq3-start-app",
    "rabbitmq4-files",
    "rabbitmq4-reset",
  ]);
  expect(grown.resource("rabbitmq4-member").dependsOn).toContain("rabbitmq3-member");
  expect(grown.resource("rabbitmq-formed").dependsOn).toContain("rabbitmq4-member");
});

describe("a cluster by itself", () => {
  const cluster = (types: ("disc" | "ram")[], changes: Partial<RabbitClusterArgs> = {}) =>
    deploy(() => {
      const preparation = { installDocker: false, registryMirrors: [], insecureRegistries: [], reservedPorts: [] };
      const privateKeyFile = join(home, ".local/state/warren/lab/ssh/id_ed25519");
      const nodes = types.map((type, index) => {
        const address = `192.0.2.${index + 1}`;
        const login = { address, machine: address, lost: false, user: "root", port: 22, privateKeyFile };
        const host = new Host(`machine${index + 1}`, {
          ...login,
          preparation,
          deployment: pulumi.output("d"),
          stack: "s",
          drift: new DriftWatch({}, undefined),
          forms: new ContainerForms({}, undefined, new Set()),
        });
        return { name: `node${index + 1}`, host, type };
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
        ports: {
          amqp: 5672,
          amqps: 5671,
          management: 15672,
          metrics: 15692,
          epmd: 4369,
          distribution: 25672,
          streamReplication: 6000,
        },
        streams: false,
        directory: "/srv/rabbitmq",
        rotation: { cookie: 1, administrator: 1 },
        users: {},
        environment: {},
        openFiles: "inherit",
        stopGraceSeconds: 60,
        stopped: false,
        serving: [],
        forgotten: [],
        joinsInParallel: false,
        wakesTogether: false,
        ...changes,
      });
      return {};
    });

  test("where joins go side by side, each waits for the root alone", async () => {
    const types = ["disc", "disc", "ram"] as const;
    const [serial, parallel] = [await cluster([...types]), await cluster([...types], { joinsInParallel: true })];
    const files = ["node1-files", "node2-files", "node3-files"];
    expect(parallel.resource("node2-join-cluster").dependsOn).toEqual(["node1-boot", ...files, "node2-reset"].sort());
    expect(parallel.resource("node3-join-cluster").dependsOn).toEqual(["node1-boot", ...files, "node3-reset"].sort());
    expect(further(parallel, serial)).toEqual({});
    expect(further(serial, parallel)).toEqual({
      "node2-join-cluster": ["node1-start-app"],
      "node3-join-cluster": ["node2-start-app"],
    });
  });

  test("the data of a forgotten node are moved aside when its old container is gone, before its new one is made", async () => {
    const joined = await cluster(["disc", "disc"], { serving: ["node1"], forgotten: ["node2"] });
    expect(joined.resource("node2-container").hooks).toEqual({
      beforeCreateList: ["node2-remove-stray", "node2-set-aside"],
    });
    expect(joined.resource("node1-container").hooks).toEqual({ beforeCreateList: ["node1-remove-stray"] });
  });

  test("of one node has nobody to join", async () => {
    const one = await cluster(["disc"]);
    expect(one.resource("broker-formed").dependsOn).toEqual(["node1-container", "node1-member"]);
    expect(one.resource("node1-join-cluster").dependsOn).toEqual(["node1-files", "node1-reset"]);
    expect(inputOf(one.resource("node1-join-cluster"))).not.toContain("\nseed=");
  });

  test("with no node is refused by a clear error", async () => {
    await expect(cluster([])).rejects.toThrow("broker: every node's host is lost");
  });
});
