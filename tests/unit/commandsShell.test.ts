import { quote, runScript, scriptInput, waitUntil } from "../../commands/shell";
import { noWaiting, runBash, runOnHost } from "./support/bash";
import { makeDirectory } from "./support/directory";

describe("quote", () => {
  test.each([
    ["rabbitmq:3.8.9-management", "rabbitmq:3.8.9-management"],
    ["/var/lib/warren/a_b,c=d@e%f+g", "/var/lib/warren/a_b,c=d@e%f+g"],
    ["", "''"],
    ["two words", "'two words'"],
    ["it's", "'it'\\''s'"],
    ["$(reboot)", "'$(reboot)'"],
    ["a;b", "'a;b'"],
    ["~root", "'~root'"],
    ["line\nline", "'line\nline'"],
  ])("%j becomes %j", (word, quoted) => {
    expect(quote(word)).toBe(quoted);
  });

  test("bash reads every word as it was", async () => {
    const words = ["", " ", "'", '"', "\\", "$HOME", "`id`", "*", "a\nb", "#x", "!!", "&", "ä", "x'y'z", "-n"];
    const { stdout } = await runBash(`printf '%s\\0' ${words.map(quote).join(" ")}`);
    expect(stdout).toBe(words.map((word) => `${word}\0`).join(""));
  });
});

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

describe("waitUntil", () => {
  test("is a loop with a deadline", () => {
    expect(waitUntil("[ -e /tmp/x ]", 60, "x did not come", 2)).toBe(`deadline=$((SECONDS + 60))
until [ -e /tmp/x ]; do
  if [ $SECONDS -ge $deadline ]; then
    echo "x did not come" >&2
    exit 1
  fi
  sleep 2
done`);
  });

  test("tries every fifth of a second unless told otherwise", () => {
    expect(waitUntil("true", 1, "no")).toContain("\n  sleep 0.2\n");
  });

  test("goes on as soon as the condition holds", async () => {
    const directory = makeDirectory();
    const third = `[ "$(echo x >> ${directory}/tries; wc -l < ${directory}/tries)" -ge 3 ]`;
    const script = `${waitUntil(third, 60, "never", 0.01)}\necho after; wc -l < ${directory}/tries`;
    expect(await runOnHost(script)).toMatchObject({ code: 0, stdout: "after\n3\n", stderr: "" });
  });

  test("fails with its sentence when the time is over, and not before", async () => {
    const directory = makeDirectory();
    const script = `${waitUntil(`{ echo x >> ${directory}/tries; false; }`, 300, "it did not come")}\necho after`;
    const outcome = await runOnHost(script, { before: noWaiting });
    expect(outcome).toMatchObject({ code: 1, stdout: "", stderr: "it did not come\n" });
    // At 0, 100, 200 and 300 s.
    const { stdout } = await runBash(`wc -l < ${directory}/tries`);
    expect(stdout).toBe("4\n");
  });
});
