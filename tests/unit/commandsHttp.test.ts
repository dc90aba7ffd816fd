import { answers200 } from "../../commands/http";
import { runOnHost } from "./support/bash";
import { serve } from "./support/web";

test("the question is asked by bash alone", () => {
  expect(answers200(8100, "/healthz")).toBe(
    `(exec 3<>/dev/tcp/127.0.0.1/8100 && printf '%b' 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && read -t 5 -r _ status _ <&3 && [ "$status" = 200 ]) 2> /dev/null`,
  );
});

test("a login goes with it in a header, in base64", () => {
  expect(answers200(15672, "/api/whoami", "admin:s3cret-50%")).toBe(
    `(exec 3<>/dev/tcp/127.0.0.1/15672 && printf '%b' 'GET /api/whoami HTTP/1.0\\r\\nAuthorization: Basic YWRtaW46czNjcmV0LTUwJQ==\\r\\n\\r\\n' >&3 && read -t 5 -r _ status _ <&3 && [ "$status" = 200 ]) 2> /dev/null`,
  );
});

describe("asked for real", () => {
  const says = async (port: number, path: string, login?: string) => {
    const { stdout, stderr } = await runOnHost(`if ${answers200(port, path, login)}; then echo yes; else echo no; fi`);
    return stdout.trim() + stderr;
  };

  test.each([
    ["/healthz", "yes"],
    ["/drained", "no"],
    ["/moved", "no"],
    ["/elsewhere", "no"],
    ["/silent", "no"],
  ])("%s: %s", async (path, answer) => {
    const port = await serve({ "/healthz": 200, "/drained": 503, "/moved": 302, "/silent": 0 });
    expect(await says(port, path)).toBe(answer);
  });

  test.each([
    ["the right one", "admin:it's 50% $ecret\\n", "yes"],
    ["another password", "admin:it's 50% $ecret", "no"],
    ["another user", "admin2:it's 50% $ecret\\n", "no"],
    ["none", undefined, "no"],
  ])("a path that asks for a login, with %s", async (_title, login, answer) => {
    const port = await serve({ "/a%2Fb": { status: 200, login: "admin:it's 50% $ecret\\n" } });
    expect(await says(port, "/a%2Fb", login)).toBe(answer);
  });

  test("a port on which nothing listens: no, and nothing is printed", async () => {
    expect(await says(1, "/healthz")).toBe("no");
  });
});
