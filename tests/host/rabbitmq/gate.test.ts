import { gate } from "../../../commands/rabbitmq/gate";
import type { Stubs } from "../../unit/support/bash";
import { brief } from "../../unit/support/calls";
import { clusterStatus, type Member } from "../../unit/support/clusterStatus";
import { serve } from "../../unit/support/web";
import { runStep } from "../support/step";

/* The gate before a node's container is replaced, run with a stand-in for docker. */

const place = { name: "rabbitmq2", container: "rabbitmq", directory: "/var/lib/warren/rabbitmq" };
const wanted = { image: "sha256:1111", settings: "abcd" };

const members: Record<string, Member> = {
  rabbitmq1: { type: "disc" },
  rabbitmq2: { type: "disc" },
  rabbitmq3: { type: "ram" },
};
const down = (name: keyof typeof members): Record<string, Member> => ({
  ...members,
  [name]: { type: "disc", ...members[name], running: false },
});

const broker = (tool: string, args: string) => `docker exec -u rabbitmq rabbitmq ${tool} -q ${args}`;
const look = `docker inspect -f {{.State.Running}} {{.Image}} {{index .Config.Labels "io.warren.settings"}} rabbitmq`;
const findProcess = "docker inspect -f {{.State.Pid}} rabbitmq";
const status = broker("rabbitmqctl", "cluster_status --formatter json");
const help = broker("rabbitmq-diagnostics", "help");
const quorum = broker("rabbitmq-diagnostics", "check_if_node_is_quorum_critical");
const mirrors = broker("rabbitmq-diagnostics", "check_if_node_is_mirror_sync_critical");
const drain = broker("rabbitmq-upgrade", "drain");
const revive = broker("rabbitmq-upgrade", "revive");
const recoverMembers = "recover members";
const flags = broker("rabbitmqctl", "list_feature_flags --silent name state stability");
const enable = (flag: string) => broker("rabbitmqctl", `enable_feature_flag ${flag}`);

/** A node that serves, in another container than the wanted one, and a cluster that can spare it. */
const well: Stubs[string] = {
  "{{.State.Running}}": { stdout: "true sha256:0000 0123\n" },
  "{{.State.Pid}}": { stdout: `${process.pid}\n` },
  cluster_status: { stdout: clusterStatus({ members }) },
  help: { stdout: "Diagnostics:\n  check_if_node_is_mirror_sync_critical  …\n  check_if_node_is_quorum_critical  …\n" },
  check_if_node_is_quorum_critical: { stdout: "Node rabbit@rabbitmq2 reported no quorum queues\n" },
  check_if_node_is_mirror_sync_critical: {},
  list_feature_flags: { stdout: "implicit_default_bindings\tenabled\tstable\n" },
  "rabbitmq-upgrade -q drain": { stdout: "Will put node into maintenance mode\n" },
  "rabbitmq-upgrade -q revive": {},
  "Recover = ": {},
};

const inMaintenance = (name: string) =>
  clusterStatus({ members }).replace(
    `"rabbit@${name}":"not under maintenance"`,
    `"rabbit@${name}":"under maintenance"`,
  );

/** Nothing listens on the port unless a test says which. */
const run = async (differences: Stubs[string], port = 1, lost: string[] = [], mayInterrupt?: boolean) => {
  const stubs = { docker: { ...well, ...differences } };
  const data = { ...place, ...wanted, lost, amqpPort: port, mayInterrupt };
  const { code, stdout, stderr, calls } = await runStep(gate, data, { stubs });
  return { code, stdout, stderr, calls: brief(calls) };
};

const passes = (calls: string[]) => ({ code: 0, stdout: "", stderr: "", calls });

describe("returns at once, and drains nothing", () => {
  test.each([
    ["no container", { code: 1, run: "echo 'Error: No such object: rabbitmq' >&2" }],
    ["a stopped one", { stdout: "false sha256:0000 0123\n" }],
    ["a stopped one that is the wanted one", { stdout: "false sha256:1111 abcd\n" }],
  ])("%s", async (_title, reply) => {
    expect(await run({ "{{.State.Running}}": reply })).toEqual(passes([look]));
  });

  test("the wanted one, which serves many clients", async () => {
    const port = await serve({}, { host: "::" }, 300);
    const outcome = await run({ "{{.State.Running}}": { stdout: "true sha256:1111 abcd\n" } }, port);
    expect(outcome).toEqual(passes([look, findProcess]));
  });

  test("the wanted one, which an earlier run drained: it is revived", async () => {
    const outcome = await run({ "{{.State.Running}}": { stdout: "true sha256:1111 abcd\n" } });
    expect(outcome).toEqual(passes([look, findProcess, revive, recoverMembers]));
  });

  test("the wanted one, which cannot be revived: that is for the steps after it to find", async () => {
    const outcome = await run({
      "{{.State.Running}}": { stdout: "true sha256:1111 abcd\n" },
      "rabbitmq-upgrade -q revive": { stdout: "Error\n", code: 69 },
    });
    expect(outcome).toEqual(passes([look, findProcess, revive, recoverMembers]));
  });

  test("a container in which no broker answers, nor listens", async () => {
    expect(await run({ cluster_status: { code: 69 } })).toEqual(passes([look, status, findProcess]));
  });

  test("a broker whose application is stopped", async () => {
    const outcome = await run({ cluster_status: { stdout: clusterStatus({ members: down("rabbitmq2") }) } });
    expect(outcome).toEqual(passes([look, status]));
  });

  test("a node that is a cluster by itself, which nothing can stand in for", async () => {
    const alone = clusterStatus({ members: { rabbitmq2: { type: "disc" } } });
    expect(await run({ cluster_status: { stdout: alone } })).toEqual(passes([look, status]));
  });
});

describe("drains once", () => {
  test.each([
    ["another image", "true sha256:0000 abcd\n", [flags]],
    ["another image that begins alike", "true sha256:11112 abcd\n", [flags]],
    ["other settings", "true sha256:1111 0123\n", []],
    ["no settings label", "true sha256:1111 \n", []],
  ])("all is well: %s", async (_title, stdout, before) => {
    const outcome = await run({ "{{.State.Running}}": { stdout } });
    expect(outcome).toEqual(passes([look, status, help, status, status, quorum, mirrors, ...before, drain]));
  });

  test("and has enabled the stable feature flags before, which another version may need", async () => {
    const stdout =
      "quorum_queue\tenabled\tstable\nuser_limits\tdisabled\tstable\nkhepri_db\tdisabled\texperimental\nvirtual_host_metadata\tdisabled\tstable\n";
    const outcome = await run({ list_feature_flags: { stdout }, enable_feature_flag: {} });
    expect(outcome.code).toBe(0);
    expect(outcome.calls.slice(-4)).toEqual([flags, enable("user_limits"), enable("virtual_host_metadata"), drain]);
  });

  test("not where nobody says which feature flags there are", async () => {
    const outcome = await run({ list_feature_flags: { code: 69 } });
    expect([outcome.code, outcome.calls.at(-1)]).toEqual([69, flags]);
  });

  test("not where a feature flag cannot be enabled", async () => {
    const stdout = "user_limits\tdisabled\tstable\n";
    const outcome = await run({ list_feature_flags: { stdout }, enable_feature_flag: { code: 70 } });
    expect([outcome.code, outcome.calls.at(-1)]).toEqual([70, enable("user_limits")]);
  });

  test("without a member whose machine is lost", async () => {
    const outcome = await run({ cluster_status: { stdout: clusterStatus({ members: down("rabbitmq3") }) } }, 1, [
      "rabbitmq3",
    ]);
    expect(outcome).toEqual(passes([look, status, help, status, status, quorum, mirrors, flags, drain]));
  });

  test("while it is itself under maintenance, as an earlier run may have left it", async () => {
    const stdout = inMaintenance("rabbitmq2");
    const outcome = await run({ cluster_status: { stdout } });
    expect(outcome).toEqual(passes([look, status, help, status, status, quorum, mirrors, flags, drain]));
  });

  test("after another member has come out of maintenance", async () => {
    const outcome = await run({
      cluster_status: [
        { stdout: clusterStatus({ members }) },
        { stdout: inMaintenance("rabbitmq3") },
        { stdout: clusterStatus({ members }) },
      ],
    });
    expect(outcome).toEqual(passes([look, status, help, status, status, status, quorum, mirrors, flags, drain]));
  });

  test("a broker that has no mirrored queues any more is not asked for them", async () => {
    const outcome = await run({ help: { stdout: "  check_if_node_is_quorum_critical  …\n" } });
    expect(outcome).toEqual(passes([look, status, help, status, status, quorum, flags, drain]));
  });

  test("after it has waited for another member to come back", async () => {
    const gone = { stdout: clusterStatus({ members: down("rabbitmq3") }) };
    const outcome = await run({ cluster_status: [gone, gone, { stdout: clusterStatus({ members }) }] });
    expect(outcome).toEqual(passes([look, status, help, status, status, status, quorum, mirrors, flags, drain]));
  });

  test.each([
    ["quorum queues", "check_if_node_is_quorum_critical", [quorum, status, quorum, mirrors]],
    ["mirrors", "check_if_node_is_mirror_sync_critical", [quorum, mirrors, status, quorum, mirrors]],
  ])("after it has waited for %s to be in step", async (_title, check, calls) => {
    const outcome = await run({ [check]: [{ stdout: "critical\n", code: 69 }, {}] });
    expect(outcome).toEqual(passes([look, status, help, status, status, ...calls, flags, drain]));
  });

  test("and fails when the drain fails", async () => {
    const outcome = await run({ "rabbitmq-upgrade -q drain": { run: "echo 'Error: no' >&2", code: 69 } });
    expect([outcome.code, outcome.stderr]).toEqual([69, "Error: no\n"]);
  });
});

describe("fails and has changed nothing", () => {
  const sentence = (why: string) =>
    `the cluster cannot spare rabbitmq2 now: another member is down, or a queue would lose its majority or its last synchronised mirror. Nothing was changed. ${why}\n`;

  test.each<[string, Stubs[string], string]>([
    [
      "a queue would lose its majority",
      { check_if_node_is_quorum_critical: { run: "echo 'Error: queue orders' >&2", code: 69 } },
      "Error: queue orders",
    ],
    [
      "a queue would lose its last synchronised mirror",
      { check_if_node_is_mirror_sync_critical: { stdout: "queue mail\n", code: 69 } },
      "queue mail",
    ],
    [
      "the CLI stops answering",
      {
        cluster_status: [{ stdout: clusterStatus({ members }) }, { stdout: clusterStatus({ members }) }, { code: 69 }],
      },
      "",
    ],
  ])("%s", async (_title, differences, why) => {
    const { code, stdout, stderr, calls } = await run(differences);
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr: sentence(why) });
    expect(calls).not.toContain(drain);
    expect(calls).not.toContain(revive);
    // 600 s, of which the stand-in for sleep passes 100 at a time.
    expect(calls.filter((call) => call === status)).toHaveLength(1 + 1 + 7);
  });

  test.each<[string, string, string, string[]]>([
    [
      "another member stays down",
      clusterStatus({ members: down("rabbitmq1") }),
      "rabbit@rabbitmq2 rabbit@rabbitmq3 ",
      [],
    ],
    [
      "another member stays down, beside one that is lost",
      clusterStatus({ members: { ...down("rabbitmq1"), rabbitmq3: { type: "ram", running: false } } }),
      "rabbit@rabbitmq2 ",
      ["rabbitmq3"],
    ],
    [
      "another member stays under maintenance",
      inMaintenance("rabbitmq1"),
      "rabbit@rabbitmq1 rabbit@rabbitmq2 rabbit@rabbitmq3 ",
      [],
    ],
  ])("%s: that is told sooner", async (_title, stdout, running, lost) => {
    const outcome = await run({ cluster_status: { stdout } }, 1, lost);
    const all = ["rabbitmq1", "rabbitmq2", "rabbitmq3"].filter((name) => !lost.includes(name));
    expect(outcome).toEqual({
      code: 1,
      stdout: "",
      stderr: `the cluster cannot spare rabbitmq2 now: of its members (${all.map((name) => `rabbit@${name} `).join("")}) only ${running}run, or one of them is under maintenance. Nothing was changed\n`,
      calls: [look, status, help, status, status],
    });
  });

  test("the broker serves many clients, but its CLI does not answer", async () => {
    const port = await serve({}, { host: "::" }, 300);
    expect(await run({ cluster_status: { code: 69 } }, port)).toEqual({
      code: 1,
      stdout: "",
      stderr: "rabbitmq2 serves clients, but its CLI does not answer. Nothing was changed\n",
      calls: [look, status, findProcess],
    });
  });
});

test("queues may be without a majority where the config says so: the other checks are made all the same", async () => {
  const { code, calls } = await run({ check_if_node_is_quorum_critical: { code: 69 } }, 1, [], true);
  expect([code, calls.includes(quorum), calls.includes(mirrors), calls.at(-1)]).toEqual([0, false, true, drain]);
});

test("with two nodes, the refusal says what lets them restart", async () => {
  const two = clusterStatus({ members: { rabbitmq1: { type: "disc" }, rabbitmq2: { type: "disc" } } });
  const { code, stderr } = await run({
    cluster_status: { stdout: two },
    check_if_node_is_quorum_critical: { code: 69 },
  });
  expect(code).toBe(1);
  expect(stderr).toContain("`rabbitmq.mayInterrupt: true` lets these queues pause meanwhile");
});
