import { runScript, scriptInput } from "../../commands/shell";
import { runBash, runOnHost } from "./support/bash";
import { makeDirectory } from "./support/directory";

describe("the command of a resource", () => {
  test("root runs bash itself", () => {
    expect(runScript("root", "create", "rabbitmq1-boot")).toBe("bash -s create rabbitmq1-boot");
  });

  test("another login runs it with sudo, which must not ask for a password", () => {
    expect(runScript("ops", "delete", "host1-prepare")).toBe("sudo -n bash -s delete host1-prepare");
  });
});

describe("the standard input of a resource's command", () => {
  test("for a beginning alone", () => {
    expect(scriptInput({ create: "echo made" })).toBe(`set -euo pipefail
case "$1" in
create)
echo made
;;
esac < /dev/null
`);
  });

  test("for a beginning and an end, under a lock", () => {
    expect(scriptInput({ create: "echo made", delete: "echo gone" }, "rabbitmq1")).toBe(`set -euo pipefail
exec 9> /run/lock/warren-rabbitmq1
flock 9
case "$1" in
create)
echo made
;;
delete)
echo gone
;;
esac < /dev/null
`);
  });

  test("for a change of its own between the two", () => {
    expect(scriptInput({ create: "echo made", update: "echo changed", delete: "echo gone" })).toBe(`set -euo pipefail
case "$1" in
create)
echo made
;;
update)
echo changed
;;
delete)
echo gone
;;
esac < /dev/null
`);
  });

  test.each([
    ["create", "made\n"],
    ["update", "changed\n"],
    ["delete", "gone\n"],
  ])("%s runs its own part", async (part, stdout) => {
    const text = scriptInput({ create: "echo made", update: "echo changed", delete: "echo gone" });
    expect(await runBash(text, [part, "name"])).toMatchObject({ code: 0, stdout });
  });

  test("a command that reads its input does not swallow the rest of the script", async () => {
    expect(await runOnHost("cat\necho after")).toMatchObject({ code: 0, stdout: "after\n" });
  });

  test.each([
    ["a command that fails", "false"],
    ["a variable that is not set", 'echo "$unset_here"'],
    ["a pipe whose first command fails", "false | cat"],
  ])("%s ends the script as failed", async (_title, fault) => {
    const { code, stdout } = await runOnHost(`${fault}\necho after`);
    expect([code, stdout]).toEqual([1, ""]);
  });

  test("scripts of one lock wait for each other, and those of another do not", async () => {
    const directory = makeDirectory();
    const locked = (lock: string, create: string) =>
      runBash(scriptInput({ create }, lock).replace("/run/lock", directory), ["create", "test"]);
    const log = `>> ${directory}/log`;
    const until = (word: string) => `until grep -qs ${word} ${directory}/log; do sleep 0.02; done`;
    const first = locked("a", `echo first begins ${log}; ${until("other")}; sleep 0.2; echo first ends ${log}`);
    await runBash(until("begins"));
    await Promise.all([first, locked("a", `echo second ${log}`), locked("b", `echo other ${log}`)]);
    const { stdout } = await runBash(`cat ${directory}/log`);
    expect(stdout).toBe("first begins\nother\nfirst ends\nsecond\n");
  });
});
