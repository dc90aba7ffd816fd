import { member, type MemberData } from "../../../commands/rabbitmq";
import type { Stubs } from "../../unit/support/bash";
import { serve } from "../../unit/support/web";
import { runStep } from "../support/step";
import { memberData, node, ownContainer, recorded } from "./support";

/* Whether a member runs, and how well. */

const broker = (tool: string, args: string) => `docker exec -u rabbitmq rabbitmq ${tool} -q ${args}`;
const inspect = "docker inspect -f {{.State.Pid}} rabbitmq";
const restarts = "docker inspect -f {{.RestartCount}} rabbitmq";
const found = "docker inspect -f {{.State.Pid}} {{.State.Status}} {{.RestartCount}} rabbitmq";
const awaited = broker("rabbitmqctl", "await_startup");
const alarms = broker("rabbitmq-diagnostics", "check_local_alarms");
const start = "docker start rabbitmq";
const stop = "docker stop -t 300 rabbitmq";

const docker: Stubs[string] = {
  "-f {{.RestartCount}}": { stdout: "0\n" },
  // In place of the container's first process: this one.
  "{{.State.Pid}} {{.State.Status}}": { stdout: `${process.pid} running 0\n` },
  "{{.State.Pid}} rabbitmq": { stdout: `${process.pid}\n` },
  "start rabbitmq": { stdout: "rabbitmq\n" },
  "stop -t 300 rabbitmq": { stdout: "rabbitmq\n" },
  await_startup: {},
  check_local_alarms: { stdout: "none\n" },
  logs: { stdout: "eacces\n" },
};

const run = async (
  part: "create" | "update",
  changes: Partial<MemberData> = {},
  differences: Stubs[string] = {},
): ReturnType<typeof runStep> => {
  const at = node({ settings: "" });
  const given = { set_: {}, "rabbitmq-plugins -q set": {}, set_env: {} };
  const stubs = { docker: { ...docker, ...differences, ...given, ...ownContainer } };
  return runStep(member, { ...memberData(at.directory), ...changes }, { ...at, part, stubs });
};
/** The calls that look, start and stop. */
const brief = (calls: string[]) => calls.filter((call) => !/ set |set_/.test(call) && call !== recorded);

test("a member whose container was replaced is started, waited for, given its settings, and well", async () => {
  const port = await serve({});
  const outcome = await run("update", { amqpPort: port });
  expect([outcome.code, outcome.stdout, outcome.stderr]).toEqual([0, "", ""]);
  expect(brief(outcome.calls)).toEqual([start, restarts, found, awaited, inspect, alarms]);
  expect(outcome.read("/node/settings")).toContain("memory 0.4\n");
});

test("is well when it listens, and no alarm is left", async () => {
  const check_local_alarms = [{ stdout: "disk alarm\n", code: 69 }, { stdout: "none\n" }];
  const outcome = await run("update", { amqpPort: await serve({}) }, { check_local_alarms });
  expect([outcome.code, outcome.stdout, outcome.stderr]).toEqual([0, "", ""]);
  expect(brief(outcome.calls)).toEqual([start, restarts, found, awaited, inspect, alarms, inspect, alarms]);
});

test.each<[string, Stubs[string]]>([
  ["it does not listen any more", { "{{.State.Pid}} rabbitmq": { code: 1 } }],
  ["an alarm stays", { check_local_alarms: { code: 69 } }],
])("is not well where %s", async (_title, differences) => {
  const outcome = await run("update", { amqpPort: await serve({}) }, differences);
  expect([outcome.code, outcome.stderr]).toEqual([
    1,
    "rabbitmq2 is not well: it does not serve, or an alarm (memory, disk space) holds publishers back\neacces\n",
  ]);
  // 600 s, of which the stand-in for sleep passes 100 at a time.
  expect(outcome.calls.filter((call) => call === inspect)).toHaveLength(7);
});

test("one that does not boot is told, with the end of its log", async () => {
  const outcome = await run("update", { amqpPort: 1 });
  expect([outcome.code, outcome.stderr]).toEqual([1, "rabbitmq2 did not boot within 600 s\neacces\n"]);
  expect(outcome.calls.at(-1)).toBe("docker logs --tail 30 rabbitmq");
});

test("one that is made is not waited for: it has just booted", async () => {
  const outcome = await run("create", { amqpPort: 1 });
  expect([outcome.code, brief(outcome.calls)]).toEqual([0, []]);
});

describe("a member that is to be stopped", () => {
  test.each(["create", "update"] as const)("is stopped with its grace, by %s", async (part) => {
    const outcome = await run(part, { stopped: true });
    expect([outcome.code, outcome.stdout, outcome.stderr, outcome.calls]).toEqual([0, "", "", [stop]]);
  });
});

test("a member is recorded as one whose container runs, as it was made; one that is stopped is not", async () => {
  const expected = ["running rabbitmq", expect.stringMatching(/^container rabbitmq [0-9a-f]{64}$/) as string];
  expect((await run("update", { amqpPort: await serve({}) })).record().slice(2)).toEqual(expected);
  expect((await run("create")).record().slice(2)).toEqual(expected);
  expect((await run("update", { stopped: true })).record().slice(2)).toEqual(["stopped rabbitmq"]);
});
