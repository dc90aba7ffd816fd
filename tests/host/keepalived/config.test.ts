import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { keepalivedConfig, keepalivedPackage, type ConfigData } from "../../../commands/keepalived";
import type { Stubs } from "../../unit/support/bash";
import { makeDirectory } from "../../unit/support/directory";
import { runStep } from "../support/step";
import { config, directory, staged, unit } from "./support";

/* keepalived's packages, and its configuration before it is loaded. */

/** keepalived has these instances already, so that nobody is asked for them. */
const knows = { [`${directory}/keepalived.conf`]: " virtual_router_id 51\n 198.18.66.100/24\n" };
const active = { systemctl: { "is-active": {} } };

const run = (data: Partial<ConfigData> = {}, stubs: Stubs = {}, root = makeDirectory()) =>
  runStep(
    keepalivedConfig,
    { ...config, ...data },
    { stubs: { ...active, keepalived: { "-t": {} }, ...stubs }, files: knows, root },
  );

test("is checked as a copy in which the check runs as root, which nobody else may read", async () => {
  const copy = `cp "$3" $WARREN_ROOT/checked; stat -c %a "$3" > $WARREN_ROOT/mode`;
  const { code, stderr, read, root } = await run({}, { keepalived: { "-t": { run: copy } } });
  expect([code, stderr]).toEqual([0, ""]);
  expect(read("/checked")).toBe(staged.replace("    script_user nobody", "script_user root"));
  expect(read("/mode")).toBe("600\n");
  expect(readdirSync(join(root, directory)).sort()).toEqual([
    "keepalived.conf",
    "keepalived.conf.staged",
    "warren-serves",
  ]);
  expect(read(`${directory}/keepalived.conf.staged`)).toBe(staged);
  expect(statSync(join(root, directory, "keepalived.conf.staged")).mode & 0o777).toBe(0o400);
});

test("fails where keepalived refuses it, and leaves the one that is in use", async () => {
  const says = { run: "printf '%s\\n' 'Configuration is using:' 'a' 'unknown state NONSENSE'", code: 4 };
  const { code, stderr, read, root } = await run({}, { keepalived: { "-t": says } });
  expect([code, stderr]).toEqual([
    1,
    "keepalived refuses the new configuration: a\nunknown state NONSENSE\nThe one that is in use was not touched. Correct what is named, and run `pulumi up` again\n",
  ]);
  expect(read(`${directory}/keepalived.conf`)).toBe(Object.values(knows)[0]);
  expect(readdirSync(join(root, directory)).sort()).toEqual(["keepalived.conf", "warren-serves"]);
});

test("its programs can be run by nobody, even where root's umask is 027; they and the unit's part are recorded", async () => {
  const { root, record, read } = await run({ logFile: "/var/log/vip.log" }, {});
  for (const name of ["warren-serves", "warren-changed"]) {
    expect(statSync(join(root, directory, name)).mode & 0o777).toBe(0o755);
  }
  expect(read(unit)).toBe(
    "# Written by Warren.\n[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=100ms\n",
  );
  expect(
    record()
      .filter((line) => line.startsWith("file "))
      .map((line) => line.replace(/.* \S*(?=\/etc)/, "")),
  ).toEqual([`${directory}/warren-serves`, `${directory}/warren-changed`, unit]);
});

test("the user's program for changes has to be one", async () => {
  const root = makeDirectory();
  mkdirSync(join(root, "opt"));
  writeFileSync(join(root, "opt/hook"), "");
  const refused = await run({ hook: "/opt/hook" }, {}, root);
  expect([refused.code, refused.stderr]).toEqual([
    1,
    "vip.notify.hook: /opt/hook - must be a program on this host. Nothing was changed\n",
  ]);
  chmodSync(join(root, "opt/hook"), 0o755);
  expect((await run({ hook: "/opt/hook" }, {}, root)).code).toBe(0);
});

describe("in a container", () => {
  const image = "keepalived:2.2";
  const docker = { inspect: { code: 1 }, "--entrypoint bash": {}, "--entrypoint keepalived": {} };

  test("the image's own keepalived checks it, with the host's interfaces and no more rights than it will have", async () => {
    const root = makeDirectory();
    mkdirSync(join(root, "var/log"), { recursive: true });
    const { code, stderr, calls, read } = await run({ image, logFile: `${root}/var/log/vip.log` }, { docker }, root);
    expect([code, stderr]).toEqual([0, ""]);
    expect(calls.at(-1)?.replace(root, "")).toBe(
      "docker run --rm --network host --cap-drop ALL --cap-add CAP_KILL --cap-add CAP_NET_ADMIN --cap-add CAP_NET_BROADCAST --cap-add CAP_NET_RAW --cap-add CAP_SETGID --cap-add CAP_SETUID -v /etc/keepalived:/etc/keepalived:ro --entrypoint keepalived keepalived:2.2 -t -f /etc/keepalived/keepalived.conf.staged.check",
    );
    expect(readFileSync(join(root, "var/log/vip.log"), "utf8")).toBe("");
    expect(read(unit)).toBeUndefined();
  });

  test("an image without keepalived or bash is refused", async () => {
    const { code, stderr } = await run({ image }, { docker: { ...docker, "--entrypoint bash": { code: 127 } } });
    expect([code, stderr]).toEqual([
      1,
      "vip.image: keepalived:2.2 - must have keepalived, and bash, by which it asks the balancer. Nothing was changed\n",
    ]);
  });

  test("a container of another stack's is refused", async () => {
    const { code, stderr } = await run({ image }, { docker: { inspect: { stdout: "a/b/c vip-host1\n" } } });
    expect([code, stderr]).toEqual([1, expect.stringContaining("belongs to stack a/b/c (its part vip-host1)")]);
  });
});

describe("the package", () => {
  const apt = { "apt-get": { update: {}, install: {} } };
  const hidden = (...names: string[]) =>
    `command() { case "$2" in ${names.join("|")}) return 1 ;; esac; builtin command "$@"; }`;

  test("is the distribution's own, with the tool that listens for others", async () => {
    const { code, calls, root } = await runStep(
      keepalivedPackage,
      { contained: false },
      { stubs: apt, before: hidden("keepalived") },
    );
    expect([code, calls.at(-1)]).toEqual([
      0,
      "apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends keepalived nftables",
    ]);
    expect(readdirSync(join(root, "etc/keepalived"))).toEqual([]);
    expect(readdirSync(join(root, "etc/systemd/system/keepalived.service.d"))).toEqual([]);
  });

  test("is not installed where keepalived runs in a container; the tool is", async () => {
    const { code, calls, root } = await runStep(
      keepalivedPackage,
      { contained: true },
      { stubs: apt, before: hidden("nft") },
    );
    expect([code, calls.at(-1)]).toEqual([
      0,
      "apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends nftables",
    ]);
    expect(readdirSync(join(root, "etc"))).not.toContain("systemd");
  });

  test("is left alone where it is there", async () => {
    const stubs = { nft: { x: {} }, keepalived: { x: {} } };
    const { code, calls } = await runStep(keepalivedPackage, { contained: false }, { stubs });
    expect([code, calls]).toEqual([0, []]);
  });
});
