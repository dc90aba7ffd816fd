import { gate } from "../../commands/rabbitmq";
import { noWaiting, runOnHost, type Stubs } from "./support/bash";
import { clusterStatus, type Member } from "./support/clusterStatus";
import { serve } from "./support/web";

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

/** A node that serves, in another container than the wanted one, and a cluster that can spare it. */
const well: Stubs[string] = {
  "{{.State.Running}}": { stdout: "true sha256:0000 0123\n" },
  "{{.State.Pid}}": { stdout: `${process.pid}\n` },
  cluster_status: { stdout: clusterStatus({ members }) },
  help: { stdout: "Diagnostics:\n  check_if_node_is_mirror_sync_critical  …\n  check_if_node_is_quorum_critical  …\n" },
  check_if_node_is_quorum_critical: { stdout: "Node rabbit@rabbitmq2 reported no quorum queues\n" },
  check_if_node_is_mirror_sync_critical: {},
  "rabbitmq-upgrade -q drain": { stdout: "Will put node into maintenance mode\n" },
  "rabbitmq-upgrade -q revive": {},
};

/** Nothing listens on the port unless a test says which. */
const run = (differences: Stubs[string], port = 1) =>
  runOnHost(gate(place, wanted, port), { stubs: { docker: { ...well, ...differences } }, before: noWaiting });

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
    expect(outcome).toEqual(passes([look, findProcess, revive]));
  });

  test("the wanted one, which cannot be revived: that is for the steps after it to find", async () => {
    const outcome = await run({
      "{{.State.Running}}": { stdout: "true sha256:1111 abcd\n" },
      "rabbitmq-upgrade -q revive": { stdout: "Error\n", code: 69 },
    });
    expect(outcome).toEqual(passes([look, findProcess, revive]));
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
    ["another image", "true sha256:0000 abcd\n"],
    ["other settings", "true sha256:1111 0123\n"],
    ["no settings label", "true sha256:1111 \n"],
  ])("all is well: %s", async (_title, stdout) => {
    const outcome = await run({ "{{.State.Running}}": { stdout } });
    expect(outcome).toEqual(passes([look, status, help, status, quorum, mirrors, drain]));
  });

  test("a broker that has no mirrored queues any more is not asked for them", async () => {
    const outcome = await run({ help: { stdout: "  check_if_node_is_quorum_critical  …\n" } });
    expect(outcome).toEqual(passes([look, status, help, status, quorum, drain]));
  });

  test("after it has waited for another member to come back", async () => {
    const gone = { stdout: clusterStatus({ members: down("rabbitmq3") }) };
    const outcome = await run({ cluster_status: [gone, gone, gone, { stdout: clusterStatus({ members }) }] });
    expect(outcome).toEqual(passes([look, status, help, status, status, status, quorum, mirrors, drain]));
  });

  test.each([
    ["quorum queues", "check_if_node_is_quorum_critical", [quorum, status, quorum, mirrors]],
    ["mirrors", "check_if_node_is_mirror_sync_critical", [quorum, mirrors, status, quorum, mirrors]],
  ])("after it has waited for %s to be in step", async (_title, check, calls) => {
    const outcome = await run({ [check]: [{ stdout: "critical\n", code: 69 }, {}] });
    expect(outcome).toEqual(passes([look, status, help, status, ...calls, drain]));
  });

  test("and fails when the drain fails", async () => {
    const outcome = await run({ "rabbitmq-upgrade -q drain": { run: "echo 'Error: no' >&2", code: 69 } });
    expect([outcome.code, outcome.stderr]).toEqual([69, "Error: no\n"]);
  });
});

describe("fails and has changed nothing", () => {
  const sentence =
    "the cluster cannot spare rabbitmq2 now: another member is down, or a queue would lose its majority or its last synchronised mirror. Nothing was changed\n";

  test.each([
    ["another member stays down", { cluster_status: { stdout: clusterStatus({ members: down("rabbitmq1") }) } }],
    ["a queue would lose its majority", { check_if_node_is_quorum_critical: { code: 69 } }],
    ["a queue would lose its last synchronised mirror", { check_if_node_is_mirror_sync_critical: { code: 69 } }],
    ["the CLI stops answering", { cluster_status: [{ stdout: clusterStatus({ members }) }, { code: 69 }] }],
  ])("%s", async (_title, differences: Stubs[string]) => {
    const { code, stdout, stderr, calls } = await run(differences);
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr: sentence });
    expect(calls).not.toContain(drain);
    expect(calls).not.toContain(revive);
    // 600 s, of which the stand-in for sleep passes 100 at a time.
    expect(calls.filter((call) => call === status)).toHaveLength(1 + 7);
  });

  test("the broker serves many clients, but its CLI does not answer", async () => {
    const port = await serve({}, { host: "::" }, 300);
    expect(await run({ cluster_status: { code: 69 } }, port)).toEqual({
      code: 1,
      stdout: "",
      stderr: "rabbitmq2 serves clients, but its CLI does not answer: nothing was changed\n",
      calls: [look, status, findProcess],
    });
  });
});

test("by its text", () => {
  const call = "docker exec -u rabbitmq rabbitmq";
  const listens = `{ pid=$(docker inspect -f '{{.State.Pid}}' rabbitmq) && grep -qs ':1628 [0-9A-F:]* 0A' /proc/$pid/net/tcp /proc/$pid/net/tcp6; } 2> /dev/null`;
  expect(gate(place, wanted, 5672))
    .toBe(`found=$(docker inspect -f '{{.State.Running}} {{.Image}} {{index .Config.Labels "io.warren.settings"}}' rabbitmq 2> /dev/null) || exit 0
case $found in
"true sha256:1111 abcd")
  ${listens} || ${call} rabbitmq-upgrade -q revive > /dev/null 2>&1 || true
  exit 0 ;;
true*) ;;
*) exit 0 ;;
esac
if ! status=$(${call} rabbitmqctl -q cluster_status --formatter json 2> /dev/null); then
  if ${listens}; then
    echo "rabbitmq2 serves clients, but its CLI does not answer: nothing was changed" >&2
    exit 1
  fi
  exit 0
fi
names() { printf %s "$status" | grep -o "\\"$1\\":\\[[^]]*\\]" | grep -o 'rabbit@[A-Za-z0-9_-]*' | sort | tr '\\n' ' '; }
case " $(names running_nodes)" in *" rabbit@rabbitmq2 "*) ;; *) exit 0 ;; esac
[ "$(names disk_nodes)$(names ram_nodes)" != "rabbit@rabbitmq2 " ] || exit 0
mirrors=$(${call} rabbitmq-diagnostics -q help | grep -o check_if_node_is_mirror_sync_critical | head -n 1 || true)
one_by_one() { for list; do names $list; done | tr ' ' '\n' | sort -u; }
all_well() {
  status=$(${call} rabbitmqctl -q cluster_status --formatter json 2> /dev/null) &&
  [ "$(one_by_one disk_nodes ram_nodes)" = "$(one_by_one running_nodes)" ] &&
  ${call} rabbitmq-diagnostics -q check_if_node_is_quorum_critical > /dev/null 2>&1 &&
  { [ -z "$mirrors" ] || ${call} rabbitmq-diagnostics -q check_if_node_is_mirror_sync_critical > /dev/null 2>&1; }
}
deadline=$((SECONDS + 600))
until all_well; do
  if [ $SECONDS -ge $deadline ]; then
    echo "the cluster cannot spare rabbitmq2 now: another member is down, or a queue would lose its majority or its last synchronised mirror. Nothing was changed" >&2
    exit 1
  fi
  sleep 2
done
${call} rabbitmq-upgrade -q drain > /dev/null`);
});
