import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { adopt, adoptable, gate, onceAdopted, type AdoptedCluster } from "../../commands/rabbitmq";
import { noWaiting, runOnHost, type Stubs } from "./support/bash";
import { clusterStatus, threeMembers } from "./support/clusterStatus";
import { makeDirectory } from "./support/directory";

/*
 * A container made by hand, which a node takes the place of: looked at before anything is done, then stopped, kept and its
 * data taken over. Run with a stand-in for docker, on real directories.
 */

const adoption = { container: "my-rabbitmq", path: "warren:rabbitmq.nodes[0]" };
const cluster: AdoptedCluster = {
  version: "3.8.9",
  cookie: "by-hand-by-hand",
  members: [
    { name: "rabbitmq1", type: "disc" },
    { name: "rabbitmq2", type: "disc" },
    { name: "rabbitmq3", type: "ram" },
  ],
  plugins: ["rabbitmq_management", "rabbitmq_prometheus"],
  ports: { epmd: 4369, distribution: 25672 },
};
const byHand = {
  "by-hand/.erlang.cookie": "by-hand-by-hand\n",
  "by-hand/mnesia/rabbit@rabbitmq1/cluster_nodes.config": "x",
  "by-hand/mnesia/rabbit@rabbitmq1/queue": "messages",
};

/** A host with a container made by hand; `answers` stand before the usual ones. */
function host(files: Record<string, string> = byHand, answers: Stubs[string] = {}) {
  const directory = makeDirectory(files);
  const place = { name: "rabbitmq1", container: "rabbitmq", directory: join(directory, "rabbitmq1") };
  const usual: Stubs[string] = {
    'index .Config.Labels "io.warren.stack"}}> my-rabbitmq': { stdout: "<>\n" },
    'index .Config.Labels "io.warren.stack"}}> rabbitmq': { code: 1 },
    "inspect -f {{.State.Running}} my-rabbitmq": { stdout: "true\n" },
    ".Config.Env": { stdout: "PATH=/bin\nTZ=UTC\n" },
    ".Mounts": { stdout: `${join(directory, "by-hand")}\n` },
    "eval node().": { stdout: "rabbit@rabbitmq1\n" },
    "rabbitmqctl -q version": { stdout: "3.8.9\n" },
    list_feature_flags: { stdout: "" },
    cluster_status: { stdout: clusterStatus({ members: threeMembers }) },
    "rabbitmq-plugins -q list -E -m": { stdout: "rabbitmq_management\nrabbitmq_prometheus\n" },
  };
  return { directory, place, stubs: { docker: { ...answers, ...usual, ...answers } } };
}

describe("adoptable", () => {
  const run = (files?: Record<string, string>, answers?: Stubs[string], changes: Partial<AdoptedCluster> = {}) => {
    const { place, stubs, directory } = host(files, answers);
    return runOnHost(adoptable(place, adoption, { ...cluster, ...changes }), { stubs }).then((outcome) => ({
      ...outcome,
      stderr: outcome.stderr.replaceAll(directory, "DIR"),
    }));
  };

  test("a member of the cluster that the config has is", async () => {
    expect(await run()).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });

  test("one that printed a deprecation line first is, too", async () => {
    const warns = { "eval node().": { stdout: "RABBITMQ_ERLANG_COOKIE is deprecated\nrabbit@rabbitmq1\n" } };
    expect(await run(byHand, warns)).toMatchObject({ code: 0 });
  });

  test("a cluster of disc nodes alone is", async () => {
    const members = { rabbitmq1: { type: "disc" }, rabbitmq2: { type: "disc" } } as const;
    const answers = { cluster_status: { stdout: clusterStatus({ members }) } };
    expect(await run(byHand, answers, { members: cluster.members.slice(0, 2) })).toMatchObject({ code: 0, stderr: "" });
  });

  test("it changes nothing", async () => {
    const { calls } = await run();
    const looks =
      /^docker (inspect|exec -u rabbitmq my-rabbitmq (rabbitmqctl|rabbitmq-plugins) -q (eval 'node\(\)\.'|eval node\(\)\.|version|cluster_status|list))/;
    expect(calls.filter((call) => !looks.test(call))).toEqual([]);
  });

  const labelled = { 'io.warren.stack"}}> my-rabbitmq': { code: 1 } };

  test.each<[string, Stubs[string], Partial<AdoptedCluster>, string]>([
    [
      "no such container",
      { ...labelled, "inspect my-rabbitmq.before-warren": { code: 1 } },
      {},
      'warren:rabbitmq.nodes[0].adopt: "my-rabbitmq" - must be a container on this host that Warren did not make, or be left out: there is none of that name',
    ],
    [
      "the node's own name taken by another container",
      { 'io.warren.stack"}}> rabbitmq': { stdout: "<>\n" } },
      {},
      'warren:rabbitmq.nodes[0].adopt: "my-rabbitmq" - must be rabbitmq, or that container be gone: the node\'s own will have that name',
    ],
    [
      "one that is stopped",
      { "inspect -f {{.State.Running}} my-rabbitmq": { stdout: "false\n" } },
      {},
      'warren:rabbitmq.nodes[0].adopt: "my-rabbitmq" - must be a container that runs',
    ],
    [
      "a broker that does not answer",
      { "eval node().": { code: 69 } },
      {},
      'warren:rabbitmq.nodes[0].adopt: "my-rabbitmq" - must be a broker whose rabbitmqctl answers',
    ],
    [
      "another node's name",
      { "eval node().": { stdout: "hare@queue\n" } },
      {},
      'warren:rabbitmq.nodes[0].name: "rabbitmq1" - must be the node\'s own name: the container my-rabbitmq runs hare@queue',
    ],
    [
      "another version",
      { "rabbitmqctl -q version": { stdout: "3.8.3\n" } },
      {},
      'warren:rabbitmq.version: "3.8.9" - must be 3.8.3, as the container my-rabbitmq has it: adopt first, then upgrade',
    ],
    [
      "another port for epmd",
      { ".Config.Env": { stdout: "ERL_EPMD_PORT=4370\n" } },
      {},
      "warren:rabbitmq.ports.epmd: 4369 - must be 4370, as the container my-rabbitmq has it",
    ],
    [
      "another port between nodes, by way of AMQP's",
      { ".Config.Env": { stdout: "RABBITMQ_NODE_PORT=5673\n" } },
      {},
      "warren:rabbitmq.ports.distribution: 25672 - must be 25673, as the container my-rabbitmq has it",
    ],
    [
      "data in no mount",
      { ".Mounts": { stdout: "\n" } },
      {},
      'warren:rabbitmq.nodes[0].adopt: "my-rabbitmq" - must have its data in a mount at /var/lib/rabbitmq, in mnesia/rabbit@rabbitmq1',
    ],
    [
      "another cookie",
      {},
      { cookie: "another-cookie" },
      "warren:rabbitmq.cookie: [secret] - must be the cookie of the container my-rabbitmq",
    ],
    [
      "other members",
      {},
      { members: cluster.members.slice(0, 2) },
      "warren:rabbitmq.nodes: a list - must be the cluster's members with their types, which are disc: rabbit@rabbitmq1 rabbit@rabbitmq2; ram: rabbit@rabbitmq3",
    ],
    [
      "a plugin that the config does not have",
      { "rabbitmq-plugins -q list": { stdout: "rabbitmq_management\nrabbitmq_shovel\n" } },
      {},
      "warren:rabbitmq.plugins: a list - must have rabbitmq_shovel among them, as the container my-rabbitmq has",
    ],
  ])("is refused with %s", async (_title, answers, changes, rule) => {
    const { code, stderr } = await run(byHand, answers, changes);
    expect({ code, stderr }).toEqual({ code: 1, stderr: `${rule}. Nothing was changed\n` });
  });

  test("is refused where the node has data of its own already", async () => {
    const { code, stderr } = await run({ ...byHand, "rabbitmq1/data/mnesia/x": "" });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        'warren:rabbitmq.dataDirectory: "DIR" - must be a directory without data of rabbitmq1, or the container\'s own: DIR/rabbitmq1/data/mnesia is there already. Nothing was changed\n',
    });
  });

  test("one that was adopted, whole or half, is not looked at again", async () => {
    expect((await run({ "rabbitmq1/adopted": "" })).calls).toEqual([]);
    const half = await run(byHand, { ...labelled, "inspect my-rabbitmq.before-warren": {} });
    expect(half).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("adopt", () => {
  const wanted = { image: "sha256:1", settings: "s" };
  const stop = { amqpPort: 5672, graceSeconds: 60 };
  const files = { ...byHand, "rabbitmq1/data/.erlang.cookie": "by-hand-by-hand" };
  const effects = {
    "docker update": {},
    "update --restart": {},
    stop: {},
    rename: {},
    drain: {},
    "rabbitmq-diagnostics": {},
  };

  const run = (state: Record<string, string> = files, answers: Stubs[string] = {}) => {
    const { place, stubs, directory } = host(state, {
      ...answers,
      ...effects,
      "inspect -f {{.State.Running}} {{.Image}}": { stdout: "true sha256:0 \n" },
    });
    const read = (path: string) =>
      existsSync(join(directory, path)) ? readFileSync(join(directory, path), "utf8") : undefined;
    return runOnHost(adopt(place, adoption, wanted, stop), { before: noWaiting, stubs }).then((outcome) => ({
      ...outcome,
      directory,
      read,
    }));
  };
  const changes = (calls: string[]) => calls.filter((call) => /drain|docker (update|stop|rename)/.test(call));

  test("drains when the cluster can spare the node, stops, keeps, and takes the data over", async () => {
    const { code, stderr, calls, read, directory } = await run();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(changes(calls)).toEqual([
      "docker exec -u rabbitmq my-rabbitmq rabbitmq-upgrade -q drain",
      "docker update --restart=no my-rabbitmq",
      "docker stop -t 60 my-rabbitmq",
      "docker rename my-rabbitmq my-rabbitmq.before-warren",
    ]);
    expect(read("rabbitmq1/data/mnesia/rabbit@rabbitmq1/queue")).toBe("messages");
    expect(read("rabbitmq1/data/.erlang.cookie")).toBe("by-hand-by-hand");
    expect(read("rabbitmq1/adopted")).toBe("");
    // What Warren has of its own stays where it was.
    expect(readdirSync(join(directory, "by-hand"))).toEqual([".erlang.cookie"]);
  });

  test("asks what is asked before any node is taken down", () => {
    const place = { name: "rabbitmq1", container: "rabbitmq", directory: "/srv" };
    expect(adopt(place, adoption, wanted, stop)).toContain(
      gate({ ...place, container: "my-rabbitmq" }, wanted, [], 5672),
    );
  });

  test("does nothing at all where the cluster cannot spare the node", async () => {
    const { code, calls, read } = await run(files, {
      cluster_status: {
        stdout: clusterStatus({ members: { ...threeMembers, rabbitmq2: { type: "disc", running: false } } }),
      },
    });
    expect({ code, changes: changes(calls) }).toEqual({ code: 1, changes: [] });
    expect(read("by-hand/mnesia/rabbit@rabbitmq1/queue")).toBe("messages");
  });

  test("a run that was cut off half-way through the data goes on", async () => {
    const renamed = { 'io.warren.stack"}}> my-rabbitmq': { code: 1 } };
    const half = { ...files, "by-hand/config/x": "more", "rabbitmq1/data/schema/x": "moved" };
    const { code, calls, read } = await run(half, renamed);
    expect({ code, changes: changes(calls) }).toEqual({ code: 0, changes: [] });
    expect(read("rabbitmq1/data/config/x")).toBe("more");
    expect(read("rabbitmq1/data/schema/x")).toBe("moved");
    expect(read("rabbitmq1/data/mnesia/rabbit@rabbitmq1/queue")).toBe("messages");
  });

  test("one that is done is left alone", async () => {
    expect((await run({ ...files, "rabbitmq1/adopted": "" })).calls).toEqual([]);
  });

  describe("from another file system", () => {
    const others = (sums: string) => ({
      stubs: {
        stat: {
          "%d:%i": [{ stdout: "1:1" }, { stdout: "2:2" }],
          "-c %d": [{ stdout: "1" }, { stdout: "2" }],
          "%u": { stdout: "0:0" },
        },
        sha256sum: { "": [{ stdout: "same" }, { stdout: sums }] },
      },
    });
    const copied = (sums: string) => {
      const { place, stubs, directory } = host(files, {
        ...effects,
        "inspect -f {{.State.Running}} {{.Image}}": { code: 1 },
      });
      return runOnHost(adopt(place, adoption, wanted, stop), { stubs: { ...stubs, ...others(sums).stubs } }).then(
        (outcome) => ({ ...outcome, directory }),
      );
    };

    test("the data are copied, compared, and stay where they were", async () => {
      const { code, directory } = await copied("same");
      expect(code).toBe(0);
      for (const place of ["by-hand", "rabbitmq1/data"])
        expect(readFileSync(join(directory, place, "mnesia/rabbit@rabbitmq1/queue"), "utf8")).toBe("messages");
      expect(existsSync(join(directory, "rabbitmq1/data.copy"))).toBe(false);
    });

    test("a copy that is not the same is not used", async () => {
      const { code, stderr, directory } = await copied("other");
      expect(code).toBe(1);
      expect(stderr).toBe(
        `the copy of ${directory}/by-hand in ${directory}/rabbitmq1/data.copy is not the same: is the disk in order? my-rabbitmq.before-warren and its data are as they were\n`,
      );
      expect(existsSync(join(directory, "rabbitmq1/data/mnesia"))).toBe(false);
    });
  });
});

test("a node's own container is looked at once it has taken the adopted one's place", async () => {
  const { place } = host({ "rabbitmq1/adopted": "" });
  expect((await runOnHost(onceAdopted(place, "echo looked"))).stdout).toBe("looked\n");
  expect((await runOnHost(onceAdopted(host().place, "echo looked"))).stdout).toBe("");
});
