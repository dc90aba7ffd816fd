import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";

import * as keepalived from "../../commands/keepalived";
import * as keepalivedFiles from "../../commands/keepalivedFiles";
import { runBash, runOnHost } from "./support/bash";
import { makeDirectory } from "./support/directory";

/* What a host does at each change, and what brings keepalived back when it was killed. */

describe("notifyScript", () => {
  test("by its text", () => {
    expect(keepalived.notifyScript({ logFile: "/var/log/vip.log", hook: "/usr/local/bin/hook" })).toBe(`#!/bin/bash
# TYPE NAME STATE PRIORITY, as keepalived hands them over.
printf '%s %s %s\\n' "$(date '+%F %T %z')" "$2" "$3" >> /var/log/vip.log
exec /usr/local/bin/hook "$@"
`);
  });

  test("notes the change, and hands keepalived's own words to the hook", async () => {
    const directory = makeDirectory({ hook: '#!/bin/sh\necho "$@"\n' });
    chmodSync(join(directory, "hook"), 0o755);
    const text = keepalived.notifyScript({ logFile: `${directory}/log`, hook: `${directory}/hook` });
    const { stdout } = await runBash(text, ["INSTANCE", "VI_51", "MASTER", "101"]);
    expect(stdout).toBe("INSTANCE VI_51 MASTER 101\n");
    expect(readFileSync(join(directory, "log"), "utf8")).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} VI_51 MASTER\n$/,
    );
  });

  test("does without a hook", async () => {
    const directory = makeDirectory();
    const text = keepalived.notifyScript({ logFile: `${directory}/log` });
    expect((await runBash(text, ["INSTANCE", "VI_51", "FAULT", "101"])).code).toBe(0);
  });
});

test("a hook has to be a program", async () => {
  const directory = makeDirectory({ hook: "" });
  const outcome = await runOnHost(keepalived.requireHook(`${directory}/hook`));
  expect([outcome.code, outcome.stderr]).toEqual([
    1,
    `${directory}/hook (vip.notify.hook) is not a program on this host\n`,
  ]);
  chmodSync(join(directory, "hook"), 0o755);
  expect((await runOnHost(keepalived.requireHook(`${directory}/hook`))).code).toBe(0);
});

test("a keepalived that was killed is back at once, however often", () => {
  expect(keepalivedFiles.unitFile).toBe("/etc/systemd/system/keepalived.service.d/warren.conf");
  expect(keepalivedFiles.unitText).toBe(`# Written by Warren.
[Unit]
StartLimitIntervalSec=0
[Service]
Restart=always
RestartSec=100ms
`);
});
