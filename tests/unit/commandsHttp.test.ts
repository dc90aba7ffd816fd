import { answers200 } from "../../commands/http";
import { runOnHost } from "./support/bash";
import { serve } from "./support/web";

test("the question is asked by bash alone", () => {
  expect(answers200(8100, "/healthz")).toBe(
    `(exec 3<>/dev/tcp/127.0.0.1/8100 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && read -t 2 -r _ status _ <&3 && [ "$status" = 200 ]) 2> /dev/null`,
  );
});

describe("asked for real", () => {
  const says = async (port: number, path: string) => {
    const { stdout, stderr } = await runOnHost(`if ${answers200(port, path)}; then echo yes; else echo no; fi`);
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

  test("a port on which nothing listens: no, and nothing is printed", async () => {
    expect(await says(1, "/healthz")).toBe("no");
  });
});
