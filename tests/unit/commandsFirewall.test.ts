import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { lower, raise, rulesFile } from "../../commands/firewall";
import { runOnHost, syntaxFaults, type Stubs } from "./support/bash";
import { makeDirectory } from "./support/directory";

const rules = "table inet warren {\n}\n";

/** Runs a script with the host's own files in a directory of the test's. */
async function run(directory: string, script: string, stubs: Stubs) {
  mkdirSync(join(directory, "systemd/system"), { recursive: true });
  return runOnHost(script.replaceAll("/etc/", `${directory}/`), { stubs });
}

const systemctl = { "daemon-reload": {}, enable: {}, start: {}, disable: {} };

test("where the rules stand", () => {
  expect(rulesFile).toBe("/etc/warren/firewall.nft");
  expect(syntaxFaults(raise(rules)) + syntaxFaults(lower())).toBe("");
});

test("rules are checked, then put in place now and at every start of the host, before Docker", async () => {
  const directory = makeDirectory();
  const { code, calls } = await run(directory, raise(rules), { nft: { "-f": {} }, systemctl });
  expect(code).toBe(0);
  expect(calls).toEqual([
    `nft -c -f ${directory}/warren/firewall.nft.staged`,
    `nft -f ${directory}/warren/firewall.nft`,
    "systemctl daemon-reload",
    "systemctl enable -q warren-firewall.service",
    "systemctl start warren-firewall.service",
  ]);
  expect(readFileSync(join(directory, "warren/firewall.nft"), "utf8")).toBe(rules);
  // Its text holds paths of the host's own.
  const unit = readFileSync(join(directory, "systemd/system/warren-firewall.service"), "utf8");
  expect(unit).toBe(`# Written by Warren.
[Unit]
Description=Warren's firewall rules
After=nftables.service
PartOf=nftables.service
Before=docker.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f /etc/warren/firewall.nft
ExecStop=/usr/sbin/nft delete table inet warren
[Install]
WantedBy=multi-user.target nftables.service
`);
});

test("rules that nft refuses change nothing", async () => {
  const directory = makeDirectory({ "warren/firewall.nft": "old" });
  const { code, calls } = await run(directory, raise(rules), { nft: { "-c -f": { code: 1 } }, systemctl });
  expect([code, calls.length]).toEqual([1, 1]);
  expect(readFileSync(join(directory, "warren/firewall.nft"), "utf8")).toBe("old");
});

test("at the end nothing of it is left, and a second time there is nothing to do", async () => {
  const directory = makeDirectory({
    "warren/firewall.nft": rules,
    "systemd/system/warren-firewall.service": "x",
    "systemd/system/other.service": "x",
  });
  const stubs: Stubs = { nft: { "list table": {}, "delete table inet warren": {} }, systemctl };
  const { code, calls } = await run(directory, lower(), stubs);
  expect([code, calls]).toEqual([
    0,
    [
      "systemctl disable -q --now warren-firewall.service",
      "systemctl daemon-reload",
      "nft list table inet warren",
      "nft delete table inet warren",
    ],
  ]);
  expect(existsSync(join(directory, "warren"))).toBe(false);
  expect(readdirSync(join(directory, "systemd/system"))).toEqual(["other.service"]);
  expect((await run(directory, lower(), stubs)).calls).toEqual([]);
});
