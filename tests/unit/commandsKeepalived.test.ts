import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import * as keepalived from "../../commands/keepalived";
import * as keepalivedFiles from "../../commands/keepalivedFiles";
import { noWaiting, runBash, runOnHost, type Stubs } from "./support/bash";
import { makeDirectory } from "./support/directory";
import { serve } from "./support/web";

test("files stand where keepalived and Warren look for them", () => {
  const { configFile, stagedFile, checkFile, notifyFile } = keepalivedFiles;
  expect([configFile, stagedFile, checkFile, notifyFile]).toEqual([
    "/etc/keepalived/keepalived.conf",
    "/etc/keepalived/keepalived.conf.staged",
    "/etc/keepalived/warren-check",
    "/etc/keepalived/warren-notify",
  ]);
});

describe("checkScript", () => {
  test("asks the balancer itself", () => {
    expect(keepalived.checkScript("/d/health-port", "/healthz")).toBe(`#!/bin/bash
[ ! -e /run/warren/balancer-leaves ] && read -r port < /d/health-port && (exec 3<>/dev/tcp/127.0.0.1/$port && printf '%b' 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && read -t 5 -r _ status _ <&3 && [ "$status" = 200 ]) 2> /dev/null
`);
  });

  test.each<[string, number, Record<string, string>, number]>([
    ["can serve", 200, {}, 0],
    ["has no broker", 503, {}, 1],
    ["is about to be replaced", 200, { "balancer-leaves": "" }, 1],
  ])("a balancer that %s: exit status", async (_title, status, files, code) => {
    const port = await serve({ "/healthz": status });
    const directory = makeDirectory({ ...files, "health-port": `${port}\n` });
    const script = keepalived.checkScript(`${directory}/health-port`, "/healthz");
    expect((await runBash(script.replace("/run/warren", directory))).code).toBe(code);
  });

  test("a balancer that has never served does not count", async () => {
    const script = keepalived.checkScript(`${makeDirectory()}/health-port`, "/healthz");
    expect((await runBash(script)).code).toBe(1);
  });
});

test("install brings keepalived with the distribution's own packages, where it is missing", () => {
  expect(keepalived.install()).toBe(`if ! command -v keepalived > /dev/null || ! command -v nft > /dev/null; then
if command -v apt-get > /dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o DPkg::Lock::Timeout=300 update > /dev/null
  apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends keepalived nftables > /dev/null
elif command -v dnf > /dev/null; then
  dnf -q -y install keepalived nftables > /dev/null
elif command -v yum > /dev/null; then
  yum -q -y install keepalived nftables > /dev/null
else
  echo "no apt-get, dnf or yum here: install keepalived nftables by hand" >&2
  exit 1
fi
fi
mkdir -p /etc/keepalived /etc/systemd/system/keepalived.service.d`);
});

/** The stack's container on this host, if it had one. */
const container = { stack: "o/p/s", part: "vip-host4" };

/** Runs a script with /etc/keepalived in a directory of the test's own. */
const runIn = (directory: string, script: string, stubs: Stubs) =>
  runOnHost(script.replaceAll("/etc/keepalived", directory), { stubs });

const staged = `${keepalivedFiles.marker("host4")}\nglobal_defs {\n    script_user nobody\n}\n`;

describe("check", () => {
  test("by its text", () => {
    expect(keepalived.check()).toBe(`umask 077
trap 'rm -f /etc/keepalived/keepalived.conf.staged.check' EXIT
sed 's/^ *script_user .*/script_user root/' /etc/keepalived/keepalived.conf.staged > /etc/keepalived/keepalived.conf.staged.check
keepalived -t -f /etc/keepalived/keepalived.conf.staged.check`);
  });

  test("is of a copy in which the check runs as root, which nobody else may read", async () => {
    const directory = makeDirectory({ "keepalived.conf.staged": staged });
    const copy = `cp "$3" ${directory}/checked; stat -c %a "$3" > ${directory}/mode`;
    const { code, calls } = await runIn(directory, keepalived.check(), { keepalived: { "-t": { run: copy } } });
    expect([code, calls]).toEqual([0, [`keepalived -t -f ${directory}/keepalived.conf.staged.check`]]);
    expect(readFileSync(join(directory, "checked"), "utf8")).toBe(
      staged.replace("    script_user nobody", "script_user root"),
    );
    expect(readFileSync(join(directory, "mode"), "utf8")).toBe("600\n");
    expect(readdirSync(directory).sort()).toEqual(["checked", "keepalived.conf.staged", "mode"]);
  });

  test("fails where keepalived refuses it", async () => {
    const directory = makeDirectory({ "keepalived.conf.staged": staged });
    const { code } = await runIn(directory, keepalived.check(), { keepalived: { "-t": { code: 4 } } });
    expect([code, readdirSync(directory)]).toEqual([4, ["keepalived.conf.staged"]]);
  });
});

describe("takeUp", () => {
  test("by its text", () => {
    expect(keepalived.takeUp("abc", container)).toBe(`umask 077
if [ ! -e /etc/keepalived/keepalived.conf.staged ]; then
  if ! echo "abc  /etc/keepalived/keepalived.conf" | sha256sum -c --status; then
    echo "/etc/keepalived/keepalived.conf is not what Warren wrote, and nothing is staged: somebody has changed it by hand" >&2
    exit 1
  fi
else
  if [ -s /etc/keepalived/keepalived.conf ] && ! grep -q "^# Written by Warren" /etc/keepalived/keepalived.conf; then
    cp -p /etc/keepalived/keepalived.conf /etc/keepalived/keepalived.conf.before-warren
  fi
  mv -f /etc/keepalived/keepalived.conf.staged /etc/keepalived/keepalived.conf
fi
systemctl daemon-reload
running=$(docker ps -q --filter 'name=^/keepalived$' --filter label=io.warren.stack=o/p/s --filter label=io.warren.part=vip-host4)
if [ -n "$running" ]; then
docker update --restart=no "$running" > /dev/null
docker stop -t 10 "$running" > /dev/null
fi
if systemctl is-active -q keepalived; then systemctl reload keepalived; else systemctl start keepalived; fi
systemctl enable -q keepalived`);
  });

  const noContainer = { docker: { "ps -q": {} } };
  const active: Stubs = {
    ...noContainer,
    systemctl: { "daemon-reload": {}, "enable -q": {}, "is-active": {}, reload: {} },
  };
  const takeUp = keepalived.takeUp(createHash("sha256").update(staged).digest("hex"), container);

  test("swaps what is staged in and has keepalived reload; again, it finds that done", async () => {
    const directory = makeDirectory({ "keepalived.conf.staged": staged });
    for (let run = 1; run <= 2; run++) {
      const { code, calls } = await runIn(directory, takeUp, active);
      expect([code, readdirSync(directory)]).toEqual([0, ["keepalived.conf"]]);
      expect(readFileSync(join(directory, "keepalived.conf"), "utf8")).toBe(staged);
      expect(calls).toEqual([
        "systemctl daemon-reload",
        expect.stringMatching(/^docker ps -q /),
        "systemctl is-active -q keepalived",
        "systemctl reload keepalived",
        "systemctl enable -q keepalived",
      ]);
    }
  });

  test("starts keepalived where it does not run", async () => {
    const directory = makeDirectory({ "keepalived.conf.staged": staged });
    const systemctl = { "daemon-reload": {}, "enable -q": {}, "is-active": { code: 3 }, "start keepalived": {} };
    const { code, calls } = await runIn(directory, takeUp, { ...noContainer, systemctl });
    expect([code, calls[3]]).toEqual([0, "systemctl start keepalived"]);
  });

  test.each<[string, Record<string, string>]>([
    ["is another", { "keepalived.conf": "somebody else's\n" }],
    ["is gone", {}],
  ])("goes no further where nothing is staged and the configuration %s", async (_title, files) => {
    const directory = makeDirectory(files);
    const { code, stderr, calls } = await runIn(directory, takeUp, active);
    expect([code, calls]).toEqual([1, []]);
    expect(stderr).toContain("is not what Warren wrote, and nothing is staged");
  });

  test("keeps a configuration of somebody else's, with its mode, and not one of its own", async () => {
    const directory = makeDirectory({ "keepalived.conf": "somebody else's\n", "keepalived.conf.staged": staged });
    const kept = join(directory, "keepalived.conf.before-warren");
    const { mode } = statSync(join(directory, "keepalived.conf"));
    expect((await runIn(directory, takeUp, active)).code).toBe(0);
    expect(readFileSync(kept, "utf8")).toBe("somebody else's\n");
    expect(statSync(kept).mode).toBe(mode);

    await runOnHost(`cp ${directory}/keepalived.conf ${directory}/keepalived.conf.staged`);
    expect((await runIn(directory, takeUp, active)).code).toBe(0);
    expect(readFileSync(kept, "utf8")).toBe("somebody else's\n");
  });
});

describe("remove", () => {
  test("by its text", () => {
    expect(keepalived.remove("host4"))
      .toBe(`grep -qxF "# Written by Warren for host4." /etc/keepalived/keepalived.conf || exit 0
systemctl disable -q --now keepalived
rm -f /etc/keepalived/warren-check /etc/keepalived/warren-notify /etc/keepalived/keepalived.conf /etc/keepalived/keepalived.conf.staged /etc/systemd/system/keepalived.service.d/warren.conf
rmdir /etc/systemd/system/keepalived.service.d 2> /dev/null || true
systemctl daemon-reload
if [ -e /etc/keepalived/keepalived.conf.before-warren ]; then
  mv /etc/keepalived/keepalived.conf.before-warren /etc/keepalived/keepalived.conf
  systemctl enable -q --now keepalived
fi`);
  });

  const systemctl = { "disable -q --now": {}, "daemon-reload": {}, "enable -q --now": {} };

  const own = keepalivedFiles.marker("host4");

  test("leaves nothing of Warren's", async () => {
    const directory = makeDirectory({ "keepalived.conf": own, "warren-check": "x", "keepalived.conf.staged": "x" });
    mkdirSync(join(directory, "conf.d"));
    const { code, calls } = await runIn(directory, keepalived.remove("host4"), { systemctl });
    expect([code, calls, readdirSync(directory)]).toEqual([
      0,
      ["systemctl disable -q --now keepalived", "systemctl daemon-reload"],
      ["conf.d"],
    ]);
  });

  test("puts back what was there before, and starts that", async () => {
    const directory = makeDirectory({ "keepalived.conf": own, "keepalived.conf.before-warren": "somebody else's\n" });
    const { code, calls } = await runIn(directory, keepalived.remove("host4"), { systemctl });
    expect([code, readdirSync(directory)]).toEqual([0, ["keepalived.conf"]]);
    expect(readFileSync(join(directory, "keepalived.conf"), "utf8")).toBe("somebody else's\n");
    expect(calls).toEqual([
      "systemctl disable -q --now keepalived",
      "systemctl daemon-reload",
      "systemctl enable -q --now keepalived",
    ]);
  });

  test.each([
    ["that another host's resource has written since", { "keepalived.conf": keepalivedFiles.marker("host5") }],
    ["of somebody else's", { "keepalived.conf": "vrrp_instance VI_1 {\n}\n" }],
    ["that is gone", {}],
  ])("leaves a configuration %s, and what runs by it", async (_title, files: Record<string, string>) => {
    const directory = makeDirectory({ ...files, "warren-check": "x" });
    const { code, calls } = await runIn(directory, keepalived.remove("host4"), { systemctl });
    expect([code, calls]).toEqual([0, []]);
    expect(readdirSync(directory).sort()).toEqual([...Object.keys(files), "warren-check"].sort());
  });
});

describe("the holder of the virtual IP", () => {
  const address = "198.18.66.10";

  test("by their texts", () => {
    expect(keepalived.awaitHeld(address, "eth0")).toBe(`deadline=$((SECONDS + 30))
until ip -4 -o addr show dev eth0 | grep -qF " 198.18.66.10/"; do
  if [ $SECONDS -ge $deadline ]; then
    echo "this host should hold 198.18.66.10 and does not: see journalctl -u keepalived (in a container: docker logs keepalived)" >&2
    exit 1
  fi
  sleep 0.1
done`);
    expect(keepalived.awaitNotHeld(address, "eth0")).toBe(`deadline=$((SECONDS + 30))
until ! ip -4 -o addr show dev eth0 | grep -qF " 198.18.66.10/"; do
  if [ $SECONDS -ge $deadline ]; then
    echo "two hosts hold 198.18.66.10: is VRRP (IP protocol 112, 224.0.0.18) blocked between the balancers?" >&2
    exit 1
  fi
  sleep 0.1
done`);
  });

  const line = (ip: string) =>
    `2: eth0    inet ${ip}/24 scope global eth0\\       valid_lft forever preferred_lft forever\n`;
  const own = line("198.18.66.14");
  const run = (script: string, ...shown: string[]) =>
    runOnHost(script, {
      stubs: { ip: { "-4 -o addr show dev eth0": shown.map((stdout) => ({ stdout })) } },
      before: noWaiting,
    });
  const held = keepalived.awaitHeld(address, "eth0");
  const free = keepalived.awaitNotHeld(address, "eth0");

  test.each([
    ["holds it", held, [own + line(address)]],
    ["comes to hold it", held, [own, own + line(address)]],
    ["does not hold it", free, [own]],
    ["holds an address that begins alike", free, [own + line("198.18.66.100")]],
    ["gives it up", free, [own + line(address), own]],
  ])("a host that %s is what was waited for", async (_title, script, shown) => {
    expect(await run(script, ...shown)).toMatchObject({ code: 0, stderr: "" });
  });

  test.each([
    [
      "does not hold it",
      held,
      own,
      "this host should hold 198.18.66.10 and does not: see journalctl -u keepalived (in a container: docker logs keepalived)\n",
    ],
    [
      "holds an address that begins alike",
      held,
      own + line("198.18.66.100"),
      "this host should hold 198.18.66.10 and does not: see journalctl -u keepalived (in a container: docker logs keepalived)\n",
    ],
    [
      "keeps it",
      free,
      own + line(address),
      "two hosts hold 198.18.66.10: is VRRP (IP protocol 112, 224.0.0.18) blocked between the balancers?\n",
    ],
  ])("a host that %s is not, and a sentence says why", async (_title, script, shown, stderr) => {
    expect(await run(script, shown)).toMatchObject({ code: 1, stderr });
  });
});
