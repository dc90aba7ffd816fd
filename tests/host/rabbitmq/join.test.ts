import { joinCluster } from "../../../commands/rabbitmq/joining";
import type { Stubs } from "../../unit/support/bash";
import { runStep } from "../support/step";
import { cli as call, Node } from "./node";

/* By whom a blank node gets into the cluster, run with a stand-in for docker. */

const join = (peer: string) => call(`join_cluster rabbit@${peer}`);
const asked = (peer: string) => call(`-n rabbit@${peer} list_global_parameters --no-table-headers`);
const forgotten = (peer: string) => call(`-n rabbit@${peer} forget_cluster_node rabbit@rabbitmq2`);

const run = async (docker: Stubs[string], type: "disc" | "ram" = "disc") => {
  const node = new Node("rabbitmq2", {
    "data/mnesia/rabbit@rabbitmq2/cluster_nodes.config": "{[rabbit@rabbitmq2],[rabbit@rabbitmq2]}.",
  });
  const data = { ...node.place, type, seed: "rabbitmq1", others: ["rabbitmq3", "rabbitmq4"] };
  const { code, stdout, stderr, calls } = await runStep(joinCluster, data, { root: node.root, stubs: { docker } });
  return { code, stdout, stderr, calls };
};

const down = { run: "echo 'Error: unable to connect to node rabbit@rabbitmq1: nodedown' >&2", code: 69 };
const inconsistent = {
  run: "echo 'Error: {inconsistent_cluster,\"Node rabbit@rabbitmq1 thinks it is clustered with node rabbit@rabbitmq2\"}' >&2",
  code: 70,
};
const membersAre = (...names: string[]) => ({
  stdout: `cluster_name\t"rabbitmq"\nwarren_members\t${JSON.stringify(names.map((name) => `rabbit@${name}`))}\n`,
});

test("the seed node lets it in: nobody else is asked", async () => {
  const outcome = await run({ "join_cluster rabbit@rabbitmq1": { stdout: "Clustering node\n" } });
  expect(outcome).toEqual({ code: 0, stdout: "", stderr: "", calls: [join("rabbitmq1")] });
});

test("a RAM node joins as one", async () => {
  const outcome = await run({ "join_cluster --ram rabbit@rabbitmq1": {} }, "ram");
  expect(outcome).toMatchObject({ code: 0, calls: [call("join_cluster --ram rabbit@rabbitmq1")] });
});

test("another member does where the seed node does not, the first whose own cluster says that it is one", async () => {
  const outcome = await run({
    "join_cluster rabbit@rabbitmq1": down,
    "-n rabbit@rabbitmq3": membersAre("rabbitmq1", "rabbitmq4", "rabbitmq33"),
    "-n rabbit@rabbitmq4": membersAre("rabbitmq1", "rabbitmq4"),
    "join_cluster rabbit@rabbitmq4": {},
  });
  expect(outcome).toEqual({
    code: 0,
    stdout: "",
    stderr: "",
    calls: [join("rabbitmq1"), asked("rabbitmq3"), asked("rabbitmq4"), join("rabbitmq4")],
  });
});

test.each<[string, Stubs[string]]>([
  ["does not answer", { "-n rabbit@": { code: 69 } }],
  ["is as blank as this one", { "-n rabbit@": { stdout: 'cluster_name\t"rabbit@rabbitmq3"\n' } }],
])("a node that %s lets nobody in, and what the seed node said is told", async (_title, others) => {
  const outcome = await run({ "join_cluster rabbit@rabbitmq1": down, ...others });
  expect(outcome).toEqual({
    code: 1,
    stdout: "",
    stderr: "Error: unable to connect to node rabbit@rabbitmq1: nodedown\n",
    calls: [join("rabbitmq1"), asked("rabbitmq3"), asked("rabbitmq4")],
  });
});

test("a former member of this name, whose data are gone, is forgotten first", async () => {
  const outcome = await run({ join_cluster: [inconsistent, {}], forget_cluster_node: { stdout: "Removing node\n" } });
  expect(outcome).toMatchObject({ code: 0, calls: [join("rabbitmq1"), forgotten("rabbitmq1"), join("rabbitmq1")] });
});

test("nothing is forgotten where the join fails otherwise", async () => {
  const { code, calls } = await run({ join_cluster: down, "-n rabbit@": membersAre("rabbitmq3", "rabbitmq4") });
  expect(code).toBe(1);
  expect(calls.filter((line) => line.includes("forget"))).toEqual([]);
});

test("a member that cannot be forgotten ends it", async () => {
  const outcome = await run({
    join_cluster: inconsistent,
    forget_cluster_node: { run: "echo 'Error: it runs' >&2", code: 70 },
  });
  expect(outcome).toMatchObject({
    code: 70,
    stderr: "Error: it runs\n",
    calls: [join("rabbitmq1"), forgotten("rabbitmq1")],
  });
});
