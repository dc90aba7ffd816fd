import { haproxyAdopt } from "../../../commands/haproxy";
import type { Stubs } from "../../unit/support/bash";
import { runStep } from "../support/step";

/* A balancer made by hand, which is known by its lack of Warren's labels, gives way and is kept. */

const run = (docker: Stubs[string]) =>
  runStep(
    haproxyAdopt,
    { container: "my-haproxy" },
    { stubs: { docker: { ...docker, update: {}, stop: {}, rename: {} } } },
  );
const labels = (found: string): Stubs[string] => ({ "io.warren.stack": { stdout: found } });
const changes = (calls: string[]) => calls.filter((call) => !call.includes("inspect"));

test("is stopped, kept under another name, and does not start again", async () => {
  const { code, calls } = await run(labels("<>\n"));
  expect(code).toBe(0);
  expect(changes(calls)).toEqual([
    "docker update --restart=no my-haproxy",
    "docker stop -t 5 my-haproxy",
    "docker rename my-haproxy my-haproxy.before-warren",
  ]);
});

test.each<[string, Stubs[string]]>([
  ["was kept already", { "io.warren.stack": { code: 1 }, "{{.Id}} my-haproxy.before-warren": {} }],
  ["is Warren's own by now", { ...labels("<acme/warren/dev>\n"), "{{.Id}} my-haproxy.before-warren": {} }],
])("one that %s is left alone", async (_title, docker) => {
  const { code, calls } = await run(docker);
  expect([code, changes(calls)]).toEqual([0, []]);
});

test("has to be there", async () => {
  expect(await run({ "io.warren.stack": { code: 1 }, "{{.Id}}": { code: 1 } })).toMatchObject({
    code: 1,
    stderr:
      'warren:haproxy.adopt: "my-haproxy" - must be a container on this host that Warren did not make, or be left out: there is none of that name\n',
  });
});
