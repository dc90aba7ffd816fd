import { member, type MemberData } from "../../../commands/rabbitmq";
import type { Stubs } from "../../unit/support/bash";
import { brief } from "../../unit/support/calls";
import { clusterStatus } from "../../unit/support/clusterStatus";
import { runStep } from "../support/step";
import { memberData, node, ownContainer, recorded } from "./support";

/* A member as it should be: its type and its settings. */

const broker = (tool: string, args: string) => `docker exec -u rabbitmq rabbitmq ${tool} -q ${args}`;
const nodesFile = "data/mnesia/rabbit@rabbitmq2/cluster_nodes.config";
const types = {
  disc: "{[rabbit@rabbitmq1,\n  rabbit@rabbitmq2],\n [rabbit@rabbitmq2, rabbit@rabbitmq1]}.\n",
  ram: "{[rabbit@rabbitmq1,rabbit@rabbitmq2],[rabbit@rabbitmq1]}.",
};

const given = `memory 0.4
disk 1GB
partitions pause_minority
plugins rabbitmq_management rabbitmq_prometheus
`;

interface Circumstances {
  /** By their paths in the node's directory. */
  files?: Record<string, string>;
  docker?: Stubs[string];
}

const run = async (changes: Partial<MemberData>, { files = {}, docker = {} }: Circumstances = {}) => {
  const at = node(files);
  const stubs = { docker: { ...docker, ...ownContainer } };
  const outcome = await runStep(member, { ...memberData(at.directory), ...changes }, { ...at, stubs });
  const { code, stdout, stderr, calls, record } = outcome;
  return {
    ...{ code, stdout, stderr, record },
    calls: brief(calls).filter((call) => call !== recorded),
    settings: outcome.read("/node/settings"),
    marked: outcome.read("/node/retyping") !== undefined,
  };
};

describe("settings that need no restart", () => {
  test("are written down, and nothing is called, where the node has just started with them", async () => {
    expect(await run({})).toMatchObject({ code: 0, stdout: "", stderr: "", calls: [], settings: given });
  });

  test("are left alone where they are the same", async () => {
    expect(await run({}, { files: { settings: given } })).toMatchObject({ code: 0, calls: [], settings: given });
  });

  test.each<[string, Partial<MemberData>, string, string]>([
    [
      "a fraction of memory",
      { memory: "0.5" },
      broker("rabbitmqctl", "set_vm_memory_high_watermark 0.5"),
      given.replace("0.4", "0.5"),
    ],
    [
      "an amount of memory",
      { memory: "absolute 2GB" },
      broker("rabbitmqctl", "set_vm_memory_high_watermark absolute 2GB"),
      given.replace("0.4", "absolute 2GB"),
    ],
    [
      "the limit of disk",
      { disk: "10GB" },
      broker("rabbitmqctl", "set_disk_free_limit 10GB"),
      given.replace("1GB", "10GB"),
    ],
    [
      "partitions' handling",
      { partitions: "autoheal" },
      broker("rabbitmqctl", "eval application:set_env(rabbit, cluster_partition_handling, autoheal)."),
      given.replace("pause_minority", "autoheal"),
    ],
    [
      "a plugin less",
      { plugins: ["rabbitmq_management"] },
      broker("rabbitmq-plugins", "set rabbitmq_management"),
      given.replace(" rabbitmq_prometheus", ""),
    ],
    [
      "a plugin more",
      { plugins: ["rabbitmq_management", "rabbitmq_prometheus", "rabbitmq_shovel"] },
      broker("rabbitmq-plugins", "set rabbitmq_management rabbitmq_prometheus rabbitmq_shovel"),
      given.replace("prometheus", "prometheus rabbitmq_shovel"),
    ],
  ])("%s, and that alone, is given to the broker", async (_title, change, call, after) => {
    const docker = { [call.replace(/^docker exec /, "")]: { stdout: "done\n" } };
    const outcome = await run(change, { files: { settings: given }, docker });
    expect(outcome).toMatchObject({ code: 0, stdout: "", stderr: "", calls: [call], settings: after });
  });

  test("are not written down where the broker does not take them, so that they are given again", async () => {
    const change = { disk: "10GB" };
    const outcome = await run(change, { files: { settings: given }, docker: { set_disk_free_limit: { code: 65 } } });
    expect(outcome).toMatchObject({ code: 65, settings: given });
  });
});

describe("a member's type", () => {
  const stopApp = broker("rabbitmqctl", "stop_app");
  const startApp = broker("rabbitmqctl", "start_app");
  const change = (type: string) => broker("rabbitmqctl", `change_cluster_node_type ${type}`);
  const queues = (which: string) => `queues ${which} rabbit@rabbitmq2`;
  const none = { stdout: "ok\n" };
  const vacated = [
    queues("Lost"),
    broker("rabbitmqctl", "cluster_status --formatter json"),
    `${queues("Extend")} rabbit@rabbitmq1,rabbit@rabbitmq3`,
    queues("Evict"),
    broker("rabbitmq-upgrade", "drain"),
    queues("Evict"),
    queues("Lost"),
    "coordinator HandOver",
  ];
  const leaveCoordinator = "coordinator Leave";
  const docker: Stubs[string] = {
    "HandOver().": { stdout: "true\n" },
    "Leave().": { stdout: "true\n" },
    "N = ": none,
    cluster_status: { stdout: clusterStatus() },
    "rabbitmq-upgrade -q drain": {},
    stop_app: {},
    change_cluster_node_type: {},
    start_app: {},
  };

  test.each(["disc", "ram"] as const)("is left alone where it is %s already", async (type) => {
    const files = { [nodesFile]: types[type], settings: given };
    expect(await run({ type }, { files })).toMatchObject({ code: 0, calls: [] });
  });

  test("is nothing that a broker without Mnesia's file has", async () => {
    expect(await run({ type: "ram" }, { files: { settings: given } })).toMatchObject({ code: 0, calls: [] });
  });

  test.each([
    ["ram", "disc"],
    ["disc", "ram"],
  ] as const)("is changed from %s to %s when everything is moved off the node", async (from, type) => {
    const outcome = await run({ type }, { files: { [nodesFile]: types[from], settings: given }, docker });
    expect(outcome).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "",
      calls: [...vacated, stopApp, leaveCoordinator, change(type), startApp],
      marked: false,
    });
  });

  test("stays where a queue would be lost with it", async () => {
    const told = { "List(Lost)": { stdout: "rabbit_classic_queue\t/\torders\t1\t\nok\n" }, ...docker };
    const outcome = await run({ type: "ram" }, { files: { [nodesFile]: types.disc, settings: given }, docker: told });
    expect(outcome).toMatchObject({ code: 1, calls: [queues("Lost")], marked: false });
    expect(outcome.stderr).toContain("  orders (classic_queue) in the virtual host /\n");
  });

  const serves = broker("rabbitmqctl", "list_global_parameters");

  test("is changed after a cut, without asking for queues that a stopped broker cannot tell of", async () => {
    const files = { [nodesFile]: types.disc, settings: given, retyping: "" };
    const stopped = { list_global_parameters: { code: 69 }, ...docker };
    const outcome = await run({ type: "ram" }, { files, docker: stopped });
    expect(outcome).toMatchObject({
      code: 0,
      calls: [serves, stopApp, leaveCoordinator, change("ram"), startApp],
      marked: false,
    });
  });

  test("is begun anew where the broker has served again since a cut, and may have queues again", async () => {
    const files = { [nodesFile]: types.disc, settings: given, retyping: "" };
    const outcome = await run({ type: "ram" }, { files, docker: { list_global_parameters: {}, ...docker } });
    expect(outcome).toMatchObject({
      code: 0,
      calls: [serves, ...vacated, stopApp, leaveCoordinator, change("ram"), startApp],
      marked: false,
    });
  });

  test("comes by a join where a cut left the node alone, of the right type", async () => {
    const files = { [nodesFile]: "{[rabbit@rabbitmq2],[rabbit@rabbitmq2]}.\n", settings: given, retyping: "" };
    const cut = { ...docker, change_cluster_node_type: { code: 69 }, join_cluster: {} };
    const outcome = await run({ type: "disc" }, { files, docker: cut });
    const join = broker("rabbitmqctl", "join_cluster rabbit@rabbitmq1");
    expect(outcome).toMatchObject({
      code: 0,
      calls: [stopApp, leaveCoordinator, change("disc"), join, startApp],
      marked: false,
    });
  });

  test("is only started where a cut came after the change", async () => {
    const files = { [nodesFile]: types.ram, settings: given, retyping: "" };
    const outcome = await run({ type: "ram" }, { files, docker });
    expect(outcome).toMatchObject({ code: 0, calls: [stopApp, leaveCoordinator, startApp], marked: false });
  });

  test.each([
    ["disc", ""],
    ["ram", "--ram "],
  ] as const)("comes by a join, as %s, where a cut came between the reset and it", async (type, option) => {
    const files = { [nodesFile]: types[type === "ram" ? "disc" : "ram"], settings: given, retyping: "" };
    const cut = {
      list_global_parameters: { code: 69 },
      ...docker,
      change_cluster_node_type: { code: 69 },
      "@rabbitmq1": { code: 69 },
      "@rabbitmq3": {},
    };
    const outcome = await run({ type }, { files, docker: cut });
    const joins = ["rabbitmq1", "rabbitmq3"].map((peer) =>
      broker("rabbitmqctl", `join_cluster ${option}rabbit@${peer}`),
    );
    expect(outcome).toMatchObject({
      code: 0,
      calls: [serves, stopApp, leaveCoordinator, change(type), ...joins, startApp],
      marked: false,
    });
  });

  test("keeps its mark where no other member lets it in", async () => {
    const files = { [nodesFile]: types.disc, settings: given, retyping: "" };
    const refused = {
      list_global_parameters: { code: 69 },
      ...docker,
      change_cluster_node_type: { code: 69 },
      join_cluster: { code: 69 },
    };
    const outcome = await run({ type: "ram" }, { files, docker: refused });
    expect([outcome.code === 0, outcome.marked, outcome.calls.includes(startApp)]).toEqual([false, true, false]);
  });
});
