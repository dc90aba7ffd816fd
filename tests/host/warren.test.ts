import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { render } from "../../commands/step";
import { runProgram, type Outcome } from "../unit/support/bash";
import { makeDirectory } from "../unit/support/directory";
import { deployment, library } from "./support/step";
import { isAwaited, waitFor } from "./support/wait";

/* The dispatcher, with steps of the tests' own. */

const steps = {
  "tool/plain": 'create() { echo "create $word"; }\n',
  "tool/whole": `create() { echo create; }
update() { echo "update $word"; }
delete() { echo "delete $word"; }
`,
  "tool/recorded": `create() {
  echo text > "$run/file"
  chmod 640 "$run/file"
  owns "$run/file"
  expects sysctl net.ipv4.ip_forward 1
}
`,
  "tool/failing": 'create() { [ ! -e "$run/file" ] || return 3; }\ndelete() { return 4; }\n',
  "tool/reading": 'create() { cat; if read -r line; then echo "$line"; fi; }\n',
  "tool/strict": "create() { false; echo unreached; }\n",
  "tool/unset": 'create() { echo "$nothing"; }\n',
  "tool/locked": `lock=one
create() {
  echo "begins $word" >> "$run/log"
  until [ -e "$run/go" ]; do sleep 0.02; done
  echo "ends $word" >> "$run/log"
}
`,
  "tool/other": 'lock=two\ncreate() { echo "$word"; }\n',
  "tool/umask": 'create() { umask; locale > /dev/null; echo "$LC_ALL"; }\n',
};

const owner = `${deployment}\norganization/warren/test\n`;

function makeHost(owned: { "etc/warren/owner"?: string } = { "etc/warren/owner": owner }): string {
  const root = makeDirectory({ "run/lock/x": "", ...owned });
  const home = join(root, "usr/local/lib/warren");
  cpSync(library, join(home, "1111"), { recursive: true });
  spawnSync("ln", ["-s", "1111", join(home, "current")]);
  mkdirSync(join(home, "1111/tool"));
  for (const [name, text] of Object.entries(steps)) writeFileSync(join(home, `1111/${name}.sh`), text);
  return root;
}

const program = (root: string) => join(root, "usr/local/lib/warren/current/warren");

function run(root: string, args: string[], data: object = {}): Promise<Outcome> {
  return runProgram(program(root), args, {
    input: render({ deployment, ...data }),
    env: { WARREN_ROOT: root },
  });
}

const record = (root: string, resource = "r") => join(root, "var/lib/warren/steps", resource);
const recorded = (root: string) => (existsSync(record(root)) ? readFileSync(record(root), "utf8") : undefined);
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

test.each([
  ["create", "create w\n"],
  ["update", "create w\n"],
  ["run", "create w\n"],
])("%s runs what the step has for it, or else its create", async (action, stdout) => {
  expect(await run(makeHost(), [action, "tool/plain", "r"], { word: "w" })).toMatchObject({
    code: 0,
    stdout,
    stderr: "",
  });
});

test.each([
  ["create", "create\n"],
  ["update", "update it's $word\n"],
  ["delete", "delete it's $word\n"],
  ["run", "create\n"],
])("%s of a step that has all", async (action, stdout) => {
  const outcome = await run(makeHost(), [action, "tool/whole", "r"], { word: "it's $word" });
  expect(outcome).toMatchObject({ code: 0, stdout, stderr: "" });
});

test.each([[[]], [["create", "tool/plain"]], [["create", "tool/plain", "r", "x"]], [["destroy", "tool/plain", "r"]]])(
  "%j is no call: it says how to call it, and does nothing",
  async (args) => {
    const root = makeHost();
    const { code, stdout, stderr } = await run(root, args, { word: "w" });
    expect([code, stdout, stderr.split("\n")[0]]).toEqual([
      2,
      "",
      "warren ACTION STEP NAME  runs a step; its data are shell assignments on standard input",
    ]);
    expect(existsSync(join(root, "var"))).toBe(false);
  },
);

test("a step that the library does not have is refused", async () => {
  expect(await run(makeHost(), ["create", "tool/newer", "r"])).toMatchObject({
    code: 1,
    stderr:
      "this host's Warren library is too old for the step tool/newer. Run `pulumi up`, which brings the new one. Nothing was changed\n",
  });
});

describe("whose host it is, is looked at first", () => {
  test.each(["create", "update", "delete", "run"])("%s on another deployment's host is refused", async (action) => {
    const root = makeHost({ "etc/warren/owner": "3f0c2b5e-0000-4000-8000-000000000002\nacme/warren/prod\n" });
    const { code, stdout, stderr } = await run(root, [action, "tool/whole", "r"], { word: "w" });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("this host belongs to the Warren stack acme/warren/prod (");
    expect(existsSync(join(root, "var"))).toBe(false);
  });

  test.each([
    ["no", {}],
    ["an empty", { "etc/warren/owner": "" }],
  ])("on a host with %s owner file it is refused", async (_title, owned) => {
    const root = makeHost(owned);
    const { code, stdout, stderr } = await run(root, ["create", "tool/whole", "r"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toBe(
      `this host has no ${root}/etc/warren/owner, so it cannot be told whose it is. Run \`pulumi up\`, which prepares the host. Nothing was changed on this host\n`,
    );
  });

  test("data that name no deployment are refused", async () => {
    const outcome = await run(makeHost(), ["create", "tool/whole", "r"], { deployment: undefined });
    expect([outcome.code, outcome.stdout]).toEqual([1, ""]);
  });

  test("one whose stack has another name by now is not another's", async () => {
    expect(
      (
        await run(
          makeHost({ "etc/warren/owner": `${deployment}\nacme/warren/former\n` }),
          ["create", "tool/plain", "r"],
          { word: "" },
        )
      ).code,
    ).toBe(0);
  });
});

describe("the record", () => {
  test("says with which data the step ran, and what it has brought about", async () => {
    const root = makeHost();
    const data = { word: "secret" };
    expect((await run(root, ["create", "tool/recorded", "r"], { ...data, again: "2026-01-01" })).code).toBe(0);
    const { uid, gid } = statSync(join(root, "run/file"));
    expect(recorded(root)).toBe(`input ${sha256(render({ deployment, ...data }))}
again 2026-01-01
file ${sha256("text\n")} 640 ${uid}:${gid} ${root}/run/file
sysctl net.ipv4.ip_forward 1
`);
    expect(recorded(root)).not.toContain("secret");
    expect(statSync(record(root)).mode & 0o777).toBe(0o600);
    expect([join(record(root), ".."), join(root, "var/lib/warren")].map((path) => statSync(path).mode & 0o777)).toEqual(
      [0o700, 0o755],
    );
  });

  test("has the same digest whatever has the step run again, and another one for other data", async () => {
    const root = makeHost();
    const input = async (data: object) => {
      await run(root, ["update", "tool/plain", "r"], { word: "w", ...data });
      return recorded(root)?.split("\n").slice(0, 2);
    };
    const first = await input({});
    expect(first?.[1]).toBe("again ");
    expect(await input({ again: "2" })).toEqual([first?.[0], "again 2"]);
    expect((await input({ word: "x" }))?.[0]).not.toBe(first?.[0]);
  });

  test("is gone while the step runs and after it has failed, with the step's own code", async () => {
    const root = makeHost();
    await run(root, ["create", "tool/failing", "r"]);
    expect(recorded(root)).toContain("input ");
    writeFileSync(join(root, "run/file"), "");
    expect((await run(root, ["update", "tool/failing", "r"])).code).toBe(3);
    expect(recorded(root)).toBeUndefined();
  });

  test("is gone after the step's end, and stays where that fails", async () => {
    const root = makeHost();
    await run(root, ["create", "tool/whole", "r"], { word: "w" });
    await run(root, ["create", "tool/failing", "s"]);
    expect((await run(root, ["delete", "tool/whole", "r"], { word: "w" })).code).toBe(0);
    expect(recorded(root)).toBeUndefined();
    expect((await run(root, ["delete", "tool/failing", "s"])).code).toBe(4);
    expect(existsSync(record(root, "s"))).toBe(true);
  });

  test("is not made of a step that is only run", async () => {
    const root = makeHost();
    await run(root, ["run", "tool/recorded", "r"]);
    expect(existsSync(join(root, "var"))).toBe(false);
  });
});

test("a step's commands get no standard input", async () => {
  expect(await run(makeHost(), ["create", "tool/reading", "r"], { word: "w" })).toMatchObject({ code: 0, stdout: "" });
});

test.each([
  ["tool/strict", "", ""],
  ["tool/unset", "", "nothing: unbound variable"],
])("%s ends at its first fault", async (step, stdout, fault) => {
  const outcome = await run(makeHost(), ["create", step, "r"]);
  expect([outcome.code, outcome.stdout]).toEqual([1, stdout]);
  expect(outcome.stderr).toContain(fault);
});

test("neither root's umask nor root's language counts", async () => {
  const root = makeHost();
  const { stdout } = await runProgram(
    "bash",
    ["-c", 'umask 077; exec "$0" "$@"', program(root), "create", "tool/umask", "r"],
    {
      input: render({ deployment }),
      env: { WARREN_ROOT: root, LC_ALL: "C.UTF-8" },
    },
  );
  expect(stdout).toBe("0022\nC\n");
  expect(statSync(join(root, "var/lib/warren")).mode & 0o777).toBe(0o755);
});

test("steps of one lock run one after the other, even when the run that started the first one is gone", async () => {
  const root = makeHost();
  const log = () => (existsSync(join(root, "run/log")) ? readFileSync(join(root, "run/log"), "utf8") : "");
  // The first one's caller is killed, as a connection is cut.
  const caller = spawn("bash", ["-c", '"$0" create tool/locked r <&0 & wait', program(root)], {
    env: { ...process.env, WARREN_ROOT: root },
    stdio: ["pipe", "ignore", "inherit"],
  });
  caller.stdin.end(render({ deployment, word: "first" }));
  await waitFor(() => log() === "begins first\n");
  caller.kill("SIGKILL");
  const second = run(root, ["create", "tool/locked", "s"], { word: "second" });
  await waitFor(() => isAwaited(join(root, "run/lock/warren-one")));
  expect(log()).toBe("begins first\n");
  expect((await run(root, ["create", "tool/other", "o"], { word: "another lock" })).stdout).toBe("another lock\n");
  writeFileSync(join(root, "run/go"), "");
  expect((await second).code).toBe(0);
  expect(log()).toBe("begins first\nends first\nbegins second\nends second\n");
});
