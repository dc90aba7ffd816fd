import { existsSync } from "node:fs";
import { join } from "node:path";

import { leave } from "../../commands/rabbitmq";
import { queueLists } from "../../commands/rabbitmq/vacate";
import { noWaiting, runOnHost, type Stubs } from "./support/bash";
import { brief } from "./support/calls";
import { clusterStatus, threeMembers } from "./support/clusterStatus";
import { makeDirectory } from "./support/directory";

/* How a member takes leave, run with a stand-in for docker. */

const broker = (tool: string, args: string) => `docker exec -u rabbitmq rabbitmq ${tool} -q ${args}`;
const state = "docker inspect -f {{.State.Running}} rabbitmq";
const parameters = broker("rabbitmqctl", "list_global_parameters --no-table-headers");
const status = broker("rabbitmqctl", "cluster_status --formatter json");
const drain = broker("rabbitmq-upgrade", "drain");
const revived = [broker("rabbitmq-upgrade", "revive"), "recover members"];
const stopApp = broker("rabbitmqctl", "stop_app");
const reset = broker("rabbitmqctl", "reset");
const queues = (which: string) => `queues ${which} rabbit@rabbitmq2`;
const moving = `${queues("Moving")} rabbit@rabbitmq1,rabbit@rabbitmq3`;
const none = { stdout: "ok\n" };

const membersAre = (...names: string[]) => ({
  stdout: `cluster_name\t"rabbitmq"\nwarren_members\t${JSON.stringify(names.map((name) => `rabbit@${name}`))}\n`,
});

/** A member of three that the config does not have any more, without queues. */
const onItsWay: Stubs[string] = {
  inspect: { stdout: "true\n" },
  list_global_parameters: membersAre("rabbitmq1", "rabbitmq3"),
  cluster_status: { stdout: clusterStatus() },
  "Tell(Lost)": none,
  "Tell(Moving)": none,
  "Tell(Staying)": none,
  "rabbitmq-upgrade -q drain": { stdout: "Will put node into maintenance mode\n" },
  "rabbitmq-upgrade -q revive": {},
  "Recover = ": {},
  stop_app: {},
  reset: {},
};

const run = async (differences: Stubs[string] = {}, files: Record<string, string> = {}) => {
  const directory = makeDirectory(files);
  const script = leave({ name: "rabbitmq2", container: "rabbitmq", directory });
  const docker = {
    ...differences,
    ...Object.fromEntries(Object.entries(onItsWay).filter(([key]) => !(key in differences))),
  };
  const outcome = await runOnHost(script, { stubs: { docker }, before: noWaiting });
  return { ...outcome, calls: brief(outcome.calls), marked: existsSync(join(directory, "leaving")) };
};
const passes = (calls: string[]) => ({ code: 0, stdout: "", stderr: "", calls, marked: false });

describe("a node stays as it is", () => {
  test.each([
    ["there is no container", { code: 1, run: "echo 'No such object' >&2" }],
    ["its container does not run", { stdout: "false\n" }],
  ])("where %s", async (_title, inspect) => {
    expect(await run({ inspect })).toEqual(passes([state]));
  });

  test.each([
    ["still has it, as when the whole stack is destroyed", membersAre("rabbitmq1", "rabbitmq2", "rabbitmq3")],
    ["was never told who its members are meant to be", { stdout: 'cluster_name\t"rabbitmq"\n' }],
    ["cannot be asked", { code: 69 }],
  ])("where the cluster %s", async (_title, list) => {
    expect(await run({ list_global_parameters: list })).toEqual(passes([state, parameters]));
  });

  test("where its queues would be lost with it, and they are named", async () => {
    const told = { stdout: "rabbit_classic_queue\t/\torders\nrabbit_stream_queue\tapp\ta log\nok\n" };
    expect(await run({ "Tell(Lost)": told })).toEqual({
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
    expect(await run({ "Tell(Lost)": { code: 69 } })).toEqual({
      code: 1,
      stdout: "",
      stderr: "it cannot be told which queues would be lost with rabbit@rabbitmq2: nothing was changed\n",
      calls: [state, parameters, queues("Lost")],
      marked: false,
    });
  });

  test("where no other member runs", async () => {
    const members = {
      ...threeMembers,
      rabbitmq1: { type: "disc", running: false },
      rabbitmq3: { type: "ram", running: false },
    } as const;
    expect(await run({ cluster_status: { stdout: clusterStatus({ members }) } })).toMatchObject({
      code: 1,
      stderr: "no other member of the cluster runs: nothing was changed\n",
      calls: [state, parameters, queues("Lost"), status],
      marked: false,
    });
  });
});

describe("a node leaves", () => {
  const empty = queues("Staying");
  const wayOut = [state, parameters, queues("Lost"), status, moving, empty, drain, empty, queues("Lost")];

  test("drained, without a queue, and blank", async () => {
    expect(await run()).toEqual(passes([...wayOut, stopApp, reset]));
  });

  test("where the cluster has one whose name begins alike", async () => {
    const outcome = await run({ list_global_parameters: membersAre("rabbitmq1", "rabbitmq22") });
    expect(outcome).toEqual(passes([...wayOut, stopApp, reset]));
  });

  test("after queues have a member on a node that had none, and it is no member of any", async () => {
    const both =
      "rabbit_quorum_queue\t/\torders\trabbit@rabbitmq3\nrabbit_stream_queue\tapp\ta log\trabbit@rabbitmq1\nok\n";
    const outcome = await run({
      "Tell(Moving)": { stdout: both },
      "Tell(Staying)": [{ stdout: both }, { stdout: "rabbit_quorum_queue\t/\torders\nok\n" }, none],
      add_member: [{ code: 69, run: "echo 'Error: cluster change not permitted' >&2" }, {}],
      add_replica: {},
      delete_member: [{ code: 69, run: "echo 'Error: cluster change not permitted' >&2" }, {}],
      delete_replica: {},
    });
    const deleteMember = broker("rabbitmq-queues", "delete_member --vhost / orders rabbit@rabbitmq2");
    expect(outcome).toEqual(
      passes([
        ...wayOut.slice(0, 5),
        broker("rabbitmq-queues", "add_member --vhost / orders rabbit@rabbitmq3"),
        broker("rabbitmq-queues", "add_member --vhost / orders rabbit@rabbitmq3"),
        broker("rabbitmq-streams", "add_replica --vhost app a log rabbit@rabbitmq1"),
        queues("Staying"),
        deleteMember,
        broker("rabbitmq-streams", "delete_replica --vhost app a log rabbit@rabbitmq2"),
        queues("Staying"),
        deleteMember,
        queues("Staying"),
        drain,
        queues("Staying"),
        queues("Lost"),
        stopApp,
        reset,
      ]),
    );
  });

  test("goes on after a cut, without asking for queues that a stopped broker cannot tell of", async () => {
    expect(await run({ list_global_parameters: { code: 69 } }, { leaving: "" })).toEqual(
      passes([state, parameters, stopApp, reset]),
    );
  });

  test("begins anew where the broker has served again since a cut, and may have queues again", async () => {
    expect(await run({}, { leaving: "" })).toEqual(passes([...wayOut, stopApp, reset]));
    const told = { stdout: "rabbit_classic_queue\t/\torders\nok\n" };
    expect(await run({ "Tell(Lost)": told }, { leaving: "" })).toMatchObject({
      code: 1,
      calls: [state, parameters, queues("Lost")],
    });
  });

  test("is marked while it is on its way", async () => {
    const outcome = await run({ reset: { code: 69 } });
    expect([outcome.code, outcome.marked, outcome.calls.at(-1)]).toEqual([69, true, reset]);
  });
});

describe("a node that was drained serves again, or is told about", () => {
  test("where a queue has come to live on it meanwhile", async () => {
    const outcome = await run({ "Tell(Lost)": [none, { stdout: "rabbit_classic_queue\t/\torders\nok\n" }] });
    expect(outcome).toMatchObject({
      code: 1,
      stderr: "meanwhile a queue has come to live on rabbitmq2 alone:\nrabbit_classic_queue\t/\torders\n",
      marked: false,
    });
    expect(outcome.calls.slice(-3)).toEqual([queues("Lost"), ...revived]);
  });

  test.each([
    [
      "a queue gets no other member",
      { "Tell(Moving)": { stdout: "rabbit_quorum_queue\t/\tq\nok\n" }, add_member: { code: 70 } },
    ],
    ["nobody says which could have one", { "Tell(Moving)": { code: 70 } }],
    ["it cannot be drained", { "rabbitmq-upgrade -q drain": { code: 70 } }],
  ])("where %s, nothing is reset", async (_title, differences: Stubs[string]) => {
    const { code, calls, marked } = await run(differences);
    expect([code === 0, calls.includes(stopApp), calls.includes(reset), marked]).toEqual([false, false, false, false]);
  });

  test("where a queue keeps its member on it", async () => {
    const outcome = await run({
      "Tell(Staying)": { stdout: "rabbit_quorum_queue\t/\tq\nok\n" },
      delete_member: { code: 69, run: "echo 'Error: no leader' >&2" },
    });
    expect(outcome).toMatchObject({
      code: 1,
      stderr:
        "queues still have members on rabbit@rabbitmq2 after 300 s. The last to refuse, q in the virtual host /: Error: no leader\n",
      marked: false,
    });
    expect(outcome.calls).not.toContain(reset);
    expect(outcome.calls.slice(-2)).toEqual(revived);
  });
});

test("a queue that gets no other member is named, and keeps the one that it has", async () => {
  const told = "rabbit_quorum_queue\tapp\torders\trabbit@rabbitmq1\nok\n";
  expect(await run({ "Tell(Moving)": { stdout: told }, add_member: { code: 69 } })).toMatchObject({
    code: 1,
    stderr:
      "the queue orders in the virtual host app cannot be given a member on rabbit@rabbitmq1. Nothing was taken from it\n",
  });
});

test("nothing but the broker reads its Erlang: the shell hands it over as it stands", async () => {
  const place = { name: "rabbitmq2", container: "rabbitmq", directory: "/d" };
  const docker = { eval: { stdout: "rabbit_classic_queue\t/\tit's $HOME\nok\n" } };
  const { stdout, calls } = await runOnHost(`${queueLists(place)}\nqueues Lost rabbit@rabbitmq3`, {
    stubs: { docker },
  });
  expect(stdout).toBe("rabbit_classic_queue\t/\tit's $HOME\n");
  const [, erlang = ""] = /<<'END'\n([\s\S]*?)\nEND\n/.exec(queueLists(place)) ?? [];
  expect(calls.join("\n")).toBe(
    broker("rabbitmqctl", `eval N = 'rabbit@rabbitmq3', R = [], ${erlang}, Tell(Lost), ok.`),
  );
});
