import { formed, type FormedData } from "../../../commands/rabbitmq";
import type { Reply } from "../../unit/support/bash";
import { clusterStatus, threeMembers } from "../../unit/support/clusterStatus";
import { runStep } from "../support/step";
import { formedData, node, three } from "./support";

/* The gate at the end of the cluster, run with a stand-in for docker that answers recorded cluster statuses. */

const status = "docker exec -u rabbitmq rabbitmq rabbitmqctl -q cluster_status --formatter json";

const run = async (replies: Reply | Reply[], members = three, changes: Partial<FormedData> = {}) => {
  const at = node();
  const stubs = { docker: { cluster_status: replies } };
  const outcome = await runStep(formed, { ...formedData(at.directory, members), ...changes }, { ...at, stubs });
  const { code, stdout, stderr, calls } = outcome;
  return { code, stdout, stderr, calls };
};

describe("passes, and prints the status once", () => {
  test.each([
    ["as 3.8 writes it", clusterStatus()],
    ["partitions as a list", clusterStatus({ partitions: [] })],
    [
      "members in another order",
      clusterStatus({ members: Object.fromEntries(Object.entries(threeMembers).reverse()) }),
    ],
  ])("%s", async (_title, stdout) => {
    expect(await run({ stdout })).toEqual({ code: 0, stdout: `${stdout}\n`, stderr: "", calls: [status] });
  });

  test("disc nodes alone", async () => {
    const members = { rabbitmq1: { type: "disc" }, rabbitmq2: { type: "disc" } } as const;
    const stdout = clusterStatus({ members });
    expect(await run({ stdout }, three.slice(0, 2))).toMatchObject({ code: 0, stdout: `${stdout}\n`, stderr: "" });
  });

  test("a single node", async () => {
    const stdout = clusterStatus({ members: { rabbitmq1: { type: "disc" } } });
    expect(await run({ stdout }, three.slice(0, 1))).toMatchObject({ code: 0, stdout: `${stdout}\n`, stderr: "" });
  });

  test("after it has waited for the last member to start", async () => {
    const starting = clusterStatus({ members: { ...threeMembers, rabbitmq3: { type: "ram", running: false } } });
    const outcome = await run([{ code: 69 }, { stdout: starting }, { stdout: clusterStatus() }]);
    expect(outcome).toEqual({ code: 0, stdout: `${clusterStatus()}\n`, stderr: "", calls: [status, status, status] });
  });

  test("under any name: that is set after it", async () => {
    const stdout = clusterStatus({ clusterName: "rabbit@rabbitmq1" });
    expect(await run({ stdout })).toEqual({ code: 0, stdout: `${stdout}\n`, stderr: "", calls: [status] });
  });
});

describe("fails, and says what it sees", () => {
  const configured = "(disc: rabbit@rabbitmq1 rabbit@rabbitmq2; ram: rabbit@rabbitmq3)";
  const shows = (disc: string, ram: string, running: string) =>
    `the cluster is not as configured ${configured}. It shows\ndisc: ${disc}; ram: ${ram}; running: ${running}\n`;
  const [one, two, last] = ["rabbit@rabbitmq1 ", "rabbit@rabbitmq2 ", "rabbit@rabbitmq3 "];

  test.each([
    [
      "a member that does not run",
      { ...threeMembers, rabbitmq2: { type: "disc", running: false } },
      shows(one + two, last, one + last),
    ],
    [
      "a member that is missing",
      { rabbitmq1: { type: "disc" }, rabbitmq2: { type: "disc" } },
      shows(one + two, "", one + two),
    ],
    [
      "a member of the wrong type",
      { ...threeMembers, rabbitmq3: { type: "disc" } },
      shows(one + two + last, "", one + two + last),
    ],
  ] as const)("%s", async (_title, members, stderr) => {
    const { code, stdout, stderr: said, calls } = await run({ stdout: clusterStatus({ members }) });
    expect({ code, stdout, stderr: said }).toEqual({ code: 1, stdout: "", stderr });
    // 120 s, of which the stand-in for sleep passes 100 at a time.
    expect(calls).toEqual(Array(3).fill(status));
  });

  test("a CLI that never answers", async () => {
    const { code, stderr } = await run({ code: 69 });
    expect([code, stderr]).toEqual([1, shows("", "", "")]);
  });

  const lists = `disc: ${one}${two}; ram: ${last}; running: ${one}${two}${last}\n`;

  test("two versions", async () => {
    const members = { ...threeMembers, rabbitmq2: { type: "disc", version: "3.8.10" } } as const;
    const outcome = await run({ stdout: clusterStatus({ members }) });
    expect(outcome).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `the members run different broker versions\n${lists}`,
    });
    expect(outcome.calls).toEqual([status]);
  });

  test("a partition", async () => {
    const partitions = { "rabbit@rabbitmq1": ["rabbit@rabbitmq2"] };
    const outcome = await run({ stdout: clusterStatus({ partitions }) });
    expect(outcome).toMatchObject({ code: 1, stdout: "", stderr: `the cluster is partitioned\n${lists}` });
  });
});

test("a cluster at rest has no members that run, and nobody is asked", async () => {
  const { code, stdout, calls } = await run([], three, { stopped: true });
  expect([code, calls]).toEqual([0, []]);
  expect(JSON.parse(stdout)).toEqual({ disk_nodes: [], ram_nodes: [], running_nodes: [], versions: {} });
});
