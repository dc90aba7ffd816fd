import { formed, nameCluster, type ExpectedMember } from "../../commands/rabbitmq";
import { noWaiting, runOnHost, type Reply } from "./support/bash";
import { clusterStatus, threeMembers } from "./support/clusterStatus";

/* The gate at the end of the cluster, run with a stand-in for docker that answers recorded cluster statuses. */

const place = { name: "rabbitmq1", container: "rabbitmq", directory: "/var/lib/warren/rabbitmq" };
const three: ExpectedMember[] = [
  { name: "rabbitmq1", type: "disc" },
  { name: "rabbitmq2", type: "disc" },
  { name: "rabbitmq3", type: "ram" },
];
const status = "docker exec -u rabbitmq rabbitmq rabbitmqctl -q cluster_status --formatter json";

const run = (replies: Reply | Reply[], expected = three) =>
  runOnHost(formed(place, expected), { stubs: { docker: { cluster_status: replies } }, before: noWaiting });

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
    [
      "a member that is not in the configuration",
      { ...threeMembers, rabbitmq4: { type: "ram" } },
      shows(one + two, `${last}rabbit@rabbitmq4 `, `${one}${two}${last}rabbit@rabbitmq4 `),
    ],
    [
      "a RAM node that is not in the configuration, and does not run",
      { ...threeMembers, rabbitmq4: { type: "ram", running: false } },
      shows(one + two, `${last}rabbit@rabbitmq4 `, one + two + last),
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

  test("a time of its own", async () => {
    const script = formed(place, three, 20);
    const { calls } = await runOnHost(script, { stubs: { docker: { "": { code: 69 } } }, before: noWaiting });
    expect(calls).toHaveLength(2);
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

test("by its text", () => {
  const script = formed({ ...place, name: "node1", container: "broker" }, three, 60);
  const call = "docker exec -u rabbitmq broker rabbitmqctl -q";
  expect(script)
    .toBe(`names() { printf %s "$status" | grep -o "\\"$1\\":\\[[^]]*\\]" | grep -o 'rabbit@[A-Za-z0-9_-]*' | sort | tr '\\n' ' '; }
as_configured() {
  status=$(${call} cluster_status --formatter json 2> /dev/null) &&
  [ "$(names disk_nodes)" = "rabbit@rabbitmq1 rabbit@rabbitmq2 " ] && [ "$(names ram_nodes)" = "rabbit@rabbitmq3 " ] && [ "$(names running_nodes)" = "rabbit@rabbitmq1 rabbit@rabbitmq2 rabbit@rabbitmq3 " ]
}
trap '[ $? = 0 ] || echo "disc: $(names disk_nodes); ram: $(names ram_nodes); running: $(names running_nodes)" >&2' EXIT
deadline=$((SECONDS + 60))
until as_configured; do
  if [ $SECONDS -ge $deadline ]; then
    echo "the cluster is not as configured (disc: rabbit@rabbitmq1 rabbit@rabbitmq2; ram: rabbit@rabbitmq3). It shows" >&2
    exit 1
  fi
  sleep 1
done
if [ "$(printf %s "$status" | grep -o '"rabbitmq_version":"[^"]*"' | sort -u | wc -l)" -gt 1 ]; then
  echo "the members run different broker versions" >&2
  exit 1
fi
case $status in *'"partitions":{}'* | *'"partitions":[]'*) ;; *) echo "the cluster is partitioned" >&2; exit 1 ;; esac
printf '%s\\n' "$status"`);
});

describe("nameCluster", () => {
  const call = "docker exec -u rabbitmq rabbitmq rabbitmqctl -q set_cluster_name production";

  test("by its text", () => {
    expect(nameCluster(place, "production")).toBe(call);
  });

  test("fails when the name cannot be set", async () => {
    const stubs = { docker: { set_cluster_name: { code: 69 } } };
    expect(await runOnHost(nameCluster(place, "production"), { stubs })).toMatchObject({ code: 69, calls: [call] });
  });
});
