import { readFileSync } from "node:fs";
import { join } from "node:path";

import { boot } from "../../../commands/rabbitmq/joining";
import type { Reply, Stubs } from "../../unit/support/bash";
import { serve } from "../../unit/support/web";
import { runStep } from "../support/step";
import { cli, Node } from "./node";

/* The wait for a broker's start, run with a stand-in for docker. */

const stops = "docker inspect -f {{.State.Running}} {{.HostConfig.RestartPolicy.Name}} rabbitmq";
const counts = "docker inspect -f {{.RestartCount}} rabbitmq";
const looks = "docker inspect -f {{.State.Pid}} {{.State.Status}} {{.RestartCount}} rabbitmq";
const awaits = cli("await_startup");

/** In place of the container's first process: this one. */
const running: Reply = { stdout: `${process.pid} running 0\n` };
const found = (...states: string[]): Reply[] => states.map((state) => ({ stdout: `${state}\n` }));

const run = (port: number, docker: Stubs[string], others: Stubs = {}) => {
  const node = new Node("rabbitmq2");
  const usual: Stubs[string] = {
    RestartPolicy: { stdout: "true always\n" },
    "{{.State.Pid}}": running,
    "{{.RestartCount}}": { stdout: "0\n" },
    await_startup: {},
  };
  const stubs = { docker: { ...docker, ...usual, ...docker }, ...others };
  return runStep(boot, { ...node.place, amqpPort: port, containerId: "a1b2" }, { root: node.root, stubs });
};

test.each([
  ["IPv4", "127.0.0.1", 0],
  ["IPv6, with clients that are back already", "::", 300],
])("ends well once something listens by %s, and asks the CLI once only", async (_title, host, clients) => {
  const port = await serve({}, { host }, clients);
  const { code, stdout, stderr, calls } = await run(port, {});
  expect({ code, stdout, stderr, calls }).toEqual({
    code: 0,
    stdout: "",
    stderr: "",
    calls: [stops, counts, looks, awaits],
  });
});

test.each([
  [80, "0050"],
  [5672, "1628"],
  [65535, "FFFF"],
])("port %i is %s where the kernel lists listeners", async (port, hex) => {
  const { calls } = await run(port, {}, { grep: { "-qs": {}, "-v": {} } });
  expect(calls.find((call) => call.startsWith("grep"))).toBe(
    `grep -qs :${hex} [0-9A-F:]* 0A /proc/${process.pid}/net/tcp /proc/${process.pid}/net/tcp6`,
  );
});

test("a broker that needs its time is waited for", async () => {
  const port = await serve({});
  const outcome = await run(port, { "{{.State.Pid}}": [...found("0 running 0"), running] });
  expect(outcome).toMatchObject({ code: 0, calls: [stops, counts, looks, looks, awaits] });
});

describe("fails", () => {
  test("with its sentence and the broker's log when nothing listens", async () => {
    const outcome = await run(1, { "logs --tail 30 rabbitmq": { stdout: "eacces\n" } });
    expect(outcome).toMatchObject({ code: 1, stderr: "rabbitmq2 did not boot within 600 s\neacces\n" });
  });

  test("with the log, when there is no container", async () => {
    const outcome = await run(1, {
      inspect: { code: 1 },
      RestartPolicy: { code: 1 },
      "{{.State.Pid}}": { code: 1 },
      "{{.RestartCount}}": { code: 1 },
      "logs --tail 30 rabbitmq": { run: "echo 'No such container' >&2", code: 1 },
    });
    expect(outcome).toMatchObject({ code: 1, stderr: "rabbitmq2 did not boot within 600 s\nNo such container\n" });
  });

  test("with the log, when the broker listens and its start does not come to an end", async () => {
    const port = await serve({});
    const outcome = await run(port, {
      await_startup: { run: "echo 'Error: it stopped' >&2", code: 64 },
      "logs --tail 30 rabbitmq": { stdout: "the end\n" },
    });
    expect(outcome).toMatchObject({
      code: 1,
      stderr: "rabbitmq2 did not boot within 600 s: Error: it stopped\nthe end\n",
    });
  });

  test("not, when the CLI gave up once", async () => {
    const port = await serve({});
    const outcome = await run(port, { await_startup: [{ code: 69 }, {}] });
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
  });

  const log = readFileSync(join(__dirname, "logs/4.0.5-unknown-key.txt"), "utf8");
  const sentence = (what: string, why: string) =>
    `rabbitmq2: the broker does not start, its container rabbitmq ${what}: ${why}
Correct what it names, and run \`pulumi up\` again. \`docker logs rabbitmq\` on this host shows all that the broker said\n`;
  const unknownKey =
    "You've tried to set chanel_max, but there is no setting with that name. Did you mean channel_max?";

  test.each<[string, string[], string]>([
    ["has restarted", ["0 running 0", "0 running 1"], "restarts"],
    ["is about to restart", ["0 running 0", "0 restarting 1"], "restarts"],
    ["has exited", ["0 running 0", "0 exited 0"], "has stopped"],
    ["was found stopped", ["0 exited 0"], "has stopped"],
    ["is dead", ["0 dead 0"], "has stopped"],
  ])("at once, with the broker's own reason, when the container %s", async (_title, states, what) => {
    const outcome = await run(1, { "{{.State.Pid}}": found(...states), "logs --tail 2000 rabbitmq": { stdout: log } });
    expect(outcome).toMatchObject({
      code: 1,
      stdout: "",
      stderr: sentence(what, unknownKey),
      calls: [stops, counts, ...states.map(() => looks), "docker logs --tail 2000 rabbitmq"],
    });
  });

  test("though it restarted before this step: only another restart counts", async () => {
    const port = await serve({});
    const before = { "{{.RestartCount}}": { stdout: "3\n" } };
    const serves = { "{{.State.Pid}}": { stdout: `${process.pid} running 3\n` }, ...before };
    expect(await run(port, serves)).toMatchObject({ code: 0 });
    const restarts = { "{{.State.Pid}}": found("0 running 3", "0 running 4"), ...before, logs: { stdout: log } };
    expect(await run(port, restarts)).toMatchObject({ code: 1, stderr: sentence("restarts", unknownKey) });
  });

  test("and says so where the log has no reason", async () => {
    const outcome = await run(1, { "{{.State.Pid}}": found("0 exited 0"), logs: { stdout: "" } });
    expect(outcome.stderr).toBe(sentence("has stopped", "its log does not say why"));
  });
});

test("a broker that was stopped on purpose is not waited for", async () => {
  const outcome = await run(1, { RestartPolicy: { stdout: "false no\n" } });
  expect(outcome).toMatchObject({ code: 0, stderr: "", calls: [stops] });
});
