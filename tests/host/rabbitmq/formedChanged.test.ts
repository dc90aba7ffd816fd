import { formed, type FormedData } from "../../../commands/rabbitmq";
import type { Stubs } from "../../unit/support/bash";
import { brief } from "../../unit/support/calls";
import { clusterStatus, threeMembers, type Member } from "../../unit/support/clusterStatus";
import { runStep } from "../support/step";
import { formedData, node } from "./support";

/* What the end of the cluster does about members that are too many, and after a change. */

const status = "docker exec -u rabbitmq rabbitmq rabbitmqctl -q cluster_status --formatter json";

describe("a member that the config does not have", () => {
  const four = (fourth: Member): string => clusterStatus({ members: { ...threeMembers, rabbitmq4: fourth } });
  const queues = (which: string) => `queues ${which} rabbit@rabbitmq4`;
  const lost = ["rabbitmq4"];
  const look = async (docker: Stubs[string], gone: string[] = []) => {
    const at = node();
    const outcome = await runStep(formed, { ...formedData(at.directory), lost: gone }, { ...at, stubs: { docker } });
    const { code, stdout, stderr, calls } = outcome;
    return { code, stdout, stderr, calls: brief(calls) };
  };
  const lists = (disc: string, ram: string, running: string) => {
    const names = (list: string) => list.replace(/\d/g, "rabbit@rabbitmq$& ");
    return `disc: ${names(disc)}; ram: ${names(ram)}; running: ${names(running)}\n`;
  };

  test("and that has nothing to lose is left for its own end", async () => {
    const stdout = four({ type: "disc" });
    const outcome = await look({ cluster_status: { stdout }, "List(Lost), ok.": { stdout: "ok\n" } });
    expect(outcome).toEqual({ code: 0, stdout: `${stdout}\n`, stderr: "", calls: [status, queues("Lost")] });
  });

  test("and of another broker version does not count", async () => {
    const stdout = four({ type: "disc", version: "3.8.10" });
    const outcome = await look({ cluster_status: { stdout }, "List(Lost), ok.": { stdout: "ok\n" } });
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
  });

  test("is not let go with a queue that would be lost with it", async () => {
    const told = { stdout: "rabbit_classic_queue\t/\torders\t1\t\nrabbit_quorum_queue\tapp\tits mail\t2\t\nok\n" };
    const outcome = await look({ cluster_status: { stdout: four({ type: "ram" }) }, "List(Lost), ok.": told });
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
    const outcome = await look({ cluster_status: { stdout: four({ type: "disc" }) }, "List(Lost), ok.": told });
    expect(outcome).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `it cannot be told which queues would be lost with rabbit@rabbitmq4. Nothing was changed. Run \`pulumi up\` again\n${lists("124", "3", "1234")}`,
    });
  });

  test("and does not run has to be started, or to be said to be lost", async () => {
    const outcome = await look({ cluster_status: { stdout: four({ type: "disc", running: false }) } });
    expect(outcome).toEqual({
      code: 1,
      stdout: "",
      stderr: `rabbit@rabbitmq4 is a member that the configuration does not have, and it does not run: start it, so that it can leave, or say that its host is lost\n${lists("124", "3", "123")}`,
      calls: [status],
    });
  });

  test("and is lost is forgotten, and taken out of all queues", async () => {
    const stdout = four({ type: "disc", running: false });
    const outcome = await look(
      {
        cluster_status: { stdout },
        forget_cluster_node: { stdout: "Removing node\n" },
        "Do(Evict, Replicated), ok.": [
          {
            stdout: "rabbit_quorum_queue\t/\torders\t1\t\nrabbit_stream_queue\tapp\tits log\t2\t{error,timeout}\nok\n",
          },
          { stdout: "rabbit_stream_queue\tapp\tits log\t2\t{error,timeout}\nok\n" },
          { stdout: "ok\n" },
        ],
      },
      lost,
    );
    const call = "docker exec -u rabbitmq rabbitmq";
    expect(outcome).toEqual({
      code: 0,
      stdout: `${stdout}\n`,
      stderr: "",
      calls: [
        status,
        `${call} rabbitmqctl -q forget_cluster_node rabbit@rabbitmq4`,
        queues("Evict"),
        `${queues("Evict")} [1,2]`,
        `${queues("Evict")} [2]`,
      ],
    });
  });

  test("and is lost, but stays a member of a queue: that is told", async () => {
    const outcome = await look(
      {
        cluster_status: { stdout: four({ type: "disc", running: false }) },
        forget_cluster_node: {},
        "Do(Evict, Replicated), ok.": { stdout: "rabbit_quorum_queue\t/\torders\t1\t{error,noproc}\nok\n" },
      },
      lost,
    );
    expect([outcome.code, outcome.stderr]).toEqual([
      1,
      `queues still have members on rabbit@rabbitmq4, and none could be taken out for 120 s. The last that refused: orders in the virtual host /: {error,noproc}\n${lists("124", "3", "123")}`,
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
      stderr: expect.stringContaining("rabbit@rabbitmq22 is a member that the configuration does not have") as string,
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
  const at = (files: Record<string, string> = {}) => node(files);
  const changed = async (
    differences: Stubs[string] = {},
    changes: Partial<FormedData> = {},
    host = at(),
    part: "create" | "update" = "update",
  ) => {
    const stubs = { docker: { ...docker, ...differences } };
    const { code, stdout, stderr, calls } = await runStep(
      formed,
      { ...formedData(host.directory), ...changes },
      { ...host, part, stubs },
    );
    return { code, stdout, stderr, calls };
  };
  const tidied = [
    `${call} rabbitmqctl -q list_feature_flags --silent name state stability`,
    `${call} rabbitmqctl -q enable_feature_flag user_limits`,
    `${call} rabbitmq-queues -q grow rabbit@rabbitmq1 even`,
    `${call} rabbitmq-queues -q grow rabbit@rabbitmq2 even`,
    `${call} rabbitmq-queues -q rebalance all`,
  ];

  test("feature flags are enabled, queues get their members back on disc nodes, and leaders are spread", async () => {
    expect(await changed()).toEqual({
      code: 0,
      stdout: `${clusterStatus()}\n`,
      stderr: "",
      calls: [status, ...tidied],
    });
  });

  describe("that much is done once for each change", () => {
    test("an update in which no container and no member is another one leaves all that alone", async () => {
      const host = at();
      expect((await changed({}, {}, host)).calls).toEqual([status, ...tidied]);
      expect(await changed({}, {}, { ...host, files: {} })).toEqual({
        code: 0,
        stdout: `${clusterStatus()}\n`,
        stderr: "",
        calls: [status],
      });
    });

    test("a cluster that has just been formed has nothing to put in order, nor has the first update after it", async () => {
      const host = at();
      expect((await changed({}, {}, host, "create")).calls).toEqual([status]);
      expect((await changed({}, {}, { ...host, files: {} })).calls).toEqual([status]);
    });

    test.each<[string, Partial<FormedData>]>([
      ["a container is another one", { containers: ["id of rabbitmq1", "new", "id of rabbitmq3"] }],
      ["a member is gone", { ram: [], containers: ["id of rabbitmq1", "id of rabbitmq2"] }],
      ["a member has another type", { disc: ["rabbitmq1"], ram: ["rabbitmq2", "rabbitmq3"] }],
    ])("but where %s it is done", async (_title, changes) => {
      const host = at();
      await changed({}, {}, host);
      const types = { rabbitmq2: { type: (changes.ram ?? []).includes("rabbitmq2") ? "ram" : "disc" } } as const;
      const cluster_status = { stdout: clusterStatus({ members: { ...threeMembers, ...types } }) };
      const differences = { cluster_status, "List(Lost), ok.": { stdout: "ok\n" } };
      const { code, calls } = await changed(differences, changes, { ...host, files: {} });
      expect([code, calls.at(-1)]).toEqual([0, tidied.at(-1)]);
    });

    test("what has failed is done again", async () => {
      const host = at();
      await changed({}, {}, host, "create");
      const containers = ["a", "b", "c"];
      await changed({ "rabbitmq-queues -q rebalance": { code: 70 } }, { containers }, { ...host, files: {} });
      expect((await changed({}, { containers }, { ...host, files: {} })).calls).toEqual([status, ...tidied]);
    });

    test("a cluster that was stopped is put in order when it is there again", async () => {
      const host = at();
      await changed({}, {}, host);
      expect((await changed({}, { stopped: true }, { ...host, files: {} })).calls).toEqual([]);
      expect((await changed({}, {}, { ...host, files: {} })).calls).toEqual([status, ...tidied]);
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
