import { deployDev, members, nodes } from "./support/devStack";
import { unsealed, type Deployment, type Resource } from "./support/mocks";

import { render } from "../../commands/step";

/* A serving cluster that grows, shrinks, loses a machine, gets another one, changes a type or is stopped. */

const stdin = (deployment: Deployment, name: string): string => {
  const value = deployment.resource(name).inputs["stdin"];
  return String(unsealed(value) ?? value);
};
const custom = ({ resources }: Deployment): Resource[] =>
  resources.filter((resource) => resource.custom && resource.type !== "pulumi:pulumi:Stack");

/**
 * What an update from one deployment to another one has to do something about: inputs that differ, and what is new or gone;
 * without the client's login at the end, which follows every change.
 */
function changes(from: Deployment, to: Deployment): string[] {
  const inputs = (deployment: Deployment) =>
    new Map(custom(deployment).map(({ name, inputs: own }) => [name, JSON.stringify(own)]));
  const [before, after] = [inputs(from), inputs(to)];
  const kept = [...after.keys()].filter((name) => before.has(name) && before.get(name) !== after.get(name));
  expect(before.get("service") === after.get("service")).toBe(kept.length === 0 && before.size === after.size);
  return [
    ...kept.filter((name) => name !== "service"),
    ...[...after.keys()].filter((name) => !before.has(name)).map((name) => `+ ${name}`),
    ...[...before.keys()].filter((name) => !after.has(name)).map((name) => `- ${name}`),
  ].sort();
}

/** What is there of each node. */
const parts = [
  "boot",
  "configuration",
  "container",
  "files",
  "gate",
  "image",
  "join-cluster",
  "member",
  "reset",
  "start-app",
  "stop-app",
  "trial",
];
const of = (node: string, sign = "") => parts.map((part) => `${sign}${node}-${part}`);

let serving: Deployment;
beforeAll(async () => {
  serving = await deployDev({}, members);
});

test("nothing is to be done where nothing has changed, whoever serves", async () => {
  expect(changes(await deployDev({}), serving)).toEqual([]);
});

test("the root stays the root: after its machine was replaced, the next update has nothing to do", async () => {
  const edit = { "hosts.host1.machine": "SN-2" };
  const known = members.map((member, index) => ({
    ...member,
    machine: `198.18.66.1${index + 1}`,
    root: member.name === "rabbitmq1",
  }));
  const replaced = await deployDev(edit, known);
  const now = known.map((member) => ({
    ...member,
    ...(member.name === "rabbitmq1" ? { machine: "SN-2" } : {}),
    root: member.name === "rabbitmq2",
  }));
  expect(changes(replaced, await deployDev(edit, now))).toEqual([]);
});

test("each node is settled after the one before, and so leaves before it", () => {
  const after = (node: string) =>
    serving.resource(`${node}-member`).dependsOn.filter((name) => name.endsWith("member"));
  expect(nodes.map(after)).toEqual([[], ["rabbitmq1-member"], ["rabbitmq2-member"]]);
});

describe("a node less", () => {
  let shrunk: Deployment;
  beforeAll(async () => {
    shrunk = await deployDev(
      { "rabbitmq.nodes": members.slice(0, 2), "rabbitmq.partitionHandling": "autoheal" },
      members,
    );
  });

  test("ends its own resources, and changes what the others know of it; no other container is replaced", async () => {
    const same = await deployDev({ "rabbitmq.partitionHandling": "autoheal" }, members);
    expect(changes(same, shrunk)).toEqual(
      [
        ...of("rabbitmq3", "- "),
        "rabbitmq1-files",
        "rabbitmq1-member",
        "rabbitmq2-files",
        "rabbitmq2-join-cluster",
        "rabbitmq2-member",
        "rabbitmq-formed",
        "rabbitmq-name",
        "haproxy-host4-config",
        "haproxy-host5-config",
        "haproxy-host4-ready",
        "haproxy-host5-ready",
        "vip-host4-holds",
        "vip-host5-stands-by",
      ].sort(),
    );
  });

  test("leaves because the cluster has been told, by a step before its end, who its members are meant to be", () => {
    expect(stdin(shrunk, "rabbitmq-name")).toContain(`members='["rabbit@rabbitmq1","rabbit@rabbitmq2"]'\n`);
    expect(serving.resource("rabbitmq3-member").inputs["delete"]).toContain("delete rabbitmq/member rabbitmq3-member");
  });

  test("where it is the first, another founds the cluster, and everything that is asked is asked there", async () => {
    const without = await deployDev(
      { "rabbitmq.nodes": members.slice(1), "rabbitmq.nodes.1.type": "disc", "rabbitmq.partitionHandling": "autoheal" },
      members,
    );
    expect(stdin(without, "rabbitmq2-join-cluster")).not.toContain("\nseed=");
    expect(stdin(without, "rabbitmq3-join-cluster")).toContain("\nseed=rabbitmq2\n");
    for (const name of ["rabbitmq-formed", "rabbitmq-name", "rabbitmq-administrator"]) {
      expect(unsealed(without.resource(name).inputs["connection"])).toMatchObject({ host: "198.18.66.12" });
    }
  });
});

test("a node's other type is a change of the member, and of no container", async () => {
  const typed = await deployDev({ "rabbitmq.nodes.2.type": "disc" }, members);
  expect(changes(serving, typed)).toEqual(["rabbitmq-formed", "rabbitmq3-join-cluster", "rabbitmq3-member"]);
});

test.each<[string, Record<string, unknown>, string[]]>([
  ["a limit of memory", { "rabbitmq.memoryHighWatermark": 0.5 }, []],
  ["a limit of disk", { "rabbitmq.diskFreeLimit": "2GB" }, []],
  ["partitions' handling", { "rabbitmq.partitionHandling": "autoheal" }, []],
  [
    "plugins",
    { "rabbitmq.plugins": ["rabbitmq_management", "rabbitmq_prometheus", "rabbitmq_shovel"] },
    ["rabbitmq2-start-app", "rabbitmq3-start-app"],
  ],
])("members take up %s while they run", async (_title, config, more) => {
  const written = nodes.flatMap((node) => [`${node}-trial`, `${node}-configuration`, `${node}-member`]);
  expect(changes(serving, await deployDev(config, members))).toEqual([...written, ...more].sort());
});

describe("a lost machine", () => {
  const lostHost = (name: string) => ({ [`hosts.${name}.lost`]: true });
  const onHost3 = [...of("rabbitmq3"), "host3-docker", "host3-prepare"].sort();

  test("is not touched: its resources stay in the state as they are, and leave it without a word", async () => {
    const lost = await deployDev(lostHost("host3"), members);
    const kept = custom(lost).filter(({ retainOnDelete }) => retainOnDelete);
    expect(kept.map(({ name }) => name).sort()).toEqual(onHost3);
    for (const { ignoreChanges } of kept) expect(ignoreChanges).toEqual(["*"]);
    for (const { type, ignoreChanges } of custom(lost).filter((resource) => !kept.includes(resource))) {
      if (type !== "docker:index/container:Container") expect(ignoreChanges).toEqual([]);
      else expect(ignoreChanges).not.toContain("*");
    }
    expect(custom(serving).filter((resource) => resource.retainOnDelete)).toEqual([]);
  });

  test("nobody waits for it, and it waits for no other node", async () => {
    const lost = await deployDev(lostHost("host3"), members);
    const others = lost.resources.filter(({ name }) => !onHost3.includes(name));
    expect(others.filter(({ dependsOn }) => dependsOn.some((name) => onHost3.includes(name)))).toEqual([]);
    for (const name of of("rabbitmq3")) {
      expect([...lost.before(name)].filter((before) => /^rabbitmq[12]-/.test(before))).toEqual([]);
    }
  });

  test("its node is forgotten: the gates do not wait for it, the cluster is to have the others, the balancers too", async () => {
    const lost = await deployDev(lostHost("host3"), members);
    const expected = {
      ...{ disc: ["rabbitmq1", "rabbitmq2"], ram: [], lost: ["rabbitmq3"] },
      containers: ["id of rabbitmq1-container", "id of rabbitmq2-container"],
    };
    expect(stdin(lost, "rabbitmq-formed")).toContain(render(expected));
    expect(stdin(lost, "rabbitmq-name")).toContain(`members='["rabbit@rabbitmq1","rabbit@rabbitmq2"]'\n`);
    for (const node of ["rabbitmq1", "rabbitmq2"]) {
      expect(stdin(lost, `${node}-gate`)).toContain("\nlost=(\nrabbitmq3\n)\n");
    }
    const config = (deployment: Deployment) =>
      Buffer.from(
        /haproxy\.cfg (\S+)$/m.exec(stdin(deployment, "haproxy-host4-config"))?.[1] ?? "",
        "base64",
      ).toString();
    expect(config(lost)).not.toContain("rabbitmq3");
    expect(config(serving)).toContain("rabbitmq3");
  });

  test("as the first node's, lets another one found what the others join", async () => {
    const lost = await deployDev(lostHost("host1"), members);
    expect(stdin(lost, "rabbitmq2-join-cluster")).not.toContain("\nseed=");
    expect(stdin(lost, "rabbitmq3-join-cluster")).toContain("\nseed=rabbitmq2\nothers=(\nrabbitmq1\n)\n");
    expect(unsealed(lost.resource("rabbitmq-formed").inputs["connection"])).toMatchObject({ host: "198.18.66.12" });
    expect(lost.resource("rabbitmq2-member").dependsOn).toEqual(["rabbitmq2-container", "rabbitmq2-start-app"]);
  });

  test.each([
    ["host5", ["vip-host4-holds"]],
    ["host4", ["vip-host5-holds"]],
  ])("%s, a balancer's, leaves the virtual IP to the other one", async (name, looks) => {
    const lost = await deployDev(lostHost(name), members);
    const kept = custom(lost).filter(({ retainOnDelete }) => retainOnDelete);
    expect(kept.map((resource) => resource.name).sort()).toEqual(
      [
        `${name}-prepare`,
        `${name}-docker`,
        ...["image", "config", "gate", "container", "ready"].map((part) => `haproxy-${name}-${part}`),
        ...["package", "config", "service"].map((part) => `vip-${name}-${part}`),
      ].sort(),
    );
    const found = lost.resources.map((resource) => resource.name).filter((own) => /holds|stands-by/.test(own));
    expect(found).toEqual(looks);
  });

  test("that leaves no member on its machine is refused", async () => {
    const alone = { "hosts.host2.lost": true, "hosts.host3.lost": true, "hosts.host1.machine": "SN-1" };
    await expect(
      deployDev(
        alone,
        members.map((member) => ({ ...member, machine: "SN-0" })),
      ),
    ).rejects.toThrow(
      "warren:rabbitmq.nodes: a list - must keep at least one of the members (rabbitmq1, rabbitmq2, rabbitmq3) on its machine",
    );
  });
});

describe("another machine in a member's place", () => {
  const known = members.map((member) => ({ ...member, machine: `198.18.66.1${member.host.slice(-1)}` }));
  const other = { "hosts.host2.machine": "SN-2" };

  test("is given everything anew: each script says which machine it is for", async () => {
    const replaced = await deployDev(other, known);
    const here = [...of("rabbitmq2"), "host2-prepare", "host2-docker"];
    const commands = custom(replaced).filter(({ type }) => type === "command:remote:Command");
    for (const { name } of commands) {
      const named = /^(# SN-2|deployment=\S+\nmachine=SN-2)\n/.test(stdin(replaced, name));
      expect([name, named]).toEqual([name, here.includes(name)]);
    }
    expect(changes(serving, replaced)).toEqual([...of("rabbitmq2"), "host2-prepare"].sort());
    // And in the next update, when it serves, nothing.
    expect(changes(replaced, await deployDev(other, members))).toEqual([]);
  });

  test("its node comes in as a new one: after all that serve, and waited for by none of them", async () => {
    const replaced = await deployDev(other, known);
    expect(replaced.resource("rabbitmq3-gate").dependsOn).toContain("rabbitmq1-member");
    expect(replaced.resource("rabbitmq2-gate").dependsOn).toEqual([
      "rabbitmq2-files",
      "rabbitmq2-image",
      "rabbitmq2-trial",
    ]);
    expect(replaced.resource("rabbitmq2-join-cluster").dependsOn).toContain("rabbitmq3-member");
    expect(replaced.resource("rabbitmq2-member").dependsOn).toContain("rabbitmq3-member");
  });

  test("of the first node has that join another one, which serves", async () => {
    const replaced = await deployDev({ "hosts.host1.machine": "SN-1" }, known);
    expect(stdin(replaced, "rabbitmq1-join-cluster")).toContain("\nseed=rabbitmq2\nothers=(\nrabbitmq3\n)\n");
    expect(stdin(replaced, "rabbitmq2-join-cluster")).not.toContain("\nseed=");
  });

  test("nothing of that where the machine is the one that it was", async () => {
    expect(changes(serving, await deployDev({ "hosts.host2.machine": "198.18.66.12" }, known))).toEqual([]);
  });
});

describe("a cluster that is to stand still", () => {
  let stopped: Deployment;
  beforeAll(async () => {
    stopped = await deployDev({ "rabbitmq.stopped": true }, members);
  });

  test("is stopped from the last node to the first, when all are members", () => {
    const after = (node: string) =>
      stopped.resource(`${node}-member`).dependsOn.filter((name) => !name.startsWith(`${node}-`));
    expect(nodes.map(after)).toEqual([["rabbitmq2-member"], ["rabbitmq3-member"], []]);
    expect(stopped.resource("rabbitmq-formed").dependsOn).toContain("rabbitmq1-member");
  });

  test("and its containers do not come back by themselves; they are not replaced for it", () => {
    for (const node of nodes) {
      const { labels, ...inputs } = stopped.resource(`${node}-container`).inputs;
      expect(inputs).toMatchObject({ restart: "no", mustRun: false });
      expect(labels).toEqual(serving.resource(`${node}-container`).inputs["labels"]);
    }
  });

  test("its nodes are stopped with their grace, by whatever step comes", () => {
    for (const node of nodes) {
      expect(stdin(stopped, `${node}-member`)).toContain(render({ stopped: true, grace: 120 }));
    }
  });

  test("nobody is asked who its members are, and the rest stays", () => {
    expect(stdin(stopped, "rabbitmq-formed")).toContain(render({ stopped: true }));
    expect(changes(serving, stopped)).toEqual(
      ["rabbitmq-formed", ...nodes.flatMap((node) => [`${node}-container`, `${node}-member`])].sort(),
    );
  });

  test("is refused before there is one", async () => {
    await expect(deployDev({ "rabbitmq.stopped": true })).rejects.toThrow(
      "warren:rabbitmq.stopped: true - must be false until there is a cluster that can be stopped",
    );
  });
});
