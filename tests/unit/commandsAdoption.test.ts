import { keptName, madeByHand, refuseForeign } from "../../commands/docker";
import { adopt } from "../../commands/haproxy";
import { runOnHost, type Stubs } from "./support/bash";

/* What is made by hand is told by its lack of Warren's labels; a balancer made by hand gives way and is kept. */

const label = (found: string): Stubs => ({ docker: { "io.warren.stack": { stdout: found } } });

test("a container without labels is made by hand; one of Warren's, and none at all, are not", async () => {
  const look = `${madeByHand("my-haproxy")} && echo yes`;
  expect((await runOnHost(look, { stubs: label("<>\n") })).stdout).toBe("yes\n");
  expect((await runOnHost(look, { stubs: label("<acme/warren/dev>\n") })).stdout).toBe("");
  const none = { docker: { "io.warren.stack": { code: 1 } } };
  expect((await runOnHost(look, { stubs: none })).stdout).toBe("");
  expect(keptName("my-haproxy")).toBe("my-haproxy.before-warren");
});

describe("refuseForeign, where one made by hand is expected", () => {
  const run = (labels: string, byHand: boolean) =>
    runOnHost(refuseForeign("haproxy", "acme/warren/dev", "haproxy-host4", byHand), { stubs: label(labels) });

  test.each([
    [" \n", true, 0],
    [" \n", false, 1],
    ["acme/warren/dev haproxy-host4\n", true, 0],
    ["acme/warren/prod haproxy-host4\n", true, 1],
  ])("labels %j, expected %s: ends with %i", async (labels, byHand, code) => {
    expect((await run(labels, byHand)).code).toBe(code);
  });
});

describe("a balancer made by hand", () => {
  const run = (labels: Stubs[string]) =>
    runOnHost(adopt("my-haproxy"), { stubs: { docker: { ...labels, update: {}, stop: {}, rename: {} } } });
  const found = (text: string): Stubs[string] => ({ "io.warren.stack": { stdout: text } });

  test("is stopped, kept under another name, and does not start again", async () => {
    const { code, calls } = await run(found("<>\n"));
    expect(code).toBe(0);
    expect(calls.slice(1)).toEqual([
      "docker update --restart=no my-haproxy",
      "docker stop -t 5 my-haproxy",
      "docker rename my-haproxy my-haproxy.before-warren",
    ]);
  });

  test("that was kept already is left alone", async () => {
    const kept = { "io.warren.stack": { code: 1 }, "inspect my-haproxy.before-warren": {} };
    const { code, calls } = await run(kept);
    expect({ code, changes: calls.filter((call) => !call.includes("inspect")) }).toEqual({ code: 0, changes: [] });
  });

  test("that is Warren's own by now is left alone", async () => {
    const { code, calls } = await run({
      ...found("<acme/warren/dev>\n"),
      "inspect my-haproxy.before-warren": {},
    });
    expect({ code, changes: calls.filter((call) => !call.includes("inspect")) }).toEqual({ code: 0, changes: [] });
  });

  test("has to be there", async () => {
    const none = { "io.warren.stack": { code: 1 }, "inspect my-haproxy.before-warren": { code: 1 } };
    expect(await run(none)).toMatchObject({
      code: 1,
      stderr:
        'warren:haproxy.adopt: "my-haproxy" - must be a container on this host that Warren did not make, or be left out: there is none of that name\n',
    });
  });
});
