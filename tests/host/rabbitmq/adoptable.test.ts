import { dirname } from "node:path";

import { adoptable, type AdoptableData } from "../../../commands/rabbitmq/adoption";
import type { Stubs } from "../../unit/support/bash";
import { clusterStatus } from "../../unit/support/clusterStatus";
import { runStep } from "../support/step";
import { adopting, byHand, byHandData } from "./adopting";

/* Whether a container made by hand can be adopted as the config has it: it is looked at, and nothing is changed. */

const cluster = {
  byHand,
  path: "warren:rabbitmq.nodes[0]",
  version: "3.8.9",
  cookie: "by-hand-by-hand",
  disc: ["rabbitmq1", "rabbitmq2"],
  ram: ["rabbitmq3"],
  plugins: ["rabbitmq_management", "rabbitmq_prometheus"],
  epmdPort: 4369,
  distributionPort: 25672,
};

const run = async (
  files: Record<string, string> = byHandData,
  answers: Stubs[string] = {},
  changes: Partial<AdoptableData> = {},
) => {
  const { node, docker } = adopting(files, answers);
  const data = { ...node.place, ...cluster, ...changes };
  const outcome = await runStep(adoptable, data, { root: node.root, stubs: { docker } });
  return { ...outcome, stderr: outcome.stderr.replaceAll(dirname(node.directory), "DIR") };
};

test("a member of the cluster that the config has is", async () => {
  expect(await run()).toMatchObject({ code: 0, stdout: "", stderr: "" });
});

test("one that printed a deprecation line first is, too", async () => {
  const warns = { "eval node().": { stdout: "RABBITMQ_ERLANG_COOKIE is deprecated\nrabbit@rabbitmq1\n" } };
  expect(await run(byHandData, warns)).toMatchObject({ code: 0 });
});

test("a cluster of disc nodes alone is", async () => {
  const members = { rabbitmq1: { type: "disc" }, rabbitmq2: { type: "disc" } } as const;
  const answers = { cluster_status: { stdout: clusterStatus({ members }) } };
  expect(await run(byHandData, answers, { ram: [] })).toMatchObject({ code: 0, stderr: "" });
});

test("it changes nothing", async () => {
  const { calls } = await run();
  const looks =
    /^docker (inspect|exec -u rabbitmq my-rabbitmq (rabbitmqctl|rabbitmq-plugins) -q (eval 'node\(\)\.'|eval node\(\)\.|version|cluster_status|list))/;
  expect(calls.filter((call) => !looks.test(call))).toEqual([]);
});

const labelled = { 'io.warren.stack"}}> my-rabbitmq': { code: 1 } };

test.each<[string, Stubs[string], Partial<AdoptableData>, string]>([
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
    { ram: [] },
    "warren:rabbitmq.nodes: a list - must be the cluster's members with their types, which are disc: rabbit@rabbitmq1 rabbit@rabbitmq2; ram: rabbit@rabbitmq3",
  ],
  [
    "a plugin that the config does not have",
    { "rabbitmq-plugins -q list": { stdout: "rabbitmq_management\nrabbitmq_shovel\n" } },
    {},
    "warren:rabbitmq.plugins: a list - must have rabbitmq_shovel among them, as the container my-rabbitmq has",
  ],
])("is refused with %s", async (_title, answers, changes, rule) => {
  const { code, stderr } = await run(byHandData, answers, changes);
  expect({ code, stderr }).toEqual({ code: 1, stderr: `${rule}. Nothing was changed\n` });
});

test("is refused where the node has data of its own already", async () => {
  const { code, stderr } = await run({ ...byHandData, "data/mnesia/x": "" });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      'warren:rabbitmq.dataDirectory: "DIR" - must be a directory without data of rabbitmq1, or the container\'s own: DIR/rabbitmq1/data/mnesia is there already. Nothing was changed\n',
  });
});

test("one that was adopted, whole or half, is not looked at again", async () => {
  expect((await run({ adopted: "" })).calls).toEqual([]);
  const half = await run(byHandData, { ...labelled, "inspect my-rabbitmq.before-warren": {} });
  expect(half).toMatchObject({ code: 0, stderr: "" });
});
