import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";

import { haproxyReady } from "../../../commands/haproxy";
import type { Stubs } from "../../unit/support/bash";
import { makeDirectory } from "../../unit/support/directory";
import { statistics, type BrokerState } from "../support/statistics";
import { runStep, type Circumstances } from "../support/step";

/* A balancer that has started or changed serves: its configuration, its health page, and what it says of each broker. */

const configuration = "/configuration/1";
const leaves = "/run/warren/balancer-leaves";
const login = "admin:it's 50% $ecret";
const container = "sha256:1 {} {} {}\n";
const well: BrokerState[] = [{ name: "one" }, { name: "two" }, { name: "three" }];
const docker: Stubs[string] = {
  "logs --tail 20 haproxy": { stdout: "Server rabbitmq/one is DOWN\n" },
  "{{.State.Running}}": { stdout: "true\n" },
  "{{.Id}}": { stdout: container },
};

async function run(
  pages: Record<string, number>,
  brokers: BrokerState[] | BrokerState[][] = well,
  circumstances: Circumstances = {},
) {
  const root = makeDirectory();
  const statsPort = await statistics(pages, `${configuration}/;csv?scope=rabbitmq`, login, brokers);
  const outcome = await runStep(
    haproxyReady,
    {
      ...{ container: "haproxy", containerId: "c1", directory: join(root, "srv"), statsPort, healthPath: "/healthz" },
      ...{ configurationPath: configuration, brokers: ["one", "two", "three"], login, waitSeconds: 60 },
    },
    { root, stubs: { docker }, files: { [leaves]: "", "/srv/conf/x": "" }, ...circumstances },
  );
  return { ...outcome, root, statsPort, leaves: existsSync(join(root, leaves)) };
}

const running = "docker inspect -f {{.State.Running}} haproxy";
const serves = { "/healthz": 200, [configuration]: 200 };

describe.each(["create", "update"] as const)("%s", (part) => {
  test("ends well when the balancer answers 200 for both; the virtual IP may be here from then on", async () => {
    const outcome = await run(serves, well, { part });
    expect(outcome).toMatchObject({ code: 0, stdout: "", stderr: "", leaves: false });
    expect(outcome.read("/srv/health-port")).toBe(`${outcome.statsPort}\n`);
    expect(statSync(join(outcome.root, "srv/health-port")).mode & 0o777).toBe(0o644);
    expect(outcome.record().slice(2)).toEqual([
      expect.stringMatching(`^file [0-9a-f]{64} 644 \\S+ ${outcome.root}/srv/health-port$`),
      "running haproxy",
      `container haproxy ${createHash("sha256").update(container).digest("hex")}`,
      `http ${outcome.statsPort} ${configuration}`,
    ]);
  });

  test.each([
    [
      "has no broker",
      { "/healthz": 503, [configuration]: 200 },
      "the balancer has no broker that it can send clients to after 60 s",
    ],
    [
      "runs by an older configuration",
      { "/healthz": 200, [configuration]: 401 },
      "the balancer did not load its configuration within 30 s",
    ],
  ])("fails with its sentence and the log when the balancer %s", async (_title, pages, sentence) => {
    const { code, stdout, stderr, calls, leaves: wish, read } = await run(pages, well, { part });
    expect({ code, stdout, stderr, calls, wish }).toEqual({
      code: 1,
      stdout: "",
      stderr: `${sentence}\nServer rabbitmq/one is DOWN\n`,
      calls: [running, "docker logs --tail 20 haproxy"],
      wish: true,
    });
    expect(read("/srv/health-port")).toBeUndefined();
  });
});

test("one that somebody has stopped is started", async () => {
  const stopped: Stubs[string] = { ...docker, "{{.State.Running}}": { stdout: "false\n" }, "start haproxy": {} };
  const { code, calls } = await run(serves, well, { stubs: { docker: stopped } });
  expect([code, calls.slice(0, 2)]).toEqual([0, [running, "docker start haproxy"]]);
});

describe("after a change, every broker has to be seen", () => {
  const down: BrokerState = {
    ...{
      name: "two",
      status: "DOWN",
      check: "Layer4 connection problem",
      last: "Connection refused at step 1 of tcp-check (connect)",
    },
  };

  test("those that the balancer does not use are named, each with its own reason", async () => {
    const brokers = [{ name: "one" }, down, { name: "three", status: "DOWN 1/2", check: "Layer7 check passed" }];
    const { code, stderr, leaves: wish } = await run(serves, brokers, { part: "update" });
    // The virtual IP may be here all the same: there is a broker.
    expect({ code, wish }).toEqual({ code: 1, wish: false });
    expect(stderr)
      .toBe(`the balancer does not use every broker after 60 s: two is DOWN (Layer4 connection problem: Connection refused at step 1 of tcp-check (connect)); three is DOWN 1/2 (Layer7 check passed). Check these brokers, then run \`pulumi up\` again
Server rabbitmq/one is DOWN
`);
  });

  test("one that has not been checked yet is waited for", async () => {
    const unchecked = well.map(({ name }) => ({ name, status: "UP 1/3" }));
    expect((await run(serves, [unchecked, well], { part: "update" })).code).toBe(0);
    expect((await run(serves, unchecked, { part: "update" })).stderr).toContain("one is UP 1/3; two is UP 1/3;");
  });

  test("but a balancer that has just been made is not waited for", async () => {
    const unchecked = well.map(({ name }) => ({ name, status: "UP 1/3" }));
    expect((await run(serves, unchecked)).code).toBe(0);
  });
});
