import { quote } from "../../commands/quote";
import { asRoot, render, runStep } from "../../commands/step";
import { runBash } from "./support/bash";

/* How a step's data come to a host, and how it is run there. */

const words = ["", " ", "'", '"', "\\", "$HOME", "`id`", "*", "a\nb", "#x", "!!", "&", "ä", "x'y'z", "-n", "a\n"];

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
    const { stdout } = await runBash(`printf '%s\\0' ${words.map(quote).join(" ")}`);
    expect(stdout).toBe(words.map((word) => `${word}\0`).join(""));
  });
});

describe("render", () => {
  test("is an assignment for each value, in the shell's way of writing names; an absent value has none", () => {
    const data = { amqpPort: 5672, byHand: false, timezone: undefined, name: "it's", lost: [], ips: ["a b", "c"] };
    expect(render(data)).toBe("amqp_port=5672\nby_hand=false\nname='it'\\''s'\nlost=()\nips=(\n'a b'\nc\n)\n");
  });

  test("a file is a line of mode, owner, path and content in base64", () => {
    const files = [
      { path: "/a", mode: "0400", content: "x\n" },
      { path: "/b", mode: "0644", owner: "container", content: "" },
    ];
    expect(render({ files })).toBe("files=(\n'0400 root:root /a eAo='\n'0644 container /b '\n)\n");
  });

  test("bash reads every value as it was", async () => {
    const singly = words.map((word, index): [string, string] => [`w${index}`, word]);
    const text = render({ ...Object.fromEntries(singly), list: words });
    const each = words.map((_, index) => `"$w${index}"`).join(" ");
    const { stdout } = await runBash(`${text}printf '%s\\0' ${each} "\${list[@]}"`);
    expect(stdout).toBe([...words, ...words].map((word) => `${word}\0`).join(""));
  });

  test.each(["library", "stepName", "action", "root", "state"])("%s is the library's own and refused", (key) => {
    expect(() => render({ [key]: "x" })).toThrow(`${key} is a name of the library's own`);
  });
});

describe("the command", () => {
  const warren = "/usr/local/lib/warren/current/warren";

  test("root runs it itself, another login with sudo, which must not ask for a password", () => {
    expect([asRoot("root", "x"), asRoot("ops", "x")]).toEqual(["x", "sudo -n x"]);
    expect(runStep("root", "create", "a/b", "r")).toBe(`${warren} create a/b r`);
    expect(runStep("ops", "update", "a/b", "r")).toBe(`sudo -n ${warren} update a/b r`);
  });

  test("of an end does nothing on a machine that has nothing of Warren's", () => {
    expect(runStep("ops", "delete", "a/b", "r")).toBe(
      `test ! -e /usr/local/lib/warren -a ! -e /etc/warren/owner || sudo -n ${warren} delete a/b r`,
    );
  });
});
