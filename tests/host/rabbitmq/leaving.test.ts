import { member } from "../../../commands/rabbitmq";
import type { Reply, Stubs } from "../../unit/support/bash";
import { brief } from "../../unit/support/calls";
import { clusterStatus, threeMembers } from "../../unit/support/clusterStatus";
import { runStep } from "../support/step";
import { memberData, node } from "./support";

/* How a member leaves, run with a stand-in for docker. */

const broker = (tool: string, args: string) => `docker exec -u rabbitmq rabbitmq ${tool} -q ${args}`;
const state = "docker inspect -f {{.State.Status}} rabbitmq";
const parameters = broker("rabbitmqctl", "list_global_parameters --no-table-headers");
const application = broker("rabbitmqctl", "eval {rabbit:is_running(), rabbit:is_booting()}.");
const programs = "docker top rabbitmq -eo comm";
const status = broker("rabbitmqctl", "cluster_status --formatter json");
const drain = broker("rabbitmq-upgrade", "drain");
const revived = [broker("rabbitmq-upgrade", "revive"), "recover members"];
const stopApp = broker("rabbitmqctl", "stop_app");
const reset = broker("rabbitmqctl", "reset");
const queues = (which: string) => `queues ${which} rabbit@rabbitmq2`;
const extend = `${queues("Extend")} rabbit@rabbitmq1,rabbit@rabbitmq3`;
const none = { stdout: "ok\n" };

const membersAre = (...names: string[]) => ({
  stdout: `cluster_name\t"rabbitmq"\nwarren_members\t${JSON.stringify(names.map((name) => `rabbit@${name}`))}\n`,
});

/** A member of three that the config does not have any more, without queues. */
const onItsWay: Stubs[string] = {
  inspect: { stdout: "running\n" },
  list_global_parameters: membersAre("rabbitmq1", "rabbitmq3"),
  "rabbit:is_running()": { stdout: "{false,false}\n" },
  "top rabbitmq": { stdout: "COMMAND\nbeam.smp\nerl_child_setup\n" },
  cluster_status: { stdout: clusterStatus() },
  "List(Lost), ok.": none,
  "Do(Extend, Moving), ok.": none,
  "Do(Evict, Replicated), ok.": none,
  "HandOver().": { stdout: "true\n" },
  "Leave().": { stdout: "true\n" },
  "rabbitmq-upgrade -q drain": { stdout: "Will put node into maintenance mode\n" },
  "rabbitmq-upgrade -q revive": {},
  "Recover = ": {},
  stop_app: {},
  reset: {},
};

const run = async (differences: Stubs[string] = {}, files: Record<string, string> = {}) => {
  const at = node(files);
  const docker = {
    ...differences,
    ...Object.fromEntries(Object.entries(onItsWay).filter(([key]) => !(key in differences))),
  };
  const outcome = await runStep(member, memberData(at.directory), { ...at, part: "delete", stubs: { docker } });
  const { code, stdout, stderr, calls } = outcome;
  return { code, stdout, stderr, calls: brief(calls), marked: outcome.read("/node/leaving") !== undefined };
};
const passes = (calls: string[]) => ({ code: 0, stdout: "", stderr: "", calls, marked: false });

describe("a node stays as it is", () => {
  test.each([
    ["there is no container", { code: 1, run: "echo 'No such object' >&2" }],
    ["its container does not run", { stdout: "exited\n" }],
    ["its container fails again and again", { stdout: "restarting\n" }],
  ])("where %s", async (_title, inspect) => {
    expect(await run({ inspect })).toEqual(passes([state]));
  });

  test.each([
    ["still has it, as when the whole stack is destroyed", membersAre("rabbitmq1", "rabbitmq2", "rabbitmq3")],
    ["was never told who its members are meant to be", { stdout: 'cluster_name\t"rabbitmq"\n' }],
  ])("where the cluster %s", async (_title, list) => {
    expect(await run({ list_global_parameters: list })).toEqual(passes([state, parameters]));
  });

  test("where the cluster cannot be asked, since the broker's application is stopped", async () => {
    expect(await run({ list_global_parameters: { code: 69 } })).toEqual(passes([state, parameters, application]));
  });

  test("where its queues would be lost with it, and they are named", async () => {
    const told = { stdout: "rabbit_classic_queue\t/\torders\t17\t\nrabbit_stream_queue\tapp\ta log\t4\t\nok\n" };
    expect(await run({ "List(Lost), ok.": told })).toEqual({
      code: 1,
      stdout: "",
      stderr: `rabbit@rabbitmq2 cannot be spared. Nothing was changed, since these queues would be lost with it, or lose their majority:
  orders (classic_queue) in the virtual host /
  a log (stream_queue) in the virtual host app
Mirror them, give them members on other nodes, start the nodes that they wait for, or delete them
`,
      calls: [state, parameters, queues("Lost")],
      marked: false,
    });
  });

  test("where the broker does not say what its queues are", async () => {
    expect(await run({ "List(Lost), ok.": { code: 69 } })).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "it cannot be told which queues would be lost with rabbit@rabbitmq2. Nothing was changed. Run `pulumi up` again\n",
      calls: [state, parameters, queues("Lost")],
      marked: false,
    });
  });

  test.each<[string, Reply, string]>([
    [
      "no other member runs",
      {
        stdout: clusterStatus({
          members: {
            ...threeMembers,
            rabbitmq1: { type: "disc", running: false },
            rabbitmq3: { type: "ram", running: false },
          },
        }),
      },
      "no other member of the cluster runs. Nothing was changed. Start them, then run `pulumi up` again\n",
    ],
    [
      "nobody says who runs",
      { code: 69 },
      "it cannot be told which members of the cluster run. Nothing was changed. Run `pulumi up` again\n",
    ],
  ])("where %s", async (_title, reply, stderr) => {
    expect(await run({ cluster_status: reply })).toMatchObject({
      code: 1,
      stderr,
      calls: [state, parameters, queues("Lost"), status],
      marked: false,
    });
  });
});

describe("what cannot tell refuses, after it has tried for a while", () => {
  const refusal = (why: string) =>
    `rabbitmq2 runs, but does not say whether it is to leave the cluster: ${why}. Nothing was changed. Run \`pulumi up\` again. If its broker is broken for good, stop its container on the host first: it then stays where it is\n`;
  const silent = { code: 69, run: "echo 'Error: unable to perform an operation' >&2" };
  const twice = [state, parameters, application, state, parameters, application, programs];

  test.each<[string, Reply]>([
    ["the broker's CLI fails", { code: 69 }],
    ["the application runs, but the cluster's parameters cannot be read", { stdout: "{true,false}\n" }],
    ["the broker is starting", { stdout: "{false,true}\n" }],
  ])("%s: it stays, whether a run was cut off or not", async (_title, reply) => {
    const fails = { list_global_parameters: silent, "rabbit:is_running()": reply };
    const outcome = { code: 1, stdout: "", stderr: refusal("Error: unable to perform an operation"), calls: twice };
    expect(await run(fails)).toEqual({ ...outcome, marked: false });
    expect(await run(fails, { leaving: "" })).toEqual({ ...outcome, marked: true });
  });

  test("a CLI that fails once is asked again, and the node leaves", async () => {
    const outcome = await run({
      list_global_parameters: [silent, membersAre("rabbitmq1", "rabbitmq3")],
      "rabbit:is_running()": { code: 69 },
    });
    expect([outcome.code, outcome.calls.slice(0, 6), outcome.calls.at(-1)]).toEqual([
      0,
      [state, parameters, application, state, parameters, queues("Lost")],
      reset,
    ]);
  });

  test("Docker does not answer", async () => {
    const inspect = { code: 1, run: "echo 'Cannot connect to the Docker daemon' >&2" };
    const outcome = await run({ inspect, "top rabbitmq": { code: 1 } });
    expect(outcome).toEqual({
      code: 1,
      stdout: "",
      stderr: refusal("Cannot connect to the Docker daemon"),
      calls: [state, state, programs],
      marked: false,
    });
  });

  test("but a container in which no broker runs has nobody that could leave", async () => {
    const fails = { list_global_parameters: silent, "rabbit:is_running()": { code: 69 } };
    const outcome = await run({ ...fails, "top rabbitmq": { stdout: "COMMAND\nsleep\n" } });
    expect(outcome).toEqual(passes(twice));
  });
});

describe("a node leaves", () => {
  const empty = queues("Evict");
  const handedOver = "coordinator HandOver";
  const wayOut = [state, parameters, queues("Lost"), status, extend, empty, drain, empty, queues("Lost"), handedOver];
  const end = [stopApp, "coordinator Leave", reset];

  test("drained, without a queue, and blank", async () => {
    expect(await run()).toEqual(passes([...wayOut, ...end]));
  });

  test("where the cluster has one whose name begins alike", async () => {
    const outcome = await run({ list_global_parameters: membersAre("rabbitmq1", "rabbitmq22") });
    expect(outcome).toEqual(passes([...wayOut, ...end]));
  });

  test("after queues have a member on a node that had none, and it is no member of any: those that are left are tried again", async () => {
    const both =
      "rabbit_quorum_queue\t/\torders\t11\ton rabbit@rabbitmq3: {error,timeout}\nrabbit_stream_queue\tapp\ta log\t12\t\nok\n";
    const outcome = await run({
      "Do(Extend, Moving), ok.": [{ stdout: both }, { code: 70 }, none],
      "Do(Evict, Replicated), ok.": [
        { stdout: both },
        { stdout: "rabbit_quorum_queue\t/\torders\t11\t{error,timeout}\nok\n" },
        none,
      ],
    });
    expect(outcome).toEqual(
      passes([
        ...wayOut.slice(0, 5),
        `${extend} [11,12]`,
        `${extend} [11,12]`,
        empty,
        `${empty} [11,12]`,
        `${empty} [11]`,
        drain,
        ...wayOut.slice(7),
        ...end,
      ]),
    );
  });

  test("after it has handed the coordinator of streams over, and has left that as well", async () => {
    const outcome = await run({
      "HandOver().": [{ stdout: "false\n" }, { stdout: "true\n" }],
      "Leave().": [{ code: 70 }, { stdout: "true\n" }],
    });
    const [stop, leave, wipe] = end;
    expect(outcome).toEqual(passes([...wayOut, handedOver, stop, leave, leave, wipe].map(String)));
  });

  test("goes on after a cut, without asking for queues that a stopped broker cannot tell of", async () => {
    expect(await run({ list_global_parameters: { code: 69 } }, { leaving: "" })).toEqual(
      passes([state, parameters, application, ...end]),
    );
  });

  test("begins again where the broker has served again since a cut, and may have queues again", async () => {
    expect(await run({}, { leaving: "" })).toEqual(passes([...wayOut, ...end]));
    const told = { stdout: "rabbit_classic_queue\t/\torders\t1\t\nok\n" };
    expect(await run({ "List(Lost), ok.": told }, { leaving: "" })).toMatchObject({
      code: 1,
      calls: [state, parameters, queues("Lost")],
    });
  });

  test("is marked while it is on its way", async () => {
    const outcome = await run({ reset: { code: 69 } });
    expect([outcome.code, outcome.marked, outcome.calls.at(-1)]).toEqual([69, true, reset]);
  });

  test("not while it is a member of the coordinator of streams, whose others could be no majority then", async () => {
    const outcome = await run({ "Leave().": { stdout: "{error,timeout}\n" } });
    expect(outcome).toMatchObject({
      code: 1,
      stderr:
        "rabbitmq2 is still a member of the coordinator of streams after 60 s: {error,timeout}. Run `pulumi up` again\n",
      marked: true,
    });
    expect(outcome.calls).not.toContain(reset);
  });
});

describe("a node that was drained serves again, or is told about", () => {
  test("where a queue has come to live on it meanwhile", async () => {
    const told = { stdout: "rabbit_classic_queue\t/\torders\t1\t\nok\n" };
    const outcome = await run({ "List(Lost), ok.": [none, told] });
    expect(outcome).toMatchObject({
      code: 1,
      stderr:
        "queues that were declared in the meantime would be lost with rabbit@rabbitmq2:\n  orders in the virtual host /\n",
      marked: false,
    });
    expect(outcome.calls.slice(-3)).toEqual([queues("Lost"), ...revived]);
  });

  test.each([
    ["a queue gets no other member", { "Do(Extend, Moving), ok.": { stdout: "rabbit_quorum_queue\t/\tq\t1\t\nok\n" } }],
    ["nobody says which could have one", { "Do(Extend, Moving), ok.": { code: 70 } }],
    ["it cannot be drained", { "rabbitmq-upgrade -q drain": { code: 70 } }],
    ["nobody says which queues would be lost", { "List(Lost), ok.": [none, { code: 70 }] }],
    ["it leads the coordinator of streams for good", { "HandOver().": { stdout: "false\n" } }],
  ])("where %s, nothing is reset", async (_title, differences: Stubs[string]) => {
    const { code, calls, marked } = await run(differences);
    expect([code === 0, calls.includes(stopApp), calls.includes(reset), marked]).toEqual([false, false, false, false]);
  });

  test("where a queue keeps its member on it", async () => {
    const told = {
      stdout: "rabbit_quorum_queue\t/\tq\t1\t{error,noproc}\nrabbit_quorum_queue\t/\tother\t2\t\nok\n",
    };
    const outcome = await run({ "Do(Evict, Replicated), ok.": told });
    expect(outcome).toMatchObject({
      code: 1,
      stderr:
        "queues still have members on rabbit@rabbitmq2, and none could be taken out for 120 s. The last that refused: q in the virtual host /: {error,noproc}\nrabbitmq2 stays in the cluster\n",
      marked: false,
    });
    expect(outcome.calls).not.toContain(reset);
    expect(outcome.calls.slice(-2)).toEqual(revived);
  });
});

describe("many queues", () => {
  const left = (count: number, words = "") => ({
    stdout: `${Array.from({ length: count }, (_, index) => `rabbit_quorum_queue\t/\tq${index}\t${index}\t${words}\n`).join("")}ok\n`,
  });
  const asked = (calls: string[]) => calls.filter((call) => call.startsWith(queues("Evict"))).length;

  test("are taken out for as long as there are fewer and fewer", async () => {
    const batches = [900, 700, 500, 300, 100, 1].map((count) => left(count));
    const outcome = await run({ "Do(Evict, Replicated), ok.": [...batches, none] });
    // And once more after the drain.
    expect([outcome.code, asked(outcome.calls)]).toEqual([0, 7 + 1]);
  });

  test("are given up when there are as many as before", async () => {
    const batches = [left(900), left(899), left(899, "{error,timeout}")];
    const outcome = await run({ "Do(Evict, Replicated), ok.": batches });
    // 120 s, of which the stand-in for sleep passes 100 at a time.
    expect([outcome.code, asked(outcome.calls)]).toEqual([1, 4]);
    expect(outcome.stderr).toContain("The last that refused: q898 in the virtual host /: {error,timeout}\n");
  });

  test("a stream whose new replica still gets its messages is no standstill", async () => {
    const behind = (messages: number) => left(1, `{error,{messages_behind,${messages}}}`);
    const copied = [900_000, 600_000, 400_000, 20].map(behind);
    expect(await run({ "Do(Evict, Replicated), ok.": [...copied, none] })).toMatchObject({ code: 0 });
    const stuck = [900_000, 600_000, 600_000].map(behind);
    const outcome = await run({ "Do(Evict, Replicated), ok.": stuck });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain("q0 in the virtual host /: {error,{messages_behind,600000}}\n");
  });
});

test("a queue that gets no other member is named, with the broker's words, and keeps the one that it has", async () => {
  const told = "rabbit_quorum_queue\tapp\torders\t5\ton rabbit@rabbitmq1: {error,timeout}\nok\n";
  const outcome = await run({ "Do(Extend, Moving), ok.": { stdout: told } });
  expect(outcome).toMatchObject({
    code: 1,
    stderr:
      "a queue with a member on rabbit@rabbitmq2 cannot be given a member on another node. Nothing was taken from it. The last that refused: orders in the virtual host app: on rabbit@rabbitmq1: {error,timeout}\n",
  });
  expect(outcome.calls.some((call) => call.includes("Evict") || call === drain)).toBe(false);
});
