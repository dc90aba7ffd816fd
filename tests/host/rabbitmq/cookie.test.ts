import { readFileSync } from "node:fs";

import { files } from "../../../commands/rabbitmq/files";
import type { Reply, Stubs } from "../../unit/support/bash";
import { runStep } from "../support/step";
import { Node, filesOf, nobody, ownImage } from "./node";

/*
 * The Erlang cookie, run with a stand-in for docker: it is written where no broker runs, and taken up by one that does. A
 * stand-in for the broker's virtual machine knows the one cookie that stands in the file `known`.
 */

const file = "data/.erlang.cookie";
const staged = "data/rotation/.erlang.cookie";

/** Answers as a broker does that knows a cookie: the CLI's home says which one it logs in with. */
function broker({ directory }: Node): Stubs[string] {
  const data = `${directory}/data`;
  const run = `home=$(sed 's,.*HOME=/var/lib/rabbitmq\\([^ ]*\\) .*,${data}\\1,' <<< "$*" | head -n 1)
[ "$(cat $home/.erlang.cookie)" = "$(cat ${directory}/known)" ] || exit 69
case "$*" in *set_cookie*) cp ${directory}/${staged} ${directory}/known ;; esac`;
  return { "{{.State.Running}}": { stdout: `true ${data}\n` }, inspect: { code: 1 }, eval: { run } };
}

const container = (state: string): Stubs[string] => ({
  "{{.State.Running}}": { stdout: `${state}\n` },
  inspect: { code: 1 },
});

async function run(there: Record<string, string>, docker: (node: Node) => Stubs[string], cookie = "new-cookie") {
  const node = new Node("rabbitmq1", there);
  const outcome = await runStep(files, filesOf(node, { cookie }), {
    root: node.root,
    before: ownImage,
    stubs: { docker: docker(node) },
  });
  return { ...outcome, node, cookie: node.read(file), known: node.read("known"), staged: node.read(staged) };
}

const evaluations = (calls: string[]) => calls.filter((call) => call.includes(" eval "));

test("by its calls: what a broker is given, it reads from a file", async () => {
  const { calls } = await run({ [file]: "old-cookie", known: "old-cookie" }, broker);
  const text = calls.slice(calls.findIndex((call) => call.includes(" eval "))).join("\n");
  expect(text)
    .toBe(`docker exec -u rabbitmq -e HOME=/var/lib/rabbitmq rabbitmq rabbitmqctl -q eval File = "/var/lib/rabbitmq/rotation/.erlang.cookie", {ok, Cookie} = file:read_file(File),
erlang:set_cookie(node(), list_to_atom(string:trim(binary_to_list(Cookie)))).`);
  expect(calls.join()).not.toMatch(/(old|new)-cookie/);
});

test("where no broker runs it is written, for its owner's eyes only", async () => {
  const { code, stderr, cookie, node } = await run({ "data/mnesia": "x" }, () => nobody);
  expect({ code, stderr, cookie }).toEqual({ code: 0, stderr: "", cookie: "new-cookie" });
  expect(node.mode(file)).toBe("400");
  expect(node.has("data/rotation")).toBe(false);
});

test("where a broker is down, the file changes all the same", async () => {
  const down = ({ directory }: Node) => container(`false ${directory}/data`);
  expect(await run({ [file]: "old-cookie" }, down)).toMatchObject({ code: 0, cookie: "new-cookie" });
});

test("a container of that name on other data, made by hand, has nothing to do with it", async () => {
  const { code, calls, cookie } = await run({ [file]: "old-cookie" }, () => container("true /srv/rabbitmq/data"));
  expect({ code, cookie, cli: evaluations(calls) }).toEqual({ code: 0, cookie: "new-cookie", cli: [] });
});

test("one that is already there costs no call to the CLI, be it with a line's end", async () => {
  for (const there of ["new-cookie", "new-cookie\n"]) {
    const { code, calls, cookie } = await run({ [file]: there, known: there }, broker);
    expect({ code, cookie, cli: evaluations(calls) }).toEqual({ code: 0, cookie: "new-cookie", cli: [] });
  }
});

test("a broker that runs takes it up, and then the file follows", async () => {
  const { code, cookie, known, node } = await run({ [file]: "old-cookie", known: "old-cookie" }, broker);
  expect({ code, cookie, known }).toEqual({ code: 0, cookie: "new-cookie", known: "new-cookie" });
  expect(node.has("data/rotation")).toBe(false);
});

describe("a run that was cut off", () => {
  test.each([
    ["before the broker took it up", { [file]: "old-cookie", [staged]: "new-cookie", known: "old-cookie" }],
    ["half-way through the file", { [file]: "old-cookie", [staged]: "new-", known: "old-cookie" }],
    ["after the broker took it up", { [file]: "old-cookie", [staged]: "new-cookie", known: "new-cookie" }],
    ["when all but the directory was done", { [file]: "new-cookie", "data/rotation/x": "", known: "new-cookie" }],
  ])("%s, is finished", async (_moment, there) => {
    const { cookie, known } = await run(there, broker);
    expect({ cookie, known }).toEqual({ cookie: "new-cookie", known: "new-cookie" });
  });

  test("after the broker took it up, is overtaken by another cookie", async () => {
    const there = { [file]: "old-cookie", [staged]: "cookie-between", known: "cookie-between" };
    expect(await run(there, broker)).toMatchObject({ code: 0, cookie: "new-cookie", known: "new-cookie" });
  });

  test("and whose staged cookie is gone, is finished by the new one: the broker knows it", async () => {
    expect(await run({ [file]: "old-cookie", known: "new-cookie" }, broker)).toMatchObject({
      code: 0,
      cookie: "new-cookie",
    });
  });
});

test("a broker that is booting is waited for", async () => {
  const node = new Node("rabbitmq1", { [file]: "old-cookie", known: "old-cookie" });
  const { eval: answer, ...rest } = broker(node) as Record<string, Reply>;
  const docker = { ...rest, eval: [{ code: 69 }, { code: 69 }, answer!] };
  // The clock must not run out: the waits here are real.
  const circumstances = { root: node.root, before: ownImage, stubs: { docker }, noWaiting: false };
  expect(await runStep(files, filesOf(node), circumstances)).toMatchObject({ code: 0 });
  expect(readFileSync(node.path(file), "utf8")).toBe("new-cookie");
});

test("a broker that knows neither keeps its file, and the run says what to do", async () => {
  const { code, stderr, cookie, known, node } = await run({ [file]: "old-cookie", known: "another-cookie" }, broker);
  expect({ code, cookie, known }).toEqual({ code: 1, cookie: "old-cookie", known: "another-cookie" });
  expect(stderr).toBe(
    `rabbitmq1 runs, but its CLI can log in neither with the cookie in ${node.path(file)} nor with the new one: the cookie was not changed. Stop its container, run pulumi up again, start the container\n`,
  );
});
