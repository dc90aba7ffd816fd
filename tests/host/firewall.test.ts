import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { firewall } from "../../commands/firewall";
import type { Stubs } from "../unit/support/bash";
import { library, runStep, type Circumstances } from "./support/step";

/* The host's firewall rules, checked by nft before they are loaded, and the unit that loads them when the host starts. */

const rules = "table inet warren {\n}\n";
const rulesFile = "/etc/warren/firewall.nft";
const unitFile = "/etc/systemd/system/warren-firewall.service";
const systemctl = { "daemon-reload": {}, enable: {}, start: {}, disable: {} };
const loaded = "table inet warren {\n\tchain arriving {\n\t}\n}\n";

const run = (nft: Stubs[string], { files = {}, ...circumstances }: Circumstances = {}) =>
  runStep(
    firewall,
    { rules },
    { stubs: { nft, systemctl }, files: { "/etc/systemd/system/other.service": "x", ...files }, ...circumstances },
  );

test("rules are checked, then loaded now and at every start of the host, before Docker", async () => {
  const { code, stderr, calls, root, read, record } = await run({
    "-c -f": {},
    "-f": {},
    "-s list": { stdout: loaded },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(calls).toEqual([
    `nft -c -f ${root}${rulesFile}.staged`,
    `nft -f ${root}${rulesFile}`,
    "systemctl daemon-reload",
    "systemctl enable -q warren-firewall.service",
    "systemctl start warren-firewall.service",
    "nft -s list table inet warren",
  ]);
  expect(read(rulesFile)).toBe(rules);
  expect(read(unitFile)).toBe(readFileSync(join(library, "firewall.service"), "utf8"));
  expect(readdirSync(join(root, "etc/systemd/system")).sort()).toEqual(["other.service", "warren-firewall.service"]);
  const digest = createHash("sha256").update(loaded).digest("hex");
  expect(record().slice(2)).toEqual([
    expect.stringMatching(`^file [0-9a-f]{64} 644 \\S+ ${root}${rulesFile}$`),
    expect.stringMatching(`^file [0-9a-f]{64} 644 \\S+ ${root}${unitFile}$`),
    `nft inet warren ${digest}`,
    "service warren-firewall.service",
  ]);
});

test.each([
  ["are strangers'", { "network ls -q --filter driver=bridge": { stdout: "0123456789ab\n" } }, ["br-mgmt"]],
  ["are all strangers' where Docker does not answer", {}, ["br-0123456789ab", "br-mgmt"]],
])("bridges that are not Docker's %s", async (_title, docker: Stubs[string], strangers) => {
  const nft = { "-c -f": {}, "-f": {}, "-s list": { stdout: loaded } };
  const files = {
    "/etc/systemd/system/other.service": "x",
    "/sys/class/net/br-0123456789ab/ifindex": "3",
    "/sys/class/net/br-mgmt/ifindex": "2",
  };
  const { code, read } = await runStep(firewall, { rules }, { stubs: { nft, systemctl, docker }, files });
  const elements = strangers.map((bridge) => `add element inet warren bridges { "${bridge}" }\n`);
  expect({ code, rules: read(rulesFile) }).toEqual({ code: 0, rules: rules + elements.join("") });
});

test("the unit loads the rules that the step has written, after the distribution's and before Docker's", () => {
  const lines = readFileSync(join(library, "firewall.service"), "utf8").split("\n");
  expect(lines.filter((line) => line !== "" && !line.startsWith("#"))).toEqual([
    "[Unit]",
    "Description=Warren's firewall rules",
    "After=nftables.service",
    "PartOf=nftables.service",
    "Before=docker.service",
    "[Service]",
    "Type=oneshot",
    "RemainAfterExit=yes",
    `ExecStart=/usr/sbin/nft -f ${rulesFile}`,
    "ExecStop=/usr/sbin/nft delete table inet warren",
    "[Install]",
    "WantedBy=multi-user.target nftables.service",
  ]);
});

test("nft is installed where it is missing", async () => {
  const stubs: Stubs = {
    nft: { "-c -f": {}, "-f": {}, "-s list": { stdout: loaded } },
    systemctl,
    "apt-get": { update: {}, install: {} },
  };
  const before = 'command() { [ "$2" != nft ] && builtin command "$@"; }';
  const { code, calls } = await runStep(
    firewall,
    { rules },
    { stubs, before, files: { "/etc/systemd/system/other.service": "x" } },
  );
  expect([code, calls[1]]).toEqual([
    0,
    "apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends nftables",
  ]);
});

test("rules that nft refuses change nothing", async () => {
  const { code, calls, read, root } = await run({ "-c -f": { code: 1 } }, { files: { [rulesFile]: "old" } });
  expect([code, calls.length]).toEqual([1, 1]);
  expect(read(rulesFile)).toBe("old");
  expect(existsSync(join(root, unitFile))).toBe(false);
});

test("at the end nothing of it is left, and a second time there is nothing to do", async () => {
  const nft: Stubs[string] = { "list table": {}, "delete table inet warren": {} };
  const files = { [rulesFile]: rules, [`${rulesFile}.staged`]: rules, [unitFile]: "x" };
  const { code, calls, root } = await run(nft, { part: "delete", files });
  expect([code, calls]).toEqual([
    0,
    [
      "systemctl disable -q --now warren-firewall.service",
      "systemctl daemon-reload",
      "nft list table inet warren",
      "nft delete table inet warren",
    ],
  ]);
  expect(readdirSync(join(root, "etc/warren"))).toEqual(["owner"]);
  expect(readdirSync(join(root, "etc/systemd/system"))).toEqual(["other.service"]);
  expect((await run(nft, { part: "delete", root })).calls).toEqual([]);
});
