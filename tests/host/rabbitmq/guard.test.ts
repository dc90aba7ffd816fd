import { joinCluster, reset, stopApp, type JoinData, type JoiningData } from "../../../commands/rabbitmq/joining";
import type { Step } from "../../../commands/step";
import type { Stubs } from "../../unit/support/bash";
import { clusterStatus } from "../../unit/support/clusterStatus";
import { runStep } from "../support/step";
import { cli as call, Node } from "./node";

/*
 * The guard before each joining step, run against a node's directory as a broker leaves it: nothing that is a member is
 * ever stopped, reset or joined again, whatever Pulumi's state believes.
 */

const database = "data/mnesia/rabbit@rabbitmq2";
const nodesFile = `${database}/cluster_nodes.config`;

/** The data of all three. */
type Data = JoiningData & JoinData;
const given = ({ name, says, within, ends }: Step<JoiningData> | Step<JoinData>): Step<Data> => ({
  ...{ name, says, within, ends },
});
const steps: [string, Step<Data>, string][] = [
  ["stop-app", given(stopApp), "stop_app"],
  ["reset", given(reset), "reset"],
  ["join-cluster", given(joinCluster), "join_cluster --ram rabbit@rabbitmq1"],
];

const run = async (step: Step<Data>, files: Record<string, string>, docker: Stubs[string] = {}, changes = {}) => {
  const node = new Node("rabbitmq2", { hosts: "", ...files });
  const data: Data = { ...node.place, joins: true, seed: "rabbitmq1", others: [], type: "ram", ...changes };
  const outcome = await runStep(step, data, { root: node.root, stubs: { docker: { ...runs, ...docker } } });
  return { ...outcome, node, directory: node.directory };
};
const looks = "docker inspect -f {{.State.Running}} {{.HostConfig.RestartPolicy.Name}} rabbitmq";
const runs: Stubs[string] = { RestartPolicy: { stdout: "true always\n" } };
const status = "cluster_status --formatter json";
const alone = { stdout: clusterStatus({ members: { rabbitmq2: { type: "disc" } } }) };

describe.each(steps)("%s", (_step, step, args) => {
  test.each([
    ["a cluster of two", "{[rabbit@rabbitmq1,rabbit@rabbitmq2],[rabbit@rabbitmq1,rabbit@rabbitmq2]}."],
    ["a RAM node", "{[rabbit@rabbitmq1,rabbit@rabbitmq2],[rabbit@rabbitmq1]}."],
    ["a cluster of two, itself first", "{[rabbit@rabbitmq2,rabbit@rabbitmq1],[rabbit@rabbitmq1]}."],
    ["names that need quotes in Erlang", "{['rabbit@rabbitmq-1',rabbit@rabbitmq2],['rabbit@rabbitmq-1']}."],
    [
      "a cluster with a node whose name begins like its own",
      "{[rabbit@rabbitmq2,rabbit@rabbitmq20],[rabbit@rabbitmq2]}.",
    ],
  ])("leaves a member alone, without a call: %s", async (_title, config) => {
    const { code, stdout, stderr, calls } = await run(step, { [nodesFile]: config });
    expect({ code, stdout, stderr, calls }).toEqual({
      code: 0,
      stdout: "rabbitmq2 is a member already: left alone\n",
      stderr: "",
      calls: [],
    });
  });

  test("leaves a member with queues alone too", async () => {
    const files = {
      [nodesFile]: "{[rabbit@rabbitmq1,rabbit@rabbitmq2],[rabbit@rabbitmq1]}.",
      [`${database}/msg_stores/vhosts/62/queues/AB/0.idx`]: "x",
    };
    expect(await run(step, files)).toMatchObject({ code: 0, calls: [] });
  });

  test("goes on with a node that booted alone", async () => {
    const files = {
      [nodesFile]: "{[rabbit@rabbitmq2],[rabbit@rabbitmq2]}.",
      [`${database}/msg_stores/vhosts/62/.vhost`]: "/",
      [`${database}/msg_stores/vhosts/62/msg_store_persistent/0.rdq`]: "",
      [`${database}/msg_stores/vhosts/62/queues/.keep`]: "",
      [`${database}/quorum/rabbit@rabbitmq2/meta.dets`]: "x",
    };
    expect(await run(step, files, { [args]: {} })).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "",
      calls: [call(args)],
    });
  });

  test.each([
    ["a classic queue", `${database}/msg_stores/vhosts/628WB79/queues/2OQ9/journal.jif`],
    ["a quorum queue", `${database}/quorum/rabbit@rabbitmq2/2F_ORDERS/config`],
    ["a stream", `${database}/stream/__orders_1700000000000000000/00000000000000000000.segment`],
  ])("refuses a lone node with %s, and calls nothing", async (_title, file) => {
    const files = { [nodesFile]: "{[rabbit@rabbitmq2],[rabbit@rabbitmq2]}.", [file]: "x" };
    const { code, stdout, stderr, calls, directory } = await run(step, files);
    expect({ code, stdout, calls }).toEqual({ code: 1, stdout: "", calls: [] });
    expect(stderr).toBe(
      `rabbitmq2 has queues of its own in ${directory}/data and is in no cluster: joining would wipe them. Move the directory away, or take the node out of the configuration\n`,
    );
  });

  test("asks a broker that keeps no such file, and leaves a member alone", async () => {
    const members = { rabbitmq1: { type: "disc" }, rabbitmq2: { type: "disc" } } as const;
    const docker = { [status]: { stdout: clusterStatus({ members }) } };
    expect(await run(step, {}, docker)).toMatchObject({
      code: 0,
      stdout: "rabbitmq2 is a member already: left alone\n",
      calls: [looks, call(status)],
    });
  });

  test("asks a broker that keeps no such file, and goes on where it is alone", async () => {
    const outcome = await run(step, {}, { [status]: alone, [args]: {} });
    expect(outcome).toMatchObject({ code: 0, stdout: "", calls: [looks, call(status), call(args)] });
  });

  test("fails when its own call fails", async () => {
    const outcome = await run(step, {}, { [status]: alone, [args]: { run: "echo 'Error: no' >&2", code: 69 } });
    // A node that no member lets in says what the last of them said.
    expect([outcome.code, outcome.stderr]).toEqual([args.startsWith("join") ? 1 : 69, "Error: no\n"]);
  });

  const untold = "it cannot be told whether rabbitmq2 is a member of a cluster. Nothing was changed\n";

  test("goes no further where a broker that keeps no such file cannot be asked, and says so after it", async () => {
    const outcome = await run(step, {}, { [status]: { run: "echo 'Error: no' >&2", code: 69 }, [args]: {} });
    expect(outcome).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `Error: no\n${untold}`,
      calls: [looks, call(status)],
    });
  });

  test("goes on where such a broker says nothing because this join has stopped its application", async () => {
    const outcome = await run(step, { joining: "" }, { [status]: { stdout: "" }, [args]: {} });
    expect(outcome).toMatchObject({ code: 0, calls: [looks, call(status), call(args)] });
  });

  test.each([
    ["is empty", ""],
    ["names no node", "{[],[]}."],
  ])("goes no further where the file %s, and calls nothing", async (_title, config) => {
    const outcome = await run(step, { [nodesFile]: config }, { [args]: {} });
    expect(outcome).toMatchObject({ code: 1, stdout: "", stderr: untold, calls: [] });
  });

  test("leaves the seed node alone, without a call", async () => {
    const outcome = await run(step, {}, {}, { joins: false, seed: undefined });
    expect(outcome).toMatchObject({
      code: 0,
      stdout: "rabbitmq2 is the seed node: it joins nobody\n",
      stderr: "",
      calls: [],
    });
  });

  test("leaves a broker alone that keeps no such file and was stopped on purpose", async () => {
    const outcome = await run(step, {}, { RestartPolicy: { stdout: "false no\n" } });
    expect(outcome).toMatchObject({ code: 0, stdout: "rabbitmq2 is stopped: left alone\n", calls: [looks] });
  });

  test("does not take one for stopped on purpose that Docker would start again", async () => {
    const outcome = await run(step, {}, { RestartPolicy: { stdout: "false always\n" }, [status]: { code: 1 } });
    expect(outcome).toMatchObject({ code: 1, stderr: untold });
  });
});
