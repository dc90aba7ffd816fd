import { existsSync } from "node:fs";
import { join } from "node:path";

import { haproxyGate, waitForBrokers, waitForLeaving, type GateData } from "../../../commands/haproxy";
import type { Reply, Stubs } from "../../unit/support/bash";
import { serve } from "../../unit/support/web";
import { makeDirectory } from "../../unit/support/directory";
import { runStep } from "../support/step";

/* Before a balancer is replaced, the virtual IP that may be on its host leaves. */

const leaves = "/run/warren/balancer-leaves";
const healthPort = "/var/lib/warren/haproxy/host4/health-port";

const has = (ip: string): Reply => ({ stdout: `2: eth0    inet ${ip}/24 scope global eth0\n` });
const found = (text: string): Stubs[string] => ({ inspect: { stdout: `${text}\n` } });
const other = found("true sha256:1 xyz");

/** A host on which an earlier run has left its wish that the virtual IP leaves. */
async function run(
  docker: Stubs[string],
  shown: Reply[],
  data: Partial<GateData> = {},
  files: Record<string, string> = {},
  before = "",
) {
  const root = makeDirectory();
  const outcome = await runStep(
    haproxyGate,
    {
      container: "haproxy",
      directory: join(root, "var/lib/warren/haproxy/host4"),
      ...{ image: "sha256:1", settings: "abc", ips: ["192.0.2.100", "192.0.2.101"], others: ["127.0.0.1"] },
      ...{ healthPort: 1, healthPath: "/healthz", waitSeconds: 60, leaveSeconds: 60 },
      ...data,
    },
    { root, stubs: { docker, ip: { "-4 -o addr show": shown } }, files: { [leaves]: "", ...files }, before },
  );
  return { ...outcome, leaves: existsSync(join(root, leaves)) };
}

const serving = async () => ({ healthPort: await serve({ "/healthz": 200 }) });

test.each<[string, Stubs[string]]>([
  ["there is no balancer yet", { inspect: { code: 1 } }],
  ["it is stopped", found("false sha256:1 xyz")],
])("returns at once where %s", async (_title, docker) => {
  expect(await run(docker, [])).toMatchObject({
    code: 0,
    leaves: true,
    calls: ['docker inspect -f {{.State.Running}} {{.Image}} {{index .Config.Labels "io.warren.settings"}} haproxy'],
  });
});

test("returns at once where it is the wanted one already, and lets the virtual IP come back", async () => {
  expect(await run(found("true sha256:1 abc"), [])).toMatchObject({ code: 0, leaves: false });
});

test("returns at once where the host holds none of the virtual IPs", async () => {
  const shown = { stdout: `${has("192.0.2.10").stdout}${has("192.0.2.1").stdout}${has("10.192.0.2").stdout}` };
  const { code, calls } = await run(other, [shown]);
  expect([code, calls.length]).toEqual([0, 2]);
});

test("has the virtual IPs leave, and sees them gone", async () => {
  const both = { stdout: `${has("192.0.2.100").stdout}${has("192.0.2.101").stdout}` };
  const outcome = await run(other, [both, both, has("192.0.2.101"), has("192.0.2.5")], {
    ...(await serving()),
    leaveSeconds: 300,
  });
  expect(outcome).toMatchObject({ code: 0, stderr: "", leaves: true });
  expect(outcome.calls.filter((call) => call.startsWith("ip "))).toHaveLength(4);
});

test("finds another balancer that has not been replaced yet, at the port at which this host's serves", async () => {
  const old = await serve({ "/healthz": 200 });
  const outcome = await run(other, [has("192.0.2.100"), has("192.0.2.5")], {}, { [healthPort]: `${old}\n` });
  expect(outcome).toMatchObject({ code: 0, leaves: true });
});

test("asks every other host", async () => {
  const others = ["127.0.0.2", "127.0.0.1"];
  const outcome = await run(other, [has("192.0.2.100"), has("192.0.2.5")], { ...(await serving()), others });
  expect(outcome.code).toBe(0);
});

test.each([
  ["none answers", 0],
  ["none has a broker", 503],
])("changes nothing where %s", async (_title, status) => {
  const port = status === 0 ? 1 : await serve({ "/healthz": status });
  const files = { [healthPort]: `${port}\n` };
  expect(await run(other, [has("192.0.2.100")], { healthPort: port }, files)).toMatchObject({
    code: 1,
    stderr:
      "no other balancer can serve now (asked: 127.0.0.1), so the virtual IP cannot leave this host. Nothing was changed\n",
  });
});

test("changes nothing where it cannot be told whether the host holds the virtual IP", async () => {
  expect(await run(other, [{ code: 1 }], await serving())).toMatchObject({
    code: 1,
    stderr: "`ip addr` fails, so it cannot be told whether this host holds the virtual IP. Nothing was changed\n",
  });
});

test("takes its wish back where the virtual IP does not leave", async () => {
  const {
    code,
    stderr,
    leaves: wish,
  } = await run(other, [has("192.0.2.100")], {
    ...(await serving()),
    leaveSeconds: 120,
  });
  expect({ code, wish }).toEqual({ code: 1, wish: false });
  expect(stderr).toBe(
    "the virtual IP does not leave this host after 120 s, so its balancer was not replaced: see journalctl -u keepalived (in a container: docker logs keepalived) on this host and on the others\n",
  );
});

test.each([
  [{ intervalSeconds: 5, rise: 2 }, 60],
  [{ intervalSeconds: 30, rise: 3 }, 130],
])("waits as long as a balancer's own checks may take: %j", (check, seconds) => {
  expect(waitForBrokers(check)).toBe(seconds);
});

test.each([
  [{ intervalSeconds: 5, fall: 1 }, 60],
  [{ intervalSeconds: 30, fall: 3 }, 150],
])("waits as long as keepalived's own checks may take: %j", (check, seconds) => {
  expect(waitForLeaving(check)).toBe(seconds);
});

describe("waits for as many seconds as its data say", () => {
  /** By the step's own clock. */
  const after = (seconds: number, condition: string) => `${condition}() { [ $SECONDS -ge ${seconds} ]; }`;

  test.each([
    [60, 1],
    [300, 0],
  ])("%i s for another balancer", async (waitSeconds, code) => {
    const before = after(250, "answers_200");
    const outcome = await run(other, [has("192.0.2.100"), has("192.0.2.5")], { waitSeconds }, {}, before);
    expect(outcome.code).toBe(code);
  });

  test.each([
    [60, 1],
    [300, 0],
  ])("%i s for the virtual IP to leave", async (leaveSeconds, code) => {
    const shown = [1, 2, 3, 4].map(() => has("192.0.2.100"));
    const outcome = await run(other, [...shown, has("192.0.2.5")], { ...(await serving()), leaveSeconds });
    expect(outcome.code).toBe(code);
  });
});
