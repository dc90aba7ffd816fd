import { createServer } from "node:net";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { haproxyLog } from "../../../commands/haproxy";
import type { Stubs } from "../../unit/support/bash";
import { makeDirectory } from "../../unit/support/directory";
import { runStep, type Circumstances } from "../support/step";

/* A balancer's log goes to the host's own rsyslog, by a socket. */

const rsyslogFile = "/etc/rsyslog.d/49-warren-haproxy.conf";
const logrotateFile = "/etc/logrotate.d/warren-haproxy";
const others = { "/etc/rsyslog.d/other": "x", "/etc/logrotate.d/other": "x" };
const stubs: Stubs = { rsyslogd: {}, systemctl: { "restart rsyslog": {} } };

/** In a short directory: a socket's path has at most 107 characters. */
const run = (root: string, circumstances: Circumstances = {}) =>
  runStep(
    haproxyLog,
    { directory: join(root, "haproxy"), facility: "local2", file: "/var/log/haproxy.log" },
    { root, stubs, files: others, ...circumstances },
  );

test("rsyslog is told of the socket and of the file, and rotates it", async () => {
  const root = makeDirectory();
  const { code, stderr, calls, read, record } = await run(root);
  expect({ code, stderr, calls }).toEqual({ code: 0, stderr: "", calls: ["systemctl restart rsyslog"] });
  expect(read(rsyslogFile))
    .toBe(`# Written by Warren. Change the stack's config instead: the next \`pulumi up\` overwrites this file.
input(type="imuxsock" Socket="${root}/haproxy/log/haproxy.sock")
if $programname == "haproxy" and $syslogfacility-text == "local2" then {
  action(type="omfile" file="/var/log/haproxy.log" fileCreateMode="0640")
  stop
}
`);
  expect(read(logrotateFile)).toBe(`/var/log/haproxy.log {
    weekly
    rotate 8
    compress
    delaycompress
    missingok
    notifempty
    postrotate
        systemctl kill -s HUP rsyslog.service
    endscript
}
`);
  expect(existsSync(join(root, "haproxy/log"))).toBe(true);
  expect(readdirSync(join(root, "etc/rsyslog.d")).sort()).toEqual(["49-warren-haproxy.conf", "other"]);
  expect(record().slice(2)).toEqual([
    expect.stringMatching(`^file [0-9a-f]{64} 644 \\S+ ${root}${rsyslogFile}$`),
    expect.stringMatching(`^file [0-9a-f]{64} 644 \\S+ ${root}${logrotateFile}$`),
    "service rsyslog",
  ]);
});

test("rsyslog is restarted again where it has no socket yet, and left alone where it has one", async () => {
  const root = makeDirectory();
  await run(root);
  expect((await run(root)).calls).toEqual(["systemctl restart rsyslog"]);
  mkdirSync(join(root, "haproxy/log"), { recursive: true });
  const server = createServer().listen(join(root, "haproxy/log/haproxy.sock"));
  await once(server, "listening");
  expect((await run(root)).calls).toEqual([]);
  expect(readdirSync(join(root, "etc/rsyslog.d")).sort()).toEqual(["49-warren-haproxy.conf", "other"]);
  server.close();
});

test("at its end nothing is left, and a second time there is nothing to do", async () => {
  const root = makeDirectory();
  await run(root);
  expect((await run(root, { part: "delete" })).calls).toEqual(["systemctl restart rsyslog"]);
  expect(readdirSync(join(root, "etc/rsyslog.d"))).toEqual(["other"]);
  expect(readdirSync(join(root, "etc/logrotate.d"))).toEqual(["other"]);
  expect((await run(root, { part: "delete" })).calls).toEqual([]);
});

test("cannot be where rsyslog is not", async () => {
  const { code, stderr, calls } = await run(makeDirectory(), { before: "command() { return 1; }" });
  expect([code, stderr, calls]).toEqual([
    1,
    "rsyslog is not installed on this host: install it, or set haproxy.log.target to stdout or to a syslog server\n",
    [],
  ]);
});
