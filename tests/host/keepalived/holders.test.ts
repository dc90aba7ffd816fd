import { held, holds, standsBy, type HeldData } from "../../../commands/keepalived";
import type { Step } from "../../../commands/step";
import { runStep } from "../support/step";

/* Which host has the virtual IP. */

const data: HeldData = { address: "198.18.66.10", interface: "eth0", seconds: 30, after: "1" };
const line = (ip: string) =>
  `2: eth0    inet ${ip}/24 scope global eth0\\       valid_lft forever preferred_lft forever\n`;
const own = line("198.18.66.14");

const run = (step: Step<HeldData>, ...shown: string[]) =>
  runStep(step, data, { stubs: { ip: { "-4 -o addr show dev eth0": shown.map((stdout) => ({ stdout })) } } });

test.each([
  ["holds it", holds, [own + line("198.18.66.10")]],
  ["comes to hold it", holds, [own, own + line("198.18.66.10")]],
  ["does not hold it", standsBy, [own]],
  ["holds an address that begins alike", standsBy, [own + line("198.18.66.100")]],
  ["gives it up", standsBy, [own + line("198.18.66.10"), own]],
])("a host that %s is what was waited for", async (_title, step, shown) => {
  expect(await run(step, ...shown)).toMatchObject({ code: 0, stderr: "" });
});

const shouldHold =
  "this host should hold 198.18.66.10 and does not: see journalctl -u keepalived (in a container: docker logs keepalived)\n";

test.each([
  ["does not hold it", holds, own, shouldHold],
  ["holds an address that begins alike", holds, own + line("198.18.66.100"), shouldHold],
  [
    "keeps it",
    standsBy,
    own + line("198.18.66.10"),
    "two hosts hold 198.18.66.10: VRRP (IP protocol 112, 224.0.0.18) may be blocked between the balancers\n",
  ],
])("a host that %s is not, and a sentence says why", async (_title, step, shown, stderr) => {
  expect(await run(step, shown)).toMatchObject({ code: 1, stderr });
});

describe("where the one that has it may keep it", () => {
  const look = (shown: string, neighbours: string) =>
    runStep(held, data, {
      stubs: { ip: { "addr show dev": { stdout: shown }, "neigh flush": {}, "neigh show": { stdout: neighbours } } },
      before: "poke() { :; }",
    });

  test.each([
    ["this host has it", own + line("198.18.66.10"), ""],
    ["another host answers for it", own, "198.18.66.10 lladdr 02:42:c6:12:42:0f REACHABLE\n"],
  ])("%s: that will do", async (_title, shown, neighbours) => {
    expect(await look(shown, neighbours)).toMatchObject({ code: 0, stderr: "" });
  });

  test("no host has it: that is an error", async () => {
    const { code, stderr } = await look(own, "198.18.66.10  FAILED\n");
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^no host holds 198\.18\.66\.10: on each of them see /)]);
  });
});
