import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { takeUp } from "../../commands/keepalived";
import * as inContainer from "../../commands/keepalivedContainer";
import { marker } from "../../commands/keepalivedFiles";
import { noWaiting, runOnHost, type Stubs } from "./support/bash";
import { makeDirectory } from "./support/directory";

/* keepalived in a container: what is done on its host. */

const own = { stack: "o/p/s", part: "vip-host4" };
const image = "keepalived:2.2";

/** Runs a script with /etc/keepalived, and the unit's directory, in a directory of the test's own. */
const runIn = (directory: string, script: string, stubs: Stubs) =>
  runOnHost(script.replaceAll("/etc/keepalived", directory).replaceAll("/etc/systemd/system", directory), {
    stubs,
    before: noWaiting,
  });

test("by their texts", () => {
  expect(inContainer.requireTools(image))
    .toBe(`if ! docker run --rm --network none --entrypoint bash keepalived:2.2 -c 'command -v keepalived' > /dev/null; then
  echo "the image keepalived:2.2 (vip.image) has no keepalived, or no bash, by which it asks the balancer" >&2
  exit 1
fi`);
  expect(inContainer.program(image)).toBe(
    "docker run --rm --network host --cap-drop ALL --cap-add CAP_KILL --cap-add CAP_NET_ADMIN --cap-add CAP_NET_BROADCAST --cap-add CAP_NET_RAW --cap-add CAP_SETGID --cap-add CAP_SETUID -v /etc/keepalived:/etc/keepalived:ro --entrypoint keepalived keepalived:2.2",
  );
  expect(inContainer.makeLogFile("/var/log/vip.log")).toBe("(umask 022 && : >> /var/log/vip.log)");
  expect(inContainer.awaitRunning()).toBe(`trap '[ $? = 0 ] || docker logs --tail 20 keepalived >&2' EXIT
deadline=$((SECONDS + 30))
until docker logs keepalived 2>&1 | grep -E 'Entering (BACKUP|MASTER) STATE' > /dev/null; do
  if [ $SECONDS -ge $deadline ]; then
    echo "keepalived does not come to stand by in its container" >&2
    exit 1
  fi
  sleep 0.1
done`);
});

test("keepalived is not installed on the host, the tool that listens for others is", async () => {
  expect(inContainer.installTools()).toContain("install -y --no-install-recommends nftables >");
  const directory = join(makeDirectory(), "keepalived");
  const { code, calls } = await runIn(directory, inContainer.installTools(), { nft: {} });
  expect([code, calls, existsSync(directory)]).toEqual([0, [], true]);
});

test("an image without keepalived or bash is refused", async () => {
  const run = (code: number) => runOnHost(inContainer.requireTools(image), { stubs: { docker: { run: { code } } } });
  expect((await run(0)).code).toBe(0);
  expect(await run(127)).toMatchObject({ code: 1, stderr: expect.stringContaining("(vip.image)") as string });
});

describe("takeUpInContainer", () => {
  const script = inContainer.takeUpInContainer("abc", own);
  const kill = { "kill -s HUP c0ffee": {} };

  test.each<[string, Stubs, string[]]>([
    ["nothing runs yet", { docker: { "ps -q": {} }, systemctl: { "is-active": { code: 3 } } }, []],
    [
      "its container runs",
      { docker: { "ps -q": { stdout: "c0ffee\n" }, ...kill }, systemctl: { "is-active": { code: 3 } } },
      ["docker kill -s HUP c0ffee"],
    ],
    [
      "the host's own still runs",
      { docker: { "ps -q": {} }, systemctl: { "is-active": {}, "reload keepalived": {} } },
      ["systemctl reload keepalived"],
    ],
  ])("where %s", async (_title, stubs, changes) => {
    const directory = makeDirectory({ "keepalived.conf.staged": "new\n" });
    const { code, calls } = await runIn(directory, script, stubs);
    expect([code, readFileSync(join(directory, "keepalived.conf"), "utf8")]).toEqual([0, "new\n"]);
    expect(calls.filter((call) => !/is-active|ps -q/.test(call))).toEqual(changes);
  });
});

test("a container of this stack's stops for good before keepalived starts", async () => {
  const directory = makeDirectory({ "keepalived.conf.staged": "new\n" });
  const systemctl = { "daemon-reload": {}, "enable -q": {}, "is-active": { code: 3 }, "start keepalived": {} };
  const docker = { "ps -q": { stdout: "c0ffee\n" }, "update --restart=no c0ffee": {}, "stop -t 10 c0ffee": {} };
  const { code, calls } = await runIn(directory, takeUp("abc", own), { docker, systemctl });
  expect([code, calls.slice(2)]).toEqual([
    0,
    [
      "docker update --restart=no c0ffee",
      "docker stop -t 10 c0ffee",
      "systemctl is-active -q keepalived",
      "systemctl start keepalived",
      "systemctl enable -q keepalived",
    ],
  ]);
});

describe("endService", () => {
  const script = inContainer.endService();

  test("stops the host's keepalived for good, and takes Warren's part of its unit away", async () => {
    const directory = makeDirectory();
    const before = `mkdir ${directory}/keepalived.service.d; touch ${directory}/keepalived.service.d/warren.conf\n`;
    const systemctl = { "is-enabled": {}, "disable -q --now keepalived": {}, "daemon-reload": {} };
    const { code, calls } = await runIn(directory, before + script, { systemctl });
    expect([code, readdirSync(directory)]).toEqual([0, []]);
    expect(calls.slice(1)).toEqual(["systemctl disable -q --now keepalived", "systemctl daemon-reload"]);
  });

  test("leaves a host alone that has none", async () => {
    const systemctl = { "is-enabled": { code: 1 }, "is-active": { code: 3 } };
    const { code, calls } = await runIn(makeDirectory(), script, { systemctl });
    expect([code, calls.length]).toEqual([0, 2]);
  });
});

describe("removeFiles", () => {
  const written = { "keepalived.conf": marker("host4"), "warren-check": "x", "warren-notify": "x" };

  test("leaves nothing of Warren's, and starts nothing", async () => {
    const directory = makeDirectory(written);
    const { code, calls } = await runIn(directory, inContainer.removeFiles("host4"), {});
    expect([code, calls, readdirSync(directory)]).toEqual([0, [], []]);
  });

  test("puts back what was there before, and starts that", async () => {
    const directory = makeDirectory({ ...written, "keepalived.conf.before-warren": "somebody else's\n" });
    const systemctl = { "enable -q --now keepalived": {} };
    expect((await runIn(directory, inContainer.removeFiles("host4"), { systemctl })).code).toBe(0);
    expect(readFileSync(join(directory, "keepalived.conf"), "utf8")).toBe("somebody else's\n");
  });

  test("leaves another host's alone", async () => {
    const directory = makeDirectory({ ...written, "keepalived.conf": marker("host5") });
    await runIn(directory, inContainer.removeFiles("host4"), {});
    expect(readdirSync(directory)).toHaveLength(3);
  });
});

test("a keepalived that does not come to stand by is an error with its log", async () => {
  const docker = { "logs --tail 20 keepalived": { stdout: "why\n" }, "logs keepalived": { stdout: "Starting\n" } };
  const outcome = await runOnHost(inContainer.awaitRunning(), { stubs: { docker }, before: noWaiting });
  expect(outcome).toMatchObject({ code: 1, stderr: "keepalived does not come to stand by in its container\nwhy\n" });
});
