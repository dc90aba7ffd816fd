import { serve } from "../../unit/support/web";
import { statistics } from "../support/statistics";
import { runLibrary } from "../support/library";

/* HTTP by bash alone, since not every host has curl, and so that a login shows in no process list. */

const says = async (call: string) => {
  const { stdout, stderr } = await runLibrary(`if ${call}; then echo yes; else echo no; fi`);
  return stdout.trim() + stderr;
};
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

describe("answers_200", () => {
  test.each([
    ["/healthz", "yes"],
    ["/drained", "no"],
    ["/moved", "no"],
    ["/elsewhere", "no"],
    ["/silent", "no"],
  ])("%s: %s", async (path, answer) => {
    const port = await serve({ "/healthz": 200, "/drained": 503, "/moved": 302, "/silent": 0 });
    expect(await says(`answers_200 ${port} ${path}`)).toBe(answer);
  });

  test.each([
    ["the right one", "admin:it's 50% $ecret\\n", "yes"],
    ["another password", "admin:it's 50% $ecret", "no"],
    ["another user", "admin2:it's 50% $ecret\\n", "no"],
    ["none", "", "no"],
  ])("a path that asks for a login, with %s", async (_title, login, answer) => {
    const port = await serve({ "/a%2Fb": { status: 200, login: "admin:it's 50% $ecret\\n" } });
    expect(await says(`answers_200 ${port} /a%2Fb ${quoted(login)}`)).toBe(answer);
  });

  test("a long login stays on one line", async () => {
    const login = `admin:${"x".repeat(100)}`;
    const port = await serve({ "/": { status: 200, login } });
    expect(await says(`answers_200 ${port} / ${login}`)).toBe("yes");
  });

  test("another address", async () => {
    const port = await serve({ "/healthz": 200 }, { host: "127.0.0.2" });
    expect(await says(`answers_200 ${port} /healthz '' 127.0.0.2`)).toBe("yes");
    expect(await says(`answers_200 ${port} /healthz`)).toBe("no");
  });

  test("a machine that is down holds up nothing", async () => {
    const port = await serve({ "/healthz": 200 }, { host: "127.0.0.2" });
    const call = `${port} /healthz '' 127.0.0.2`;
    const { stdout, calls } = await runLibrary(`answers_200 ${call} || http_get ${call} || echo no`, {
      stubs: { timeout: { "5 bash": { code: 124 } } },
    });
    expect([stdout, calls.length]).toEqual(["no\n", 2]);
  });

  test("a port on which nothing listens: no, and nothing is printed", async () => {
    expect(await says("answers_200 1 /healthz")).toBe("no");
  });
});

describe("http_get", () => {
  test("prints the body of a page that answers 200, and fails otherwise without a word", async () => {
    const port = await statistics({ "/healthz": 503 }, "/;csv", "admin:p w", [{ name: "one" }]);
    const { stdout } = await runLibrary(`http_get ${port} '/;csv' 'admin:p w'`);
    expect(stdout).toContain("\nrabbitmq,one,0,UP,");
    for (const call of [`${port} '/;csv' admin:p`, `${port} /healthz`, "1 /"]) {
      expect(await says(`http_get ${call}`)).toBe("no");
    }
  });
});
