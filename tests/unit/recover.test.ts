import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

import { runBash, type Reply, type Stubs } from "./support/bash";
import { makeDirectory } from "./support/directory";

const script = join(__dirname, "../../scripts/recover.sh");
const where = "--stack prod";

const locked = (owner: string): Reply => ({
  code: 255,
  stdout: `error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.
  file:///home/me/state/.pulumi/locks/organization/warren/prod/1b2c.json: created by ${owner} at 2026-11-23T14:00:00Z\n`,
});
const done: Reply = { stdout: "Update: no changes\n" };
const state = (more = ""): Reply => ({ stdout: `{\n    "deployment": {${more}\n    }\n}\n` });
const pending = '\n        "pending_operations": [\n';

describe("npm run recover", () => {
  const run = (up: Reply[], { args = where, exported = state(), ps = { stdout: "" }, whoami = {} } = {}) => {
    const stubs: Stubs = {
      pulumi: { "up ": up, "cancel ": {}, "stack export": exported, "refresh ": {}, "whoami ": whoami },
      ps: { "-p 4711": ps },
    };
    return runBash(`export WARREN_PULUMI=pulumi; exec bash '${script}' ${args}`, [], { stubs });
  };
  const up = `pulumi up ${where} --yes --skip-preview --parallel 32`;
  const look = "ps -o stat=,comm= -p 4711";
  const cancel = `pulumi cancel ${where} --yes`;
  const show = `pulumi stack export ${where}`;
  const refresh = `pulumi refresh ${where} --yes --skip-preview --clear-pending-creates`;
  const here = locked(`me@${hostname()} (pid 4711)`);

  test("without a lock it ends the update, and has nothing to clear", async () => {
    const { code, calls } = await run([done]);
    expect({ code, calls }).toEqual({ code: 0, calls: [up, show] });
  });

  test("what is pending in the state is cleared", async () => {
    // More than fits a pipe; a program that cannot print all of it fails.
    const whole = { ...state(pending + "more of it\n".repeat(20_000)), run: "set -eo pipefail" };
    const { code, calls } = await run([done], { exported: whole });
    expect({ code, calls }).toEqual({ code: 0, calls: [up, show, refresh] });
  });

  test.each([
    ["is gone", ""],
    ["ended and was not waited for", "Z    pulumi\n"],
    ["has left its number to another program", "Ss   bash\n"],
  ])("the lock of a run on this machine that %s is taken away", async (_what, stdout) => {
    const { code, calls } = await run([here, done], { ps: { stdout } });
    expect({ code, calls }).toEqual({ code: 0, calls: [up, look, cancel, up, show] });
  });

  test("a run on this machine that goes on is left alone", async () => {
    const { code, calls, stderr } = await run([here], { ps: { stdout: "Sl+  pulumi\n" } });
    expect({ code, calls }).toEqual({ code: 1, calls: [up, look] });
    expect(stderr).toContain(
      "The run of me, process 4711 on this machine, goes on: wait for it, or end it with Ctrl-C where it runs. Nothing was changed.",
    );
  });

  const elsewhere = locked("me@other.example (pid 4711)");

  test("a run on another machine is left alone", async () => {
    const { code, calls, stderr } = await run([elsewhere]);
    expect({ code, calls }).toEqual({ code: 1, calls: [up] });
    expect(stderr).toContain(
      `The lock is of me's run on other.example, process 4711: look there whether it goes on. If it is gone: npm run recover -- ${where} --owner-is-gone. Nothing was changed.`,
    );
  });

  test("unless it is said to be gone", async () => {
    const { code, calls } = await run([elsewhere, done], { args: `${where} --owner-is-gone` });
    expect({ code, calls }).toEqual({ code: 0, calls: [up, cancel, up, show] });
  });

  const conflict: Reply = {
    code: 255,
    stdout: "error: [409] Conflict: Another update is currently in progress.\n",
  };

  test("where the backend does not name the owner, it has to be said to be gone", async () => {
    const refused = await run([conflict]);
    expect({ code: refused.code, calls: refused.calls }).toEqual({ code: 1, calls: [up] });
    expect(refused.stderr).toContain("Another run holds the stack, says the backend, and not whose it is.");
    const { code, calls } = await run([conflict, done], { args: `${where} --owner-is-gone` });
    expect({ code, calls }).toEqual({ code: 0, calls: [up, cancel, up, show] });
  });

  test("an update that fails for another reason is not tried again", async () => {
    const { code, calls } = await run([{ code: 255, stdout: "error: update failed\n" }]);
    expect({ code, calls }).toEqual({ code: 1, calls: [up] });
  });

  test("an empty file of attributes beside a file backend's state is removed", async () => {
    const folder = makeDirectory();
    const stacks = `${folder}/.pulumi/stacks/warren`;
    mkdirSync(stacks, { recursive: true });
    writeFileSync(`${stacks}/prod.json`, "");
    writeFileSync(`${stacks}/prod.json.attrs`, "");
    writeFileSync(`${stacks}/prod.json.bak.attrs`, "{}");
    const unreadable: Reply = { code: 255, stdout: "error: failed to load checkpoint: EOF\n" };
    const whoami: Reply = { stdout: `{\n  "user": "me",\n  "url": "file://${folder}?no_tmp_dir=true"\n}\n` };
    const mended = await run([unreadable, here, done], { whoami });
    expect({ code: mended.code, calls: mended.calls }).toEqual({
      code: 0,
      calls: [up, "pulumi whoami --verbose --json", up, look, cancel, up, show],
    });
    expect(readdirSync(stacks).sort()).toEqual(["prod.json", "prod.json.bak.attrs"]);
    // There is none this time: it is another fault.
    expect(await run([unreadable], { whoami })).toMatchObject({ code: 1 });
    expect(await run([unreadable], { whoami: { stdout: '{"url": "s3://state"}\n' } })).toMatchObject({ code: 1 });
  });

  test("an update that fails after the lock is gone fails", async () => {
    const { code, calls } = await run([here, { code: 255 }]);
    expect({ code, calls }).toEqual({ code: 1, calls: [up, look, cancel, up] });
  });

  test("says how it is used", async () => {
    expect(await run([], { args: "--help" })).toMatchObject({ code: 0, calls: [] });
    expect(await run([], { args: "--stack" })).toMatchObject({ code: 2, calls: [] });
    const unknown = await run([], { args: "prod" });
    expect(unknown).toMatchObject({ code: 2, calls: [] });
    expect(unknown.stderr).toContain("recover: what is 'prod'?");
  });
});
