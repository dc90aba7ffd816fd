import { formed, type ExpectedMember } from "../../commands/rabbitmq";
import { noWaiting, runOnHost, type Stubs } from "./support/bash";
import { brief } from "./support/calls";
import { clusterStatus, threeMembers, type Member } from "./support/clusterStatus";

/* What the end of the cluster does about members that are too many, and after a change. */

const place = { name: "rabbitmq1", container: "rabbitmq", directory: "/var/lib/warren/rabbitmq" };
const three: ExpectedMember[] = [
  { name: "rabbitmq1", type: "disc" },
  { name: "rabbitmq2", type: "disc" },
  { name: "rabbitmq3", type: "ram" },
];
const status = "docker exec -u rabbitmq rabbitmq rabbitmqctl -q cluster_status --formatter json";

describe("a member that the config does not have", () => {
  const four = (fourth: Member): string => clusterStatus({ members: { ...threeMembers, rabbitmq4: fourth } });
  const queues = (which: string) => `queues ${which} rabbit@rabbitmq4`;
  const lost = ["rabbitmq4"];
  const look = async (statuses: Stubs[string], gone: string[] = []) => {
    const script = formed(place, { members: three, lost: gone }, false);
    const outcome = await runOnHost(script, { stubs: { docker: statuses }, before: noWaiting });
    return { ...outcome, calls: brief(outcome.calls) };
  };
  const lists = (disc: string, ram: string, running: string) => {
    const names = (list: string) => list.replace(/\d/g, "rabbit@rabbitmq$& ");
    return `disc: ${names(disc)}; ram: ${names(ram)}; running: ${names(running)}\n`;
  };

  test("and that has nothing to lose is left for its own end", async () => {
    const stdout = four({ type: "disc" });
    const outcome = await look({ cluster_status: { stdout }, "Tell(Lost)": { stdout: "ok\n" } });
    expect(outcome).toEqual({ code: 0, stdout: `${stdout}\n`, stderr: "", calls: [status, queues("Lost")] });
  });

  test("and of another broker version does not count", async () => {
    const stdout = four({ type: "disc", version: "3.8.10" });
    const outcome = await look({ cluster_status: { stdout }, "Tell(Lost)": { stdout: "ok\n" } });
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
  });

  test("is not let go with a queue that would be lost with it", async () => {
    const told = { stdout: "rabbit_classic_queue\t/\torders\nrabbit_quorum_queue\tapp\tits mail\nok\n" };
    const outcome = await look({ cluster_status: { stdout: four({ type: "ram" }) }, "Tell(Lost)": told });
    expect(outcome).toEqual({
      code: 1,
      stdout: "",
      stderr: `rabbit@rabbitmq4 cannot be spared. Nothing was changed, since these queues would be lost with it, or lose their majority:
  orders (classic_queue) in the virtual host /
  its mail (quorum_queue) in the virtual host app
Mirror them, give them members on other nodes, start the nodes that they wait for, or delete them
${lists("12", "34", "1234")}`,
      calls: [status, queues("Lost")],
    });
  });

  test.each([
    ["fails", { code: 69 }],
    ["says something else", { stdout: "{error,timeout}\n" }],
  ])("is not let go where the broker %s when it is asked for its queues", async (_title, told) => {
    const outcome = await look({ cluster_status: { stdout: four({ type: "disc" }) }, "Tell(Lost)": told });
    expect(outcome).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `it cannot be told which queues would be lost with rabbit@rabbitmq4: nothing was changed\n${lists("124", "3", "1234")}`,
    });
  });

  test("and does not run has to be started, or to be said to be lost", async () => {
    const outcome = await look({ cluster_status: { stdout: four({ type: "disc", running: false }) } });
    expect(outcome).toEqual({
      code: 1,
      stdout: "",
      stderr: `rabbit@rabbitmq4 is a member that the config does not have, and it does not run: start it, so that it can leave, or say that its host is lost\n${lists("124", "3", "123")}`,
      calls: [status],
    });
  });

  test("and is lost is forgotten, and taken out of all queues", async () => {
    const stdout = four({ type: "disc", running: false });
    const outcome = await look(
      {
        cluster_status: { stdout },
        forget_cluster_node: { stdout: "Removing node\n" },
        "Tell(Staying)": [
          { stdout: "rabbit_quorum_queue\t/\torders\nrabbit_stream_queue\tapp\tits log\nok\n" },
          { stdout: "rabbit_stream_queue\tapp\tits log\nok\n" },
          { stdout: "ok\n" },
        ],
        delete_member: { stdout: "Success\n" },
        delete_replica: [{ code: 69, run: "echo 'Error: a change is on its way' >&2" }, {}],
      },
      lost,
    );
    const call = "docker exec -u rabbitmq rabbitmq";
    const replica = `${call} rabbitmq-streams -q delete_replica --vhost app its log rabbit@rabbitmq4`;
    expect(outcome).toEqual({
      code: 0,
      stdout: `${stdout}\n`,
      stderr: "",
      calls: [
        status,
        `${call} rabbitmqctl -q forget_cluster_node rabbit@rabbitmq4`,
        queues("Staying"),
        `${call} rabbitmq-queues -q delete_member --vhost / orders rabbit@rabbitmq4`,
        replica,
        queues("Staying"),
        replica,
        queues("Staying"),
      ],
    });
  });

  test("and is lost, but stays a member of a queue: that is told", async () => {
    const outcome = await look(
      {
        cluster_status: { stdout: four({ type: "disc", running: false }) },
        forget_cluster_node: {},
        "Tell(Staying)": { stdout: "rabbit_quorum_queue\t/\torders\nok\n" },
        delete_member: { code: 69, run: "echo 'Error: no leader' >&2" },
      },
      lost,
    );
    expect([outcome.code, outcome.stderr]).toEqual([
      1,
      `queues still have members on rabbit@rabbitmq4 after 300 s. The last to refuse, orders in the virtual host /: Error: no leader\n${lists("124", "3", "123")}`,
    ]);
  });

  test.each([
    ["rabbitmq4", lists("124", "3", "1234")],
    // As the first of those that run, it stands beside itself in the lists.
    ["rabbitmq0", lists("012", "3", "0123")],
  ])("and is said to be lost, but runs: %s", async (name, shown) => {
    const stdout = clusterStatus({ members: { ...threeMembers, [name]: { type: "disc" } } });
    const outcome = await look({ cluster_status: { stdout } }, [name]);
    expect(outcome).toEqual({
      code: 1,
      stdout: "",
      stderr: `rabbit@${name} is said to be lost, and it runs: stop it, or take lost off its host\n${shown}`,
      calls: [status],
    });
  });

  test("is nobody whose name only begins like a member's", async () => {
    const stdout = clusterStatus({ members: { ...threeMembers, rabbitmq22: { type: "disc", running: false } } });
    expect(await look({ cluster_status: { stdout } }, ["rabbitmq2"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("rabbit@rabbitmq22 is a member that the config does not have") as string,
    });
  });

  test("and was lost and is forgotten already is not asked for again", async () => {
    const outcome = await look({ cluster_status: { stdout: clusterStatus() } }, lost);
    expect(outcome).toMatchObject({ code: 0, calls: [status] });
  });
});

describe("after a change", () => {
  const call = "docker exec -u rabbitmq rabbitmq";
  const docker: Stubs[string] = {
    cluster_status: { stdout: clusterStatus() },
    list_feature_flags: { stdout: "quorum_queue\tenabled\tstable\nuser_limits\tdisabled\tstable\n" },
    enable_feature_flag: {},
    "rabbitmq-queues -q grow": { stdout: "grown\n" },
    "rabbitmq-queues -q rebalance": { stdout: "rebalanced\n" },
  };
  const changed = (differences: Stubs[string] = {}) =>
    runOnHost(formed(place, { members: three, lost: [] }, true), {
      stubs: { docker: { ...docker, ...differences } },
      before: noWaiting,
    });

  test("feature flags are enabled, queues get their members back on disc nodes, and leaders are spread", async () => {
    expect(await changed()).toEqual({
      code: 0,
      stdout: `${clusterStatus()}\n`,
      stderr: "",
      calls: [
        status,
        `${call} rabbitmqctl -q list_feature_flags --silent name state stability`,
        `${call} rabbitmqctl -q enable_feature_flag user_limits`,
        `${call} rabbitmq-queues -q grow rabbit@rabbitmq1 even`,
        `${call} rabbitmq-queues -q grow rabbit@rabbitmq2 even`,
        `${call} rabbitmq-queues -q rebalance all`,
      ],
    });
  });

  test("a queue that takes its time to change is waited for", async () => {
    const { code, calls } = await changed({ "rabbitmq-queues -q grow": [{}, { code: 69 }, {}] });
    const grow = (node: string) => `${call} rabbitmq-queues -q grow rabbit@${node} even`;
    expect(code).toBe(0);
    expect(calls.filter((line) => line.includes("grow"))).toEqual(
      ["rabbitmq1", "rabbitmq2", "rabbitmq1", "rabbitmq2"].map(grow),
    );
  });

  test("queues that get no members are told", async () => {
    const outcome = await changed({ "rabbitmq-queues -q grow": { run: "echo 'Error: orders' >&2", code: 69 } });
    expect([outcome.code, outcome.stdout, outcome.stderr.split("\n")[0]]).toEqual([
      1,
      "",
      "quorum queues cannot be given members in place of those that they lost: Error: orders",
    ]);
  });

  test.each(["list_feature_flags", "enable_feature_flag", "rabbitmq-queues -q rebalance"])(
    "a %s that fails is told, and prints no status",
    async (step) => {
      const outcome = await changed({ [step]: { code: 69 } });
      expect([outcome.code, outcome.stdout]).toEqual([69, ""]);
    },
  );
});
