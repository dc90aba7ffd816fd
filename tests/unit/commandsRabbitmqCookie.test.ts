import { existsSync, readFileSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

import { writeCookie } from "../../commands/rabbitmq";
import { noWaiting, runOnHost, type Reply, type Stubs } from "./support/bash";
import { makeDirectory } from "./support/directory";

/*
 * The Erlang cookie, run with a stand-in for docker: it is written where no broker runs, and taken up by one that does. A
 * stand-in for the broker's virtual machine knows the one cookie that stands in the file `known`.
 */

const file = "data/.erlang.cookie";
const staged = "data/rotation/.erlang.cookie";
const { uid, gid } = userInfo();

/** Answers as a broker does that knows a cookie: the CLI's home says which one it logs in with. */
function broker(directory: string): Stubs[string] {
  const data = join(directory, "data");
  const run = `home=$(sed 's,.*HOME=/var/lib/rabbitmq\\([^ ]*\\) .*,${data}\\1,' <<< "$*")
[ "$(cat $home/.erlang.cookie)" = "$(cat ${directory}/known)" ] || exit 69
case "$*" in *set_cookie*) cp ${directory}/${staged} ${directory}/known ;; esac`;
  return { inspect: { stdout: `true ${data}\n` }, eval: { run } };
}

const nobody: Stubs[string] = { inspect: { code: 1 } };

async function run(files: Record<string, string>, docker: (directory: string) => Stubs[string], cookie = "new-cookie") {
  const directory = makeDirectory(files);
  const script = writeCookie({ name: "rabbitmq1", container: "rabbitmq", directory }, cookie);
  const before = `container_owner=${uid}:${gid}\n${noWaiting}`;
  const outcome = await runOnHost(script, { before, stubs: { docker: docker(directory) } });
  const read = (name: string) =>
    existsSync(join(directory, name)) ? readFileSync(join(directory, name), "utf8") : undefined;
  return { ...outcome, directory, cookie: read(file), known: read("known"), staged: read(staged) };
}

const evaluations = (calls: string[]) => calls.filter((call) => call.includes(" eval "));

test("by its calls: what a broker takes up, it reads from a file", async () => {
  const { calls } = await run({ [file]: "old-cookie", known: "old-cookie" }, broker);
  expect(calls).toEqual([
    'docker inspect -f {{.State.Running}}{{range .Mounts}}{{if eq .Destination "/var/lib/rabbitmq"}} {{.Source}}{{end}}{{end}} rabbitmq',
    'docker exec -u rabbitmq -e HOME=/var/lib/rabbitmq rabbitmq rabbitmqctl -q eval {ok,C}=file:read_file("/var/lib/rabbitmq/rotation/.erlang.cookie"),erlang:set_cookie(node(),list_to_atom(string:trim(binary_to_list(C)))).',
  ]);
  expect(calls.join()).not.toMatch(/(old|new)-cookie/);
});

test("where no broker runs it is written, for its owner's eyes only", async () => {
  const { code, stderr, cookie, directory } = await run({ "data/mnesia": "x" }, () => nobody);
  expect({ code, stderr, cookie }).toEqual({ code: 0, stderr: "", cookie: "new-cookie" });
  expect(statSync(join(directory, file)).mode & 0o777).toBe(0o400);
  expect(existsSync(join(directory, "data/rotation"))).toBe(false);
});

test("where a broker is down, the file changes all the same", async () => {
  const down = (directory: string) => ({ inspect: { stdout: `false ${directory}/data\n` } });
  expect(await run({ [file]: "old-cookie" }, down)).toMatchObject({ code: 0, cookie: "new-cookie" });
});

test("a container of that name on other data, made by hand, has nothing to do with it", async () => {
  const byHand = () => ({ inspect: { stdout: "true /srv/rabbitmq/data\n" } });
  const { code, calls, cookie } = await run({ [file]: "old-cookie" }, byHand);
  expect({ code, cookie, cli: evaluations(calls) }).toEqual({ code: 0, cookie: "new-cookie", cli: [] });
});

test("one that is already there costs no call to the CLI, be it with a line's end", async () => {
  for (const there of ["new-cookie", "new-cookie\n"]) {
    const { code, calls, cookie } = await run({ [file]: there, known: there }, broker);
    expect({ code, cookie, cli: evaluations(calls) }).toEqual({ code: 0, cookie: "new-cookie", cli: [] });
  }
});

test("a broker that runs takes it up, and then the file follows", async () => {
  const { code, cookie, known, directory } = await run({ [file]: "old-cookie", known: "old-cookie" }, broker);
  expect({ code, cookie, known }).toEqual({ code: 0, cookie: "new-cookie", known: "new-cookie" });
  expect(existsSync(join(directory, "data/rotation"))).toBe(false);
});

describe("a run that was cut off", () => {
  test.each([
    ["before the broker took it up", { [file]: "old-cookie", [staged]: "new-cookie", known: "old-cookie" }],
    ["half-way through the file", { [file]: "old-cookie", [staged]: "new-", known: "old-cookie" }],
    ["after the broker took it up", { [file]: "old-cookie", [staged]: "new-cookie", known: "new-cookie" }],
    ["when all but the directory was done", { [file]: "new-cookie", "data/rotation/x": "", known: "new-cookie" }],
  ])("%s, is finished", async (_moment, files) => {
    const { cookie, known } = await run(files, broker);
    expect({ cookie, known }).toEqual({ cookie: "new-cookie", known: "new-cookie" });
  });

  test("after the broker took it up, is overtaken by another cookie", async () => {
    const files = { [file]: "old-cookie", [staged]: "cookie-between", known: "cookie-between" };
    expect(await run(files, broker)).toMatchObject({ code: 0, cookie: "new-cookie", known: "new-cookie" });
  });

  test("and whose staged cookie is gone, is finished by the new one: the broker knows it", async () => {
    expect(await run({ [file]: "old-cookie", known: "new-cookie" }, broker)).toMatchObject({
      code: 0,
      cookie: "new-cookie",
    });
  });
});

test("a broker that is booting is waited for", async () => {
  const refusedOnce = (directory: string): Stubs[string] => {
    const { inspect, eval: answer } = broker(directory) as { inspect: Reply; eval: Reply };
    return { inspect, eval: [{ code: 69 }, { code: 69 }, answer] };
  };
  // The clock must not run out: the waits here are real.
  const directory = makeDirectory({ [file]: "old-cookie", known: "old-cookie" });
  const script = writeCookie({ name: "rabbitmq1", container: "rabbitmq", directory }, "new-cookie");
  const stubs = { docker: refusedOnce(directory) };
  expect(await runOnHost(script, { before: `container_owner=${uid}:${gid}`, stubs })).toMatchObject({ code: 0 });
  expect(readFileSync(join(directory, file), "utf8")).toBe("new-cookie");
});

test("a broker that knows neither keeps its file, and the run says what to do", async () => {
  const { code, stderr, cookie, known, directory } = await run(
    { [file]: "old-cookie", known: "another-cookie" },
    broker,
  );
  expect({ code, cookie, known }).toEqual({ code: 1, cookie: "old-cookie", known: "another-cookie" });
  expect(stderr).toBe(
    `rabbitmq1 runs, but its CLI can log in neither with the cookie in ${directory}/${file} nor with the new one: the cookie was not changed. Stop its container, run pulumi up again, start the container\n`,
  );
});
