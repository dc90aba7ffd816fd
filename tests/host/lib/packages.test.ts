import type { Stubs } from "../../unit/support/bash";
import { runLibrary } from "../support/library";

/* Packages come by the distribution's own tool, which may be busy on a machine that has just been made. */

const update = "apt-get -qq update";
const install = "apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends keepalived nftables";
const only = (...tools: string[]) =>
  `command() { case $2 in ${tools.join("|")}) return 0 ;; apt-get | dnf | yum) return 1 ;; esac; builtin command "$@"; }\n`;

const run = (stubs: Stubs, tools = ["apt-get"]) =>
  runLibrary(`${only(...tools)}install_packages "keepalived nftables" "keepalived nft"`, { stubs });

const locked = {
  run: "echo 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 812 (apt-get)' >&2",
  code: 100,
};

test("by apt-get, which waits for dpkg's lock itself", async () => {
  expect(await run({ "apt-get": { update: {}, install: { stdout: "much" } } })).toEqual({
    code: 0,
    stdout: "",
    stderr: "",
    calls: [update, install],
  });
});

test("the lock of apt's lists, which apt-daily holds on a fresh machine, is waited for", async () => {
  const { code, calls } = await run({ "apt-get": { update: [locked, locked, {}], install: {} } });
  expect([code, calls]).toEqual([0, [update, update, update, install]]);
});

test("but not for ever", async () => {
  const { code, stderr, calls } = await run({ "apt-get": { update: locked } });
  expect([code, stderr]).toEqual([
    1,
    "another program has held the lock of apt's package lists for 300 s: E: Could not get lock /var/lib/apt/lists/lock. It is held by process 812 (apt-get)\n",
  ]);
  expect(new Set(calls)).toEqual(new Set([update]));
});

test("another fault of apt's is told at once", async () => {
  const { code, stderr, calls } = await run({
    "apt-get": { update: { run: "echo 'E: The repository has no Release file.' >&2", code: 100 } },
  });
  expect([code, stderr, calls]).toEqual([
    1,
    "apt-get update failed: E: The repository has no Release file.\n",
    [update],
  ]);
});

test("a package that cannot be installed is a fault", async () => {
  expect((await run({ "apt-get": { update: {}, install: { code: 100 } } })).code).toBe(100);
});

test.each([
  ["dnf", ["dnf", "yum"]],
  ["yum", ["yum"]],
])("by %s, with Red Hat's names", async (tool, tools) => {
  const { code, calls } = await run({ [tool]: { install: {} } }, tools);
  expect([code, calls]).toEqual([0, [`${tool} -q -y install keepalived nft`]]);
});

test("by nobody", async () => {
  expect(await run({}, ["none"])).toMatchObject({
    code: 1,
    stderr: "this host has no apt-get, dnf or yum: install keepalived nftables by hand\n",
  });
});
