import { removeStray } from "../../commands/docker";
import type { Stubs } from "../unit/support/bash";
import { runStep } from "./support/step";

/* What a run leaves that was killed while a container was being made. */

const found =
  "docker ps -aq --filter name=^/rabbitmq$ --filter label=io.warren.stack=acme/warren/dev --filter label=io.warren.part=rabbitmq1";

const run = (docker: Stubs[string]) =>
  runStep(
    removeStray,
    { container: "rabbitmq", stack: "acme/warren/dev", part: "rabbitmq1", graceSeconds: 120 },
    { stubs: { docker }, part: "run" },
  );

test("touches nothing where there is none: it asks for a container by its exact name and both labels", async () => {
  expect(await run({ "ps -aq": {} })).toMatchObject({ code: 0, stdout: "", stderr: "", calls: [found] });
});

test("stops a stray with its grace, then removes it; nothing is recorded of it", async () => {
  const { code, calls, record } = await run({ "ps -aq": { stdout: "c1\n" }, "stop -t 120 c1": {}, "rm c1": {} });
  expect([code, calls, record()]).toEqual([0, [found, "docker stop -t 120 c1", "docker rm c1"], []]);
});

test.each<[string, Stubs[string], number]>([
  ["Docker does not answer", { "ps -aq": { code: 1 } }, 1],
  ["it does not stop", { "ps -aq": { stdout: "c1\n" }, "stop -t 120": { code: 1 } }, 2],
])("fails when %s", async (_title, docker, count) => {
  const { code, stdout, calls } = await run(docker);
  expect([code, stdout, calls.length]).toEqual([1, "", count]);
});
