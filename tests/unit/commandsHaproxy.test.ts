import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

import {
  awaitServing,
  certificateFile,
  configDirectory,
  configFile,
  endLogByRsyslog,
  gate,
  healthPortFile,
  leavesFile,
  logByRsyslog,
  removeConfig,
  stage,
  takeUp,
} from "../../commands/haproxy";
import { noWaiting, runOnHost, type Stubs } from "./support/bash";
import { makeDirectory } from "./support/directory";
import { serve } from "./support/web";

const place = { container: "haproxy", directory: "/var/lib/warren/haproxy", image: "haproxy:2.6" };

test("files stand where the official image reads them", () => {
  expect([configDirectory, configFile, certificateFile(0), certificateFile(1)]).toEqual([
    "/usr/local/etc/haproxy",
    "haproxy.cfg",
    "frontend.pem",
    "frontend-2.pem",
  ]);
  expect([healthPortFile(place), leavesFile]).toEqual([
    "/var/lib/warren/haproxy/health-port",
    "/run/warren-balancer-leaves",
  ]);
});

describe("stage", () => {
  test("makes an empty directory beside the one in use", () => {
    expect(stage(place)).toBe(`umask 022
rm -rf /var/lib/warren/haproxy/new
mkdir -p /var/lib/warren/haproxy/new /var/lib/warren/haproxy/conf
chmod 755 /var/lib/warren/haproxy
chown "$container_owner" /var/lib/warren/haproxy/new /var/lib/warren/haproxy/conf
chmod 750 /var/lib/warren/haproxy/new /var/lib/warren/haproxy/conf`);
  });

  test("keeps what is in use, and throws away what an earlier run left staged", async () => {
    const directory = makeDirectory({ "conf/haproxy.cfg": "in use", "new/haproxy.cfg": "left over" });
    const { uid, gid } = userInfo();
    const script = `container_owner=${uid}:${gid}\n${stage({ ...place, directory })}`;
    expect((await runOnHost(script)).code).toBe(0);
    expect(readdirSync(join(directory, "new"))).toEqual([]);
    expect(readFileSync(join(directory, "conf/haproxy.cfg"), "utf8")).toBe("in use");
    expect(statSync(join(directory, "conf")).mode & 0o7777).toBe(0o750);
  });
});

describe("takeUp", () => {
  test("has the image's own HAProxy check what is staged before it is swapped in", () => {
    expect(takeUp(place))
      .toBe(`docker run --rm --network none -v /var/lib/warren/haproxy/new:/usr/local/etc/haproxy:ro haproxy:2.6 haproxy -c -q -f /usr/local/etc/haproxy/haproxy.cfg
for file in /var/lib/warren/haproxy/conf/*; do [ -e "/var/lib/warren/haproxy/new/\${file##*/}" ] || rm -f "$file"; done
mv -f /var/lib/warren/haproxy/new/* /var/lib/warren/haproxy/conf/
rmdir /var/lib/warren/haproxy/new
if [ "$(docker inspect -f '{{.State.Running}}' haproxy 2> /dev/null)" = true ]; then docker kill --signal USR2 haproxy > /dev/null; fi`);
  });

  const run = async (docker: Stubs[string]) => {
    const directory = makeDirectory({
      "conf/haproxy.cfg": "old",
      "conf/frontend.pem": "old",
      "new/haproxy.cfg": "new",
    });
    const outcome = await runOnHost(takeUp({ ...place, directory }), { stubs: { docker } });
    const read = (path: string) =>
      existsSync(join(directory, path)) ? readFileSync(join(directory, path), "utf8") : undefined;
    return { ...outcome, directory, read };
  };
  const check = (directory: string) =>
    `docker run --rm --network none -v ${directory}/new:/usr/local/etc/haproxy:ro haproxy:2.6 haproxy -c -q -f /usr/local/etc/haproxy/haproxy.cfg`;
  const inspect = "docker inspect -f {{.State.Running}} haproxy";

  test("swaps the files, drops those that are no longer wanted, and has a running balancer reload", async () => {
    const { code, calls, directory, read } = await run({
      run: {},
      inspect: { stdout: "true\n" },
      kill: { stdout: "haproxy\n" },
    });
    expect(code).toBe(0);
    expect(read("conf/haproxy.cfg")).toBe("new");
    expect(readdirSync(join(directory, "conf"))).toEqual(["haproxy.cfg"]);
    expect(readdirSync(directory)).toEqual(["conf"]);
    expect(calls).toEqual([check(directory), inspect, "docker kill --signal USR2 haproxy"]);
  });

  test.each([
    ["there is no balancer yet", { code: 1 }],
    ["it is stopped", { stdout: "false\n" }],
  ])("sends no signal where %s", async (_title, reply) => {
    const { code, calls, directory, read } = await run({ run: {}, inspect: reply });
    expect([code, read("conf/haproxy.cfg")]).toEqual([0, "new"]);
    expect(calls).toEqual([check(directory), inspect]);
  });

  test("changes nothing when HAProxy refuses the configuration, and shows what it says", async () => {
    const { code, stderr, calls, directory, read } = await run({
      run: { run: "echo '[ALERT] unknown keyword' >&2", code: 1 },
    });
    expect([code, stderr]).toEqual([1, "[ALERT] unknown keyword\n"]);
    expect([read("conf/haproxy.cfg"), read("conf/frontend.pem")]).toEqual(["old", "old"]);
    expect(calls).toEqual([check(directory)]);
  });

  test("works on a host that has no configuration yet", async () => {
    const directory = makeDirectory({ "new/haproxy.cfg": "new", "new/frontend.pem": "new" });
    mkdirSync(join(directory, "conf"));
    const docker = { run: {}, inspect: { code: 1 } };
    expect((await runOnHost(takeUp({ ...place, directory }), { stubs: { docker } })).code).toBe(0);
    expect(readdirSync(join(directory, "conf")).sort()).toEqual(["frontend.pem", "haproxy.cfg"]);
  });
});

describe("awaitServing", () => {
  const paths = { health: "/healthz", configuration: "/configuration/1" };
  /** The script with the host's own files in a directory of the test's. */
  const script = (directory: string, port: number) =>
    awaitServing({ ...place, directory }, port, paths).replaceAll("/run/", `${directory}/`);

  test("waits for the newest configuration and for the health page, and shows the balancer's last words otherwise", () => {
    expect(awaitServing(place, 8100, paths)).toBe(`trap '[ $? = 0 ] || docker logs --tail 20 haproxy >&2' EXIT
deadline=$((SECONDS + 30))
until (exec 3<>/dev/tcp/127.0.0.1/8100 && printf '%b' 'GET /configuration/1 HTTP/1.0\\r\\n\\r\\n' >&3 && read -t 5 -r _ status _ <&3 && [ "$status" = 200 ]) 2> /dev/null; do
  if [ $SECONDS -ge $deadline ]; then
    echo "the balancer did not take its configuration up" >&2
    exit 1
  fi
  sleep 0.1
done
deadline=$((SECONDS + 60))
until (exec 3<>/dev/tcp/127.0.0.1/8100 && printf '%b' 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && read -t 5 -r _ status _ <&3 && [ "$status" = 200 ]) 2> /dev/null; do
  if [ $SECONDS -ge $deadline ]; then
    echo "the balancer has no broker that it can send clients to" >&2
    exit 1
  fi
  sleep 0.1
done
echo 8100 > /var/lib/warren/haproxy/health-port
chmod 644 /var/lib/warren/haproxy/health-port
rm -f /run/warren-balancer-leaves`);
  });

  test("ends well when the balancer answers 200 for both; the virtual IP may be here from then on", async () => {
    const port = await serve({ "/healthz": 200, "/configuration/1": 200 });
    const directory = makeDirectory({ "warren-balancer-leaves": "" });
    const outcome = await runOnHost(script(directory, port), { stubs: { docker: {} } });
    expect(outcome).toEqual({ code: 0, stdout: "", stderr: "", calls: [] });
    expect(readdirSync(directory)).toEqual(["health-port"]);
    expect(readFileSync(join(directory, "health-port"), "utf8")).toBe(`${port}\n`);
    expect(statSync(join(directory, "health-port")).mode & 0o777).toBe(0o644);
  });

  test.each([
    [
      "has no broker",
      { "/healthz": 503, "/configuration/1": 200 },
      "the balancer has no broker that it can send clients to",
    ],
    [
      "runs by an older configuration",
      { "/healthz": 200, "/configuration/1": 401 },
      "the balancer did not take its configuration up",
    ],
  ])("fails with its sentence and the log when the balancer %s", async (_title, pages, sentence) => {
    const port = await serve(pages);
    const directory = makeDirectory({ "warren-balancer-leaves": "" });
    const docker = { "logs --tail 20 haproxy": { stdout: "Server rabbitmq/rabbitmq1 is DOWN\n" } };
    const outcome = await runOnHost(script(directory, port), { stubs: { docker }, before: noWaiting });
    expect(outcome).toEqual({
      code: 1,
      stdout: "",
      stderr: `${sentence}\nServer rabbitmq/rabbitmq1 is DOWN\n`,
      calls: ["docker logs --tail 20 haproxy"],
    });
    expect(readdirSync(directory)).toEqual(["warren-balancer-leaves"]);
  });
});

describe("gate", () => {
  const wanted = { image: "sha256:1", settings: "abc" };
  const wayOut = { ips: ["192.0.2.100", "192.0.2.101"], others: ["127.0.0.1"] };
  const run = async (found: Stubs[string], shown: string[], status = 200) => {
    const port = await serve({ "/healthz": status });
    const directory = makeDirectory({ "warren-balancer-leaves": "" });
    const text = gate(place, wanted, { ...wayOut, health: { port, path: "/healthz" } });
    const outcome = await runOnHost(text.replaceAll("/run/", `${directory}/`), {
      stubs: { docker: found, ip: { "-4 -o addr show": shown.map((stdout) => ({ stdout })) } },
      before: noWaiting,
    });
    return { ...outcome, leaves: existsSync(join(directory, "warren-balancer-leaves")) };
  };
  const has = (ip: string) => `2: eth0    inet ${ip}/24 scope global eth0\n`;
  const other: Stubs[string] = { inspect: { stdout: "true sha256:1 xyz\n" } };

  test("by its text", () => {
    expect(gate(place, wanted, { ...wayOut, others: ["192.0.2.5"], health: { port: 8100, path: "/healthz" } }))
      .toBe(`found=$(docker inspect -f '{{.State.Running}} {{.Image}} {{index .Config.Labels "io.warren.settings"}}' haproxy 2> /dev/null) || exit 0
case $found in
"true sha256:1 abc")
  rm -f /run/warren-balancer-leaves
  exit 0 ;;
true*) ;;
*) exit 0 ;;
esac
ip -4 -o addr show | grep -E ' (192\\.0\\.2\\.100|192\\.0\\.2\\.101)/' > /dev/null || exit 0
another() { (exec 3<>/dev/tcp/192.0.2.5/8100 && printf '%b' 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && read -t 5 -r _ status _ <&3 && [ "$status" = 200 ]) 2> /dev/null; }
deadline=$((SECONDS + 60))
until another; do
  if [ $SECONDS -ge $deadline ]; then
    echo "no other balancer can serve now, so the virtual IP has nowhere to go. Nothing was changed" >&2
    exit 1
  fi
  sleep 0.5
done
trap '[ $? = 0 ] || rm -f /run/warren-balancer-leaves' EXIT
touch /run/warren-balancer-leaves
deadline=$((SECONDS + 60))
until ! ip -4 -o addr show | grep -E ' (192\\.0\\.2\\.100|192\\.0\\.2\\.101)/' > /dev/null; do
  if [ $SECONDS -ge $deadline ]; then
    echo "the virtual IP does not leave this host, so its balancer was not replaced: see journalctl -u keepalived" >&2
    exit 1
  fi
  sleep 0.1
done`);
  });

  test.each<[string, Stubs[string]]>([
    ["there is no balancer yet", { inspect: { code: 1 } }],
    ["it is stopped", { inspect: { stdout: "false sha256:1 xyz\n" } }],
  ])("returns at once where %s", async (_title, found) => {
    expect(await run(found, [])).toMatchObject({ code: 0, leaves: true });
  });

  test("returns at once where it is the wanted one already, and lets the virtual IP come back", async () => {
    expect(await run({ inspect: { stdout: "true sha256:1 abc\n" } }, [])).toMatchObject({ code: 0, leaves: false });
  });

  test("returns at once where the host holds none of the virtual IPs", async () => {
    const { code, calls } = await run(other, [has("192.0.2.10") + has("192.0.2.10")]);
    expect([code, calls.length]).toEqual([0, 2]);
  });

  test("has the virtual IPs leave, and sees them gone", async () => {
    const both = has("192.0.2.100") + has("192.0.2.101");
    expect(await run(other, [both, both, has("192.0.2.5")])).toMatchObject({
      code: 0,
      stderr: "",
      leaves: true,
    });
  });

  test("changes nothing where no other balancer can serve", async () => {
    expect(await run(other, [has("192.0.2.100")], 503)).toMatchObject({
      code: 1,
      stderr: "no other balancer can serve now, so the virtual IP has nowhere to go. Nothing was changed\n",
    });
  });

  test("takes its wish back where the virtual IP does not leave", async () => {
    expect(await run(other, [has("192.0.2.100")])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("the virtual IP does not leave this host") as string,
      leaves: false,
    });
  });
});

describe("the host's own log", () => {
  const log = { directory: "/var/lib/warren/haproxy/host4", facility: "local2", file: "/var/log/haproxy.log" };

  test("by its text", () => {
    expect(logByRsyslog(log)).toBe(`if ! command -v rsyslogd > /dev/null; then
  echo "rsyslog is not installed on this host: install it, or set haproxy.log.target to stdout or to a syslog server" >&2
  exit 1
fi
umask 022
mkdir -p /var/lib/warren/haproxy/host4/log
cat > /etc/rsyslog.d/49-warren-haproxy.conf.new <<'END'
# Written by Warren. Change the stack's config instead: the next \`pulumi up\` overwrites this file.
input(type="imuxsock" Socket="/var/lib/warren/haproxy/host4/log/haproxy.sock")
if $programname == "haproxy" and $syslogfacility-text == "local2" then {
  action(type="omfile" file="/var/log/haproxy.log" fileCreateMode="0640")
  stop
}
END
cat > /etc/logrotate.d/warren-haproxy <<'END'
/var/log/haproxy.log {
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
END
if cmp -s /etc/rsyslog.d/49-warren-haproxy.conf.new /etc/rsyslog.d/49-warren-haproxy.conf && [ -S /var/lib/warren/haproxy/host4/log/haproxy.sock ]; then
  rm /etc/rsyslog.d/49-warren-haproxy.conf.new
else
  mv -f /etc/rsyslog.d/49-warren-haproxy.conf.new /etc/rsyslog.d/49-warren-haproxy.conf
  systemctl restart rsyslog
fi`);
    expect(endLogByRsyslog()).toBe(`[ -e /etc/rsyslog.d/49-warren-haproxy.conf ] || exit 0
rm -f /etc/rsyslog.d/49-warren-haproxy.conf /etc/logrotate.d/warren-haproxy
systemctl restart rsyslog`);
  });

  const at = (directory: string, script: string) =>
    script.replaceAll("/etc/", `${directory}/`).replaceAll("/var/lib/warren", directory);

  test("is written, restarts rsyslog, and at its end leaves nothing", async () => {
    const directory = makeDirectory({ "rsyslog.d/other": "x", "logrotate.d/other": "x" });
    const stubs: Stubs = { rsyslogd: {}, systemctl: { "restart rsyslog": {} } };
    const { code, calls } = await runOnHost(at(directory, logByRsyslog(log)), { stubs });
    expect([code, calls]).toEqual([0, ["systemctl restart rsyslog"]]);
    expect(readdirSync(join(directory, "rsyslog.d")).sort()).toEqual(["49-warren-haproxy.conf", "other"]);
    expect((await runOnHost(at(directory, endLogByRsyslog()), { stubs })).calls).toEqual(["systemctl restart rsyslog"]);
    expect(readdirSync(join(directory, "rsyslog.d"))).toEqual(["other"]);
    expect(readdirSync(join(directory, "logrotate.d"))).toEqual(["other"]);
    expect((await runOnHost(at(directory, endLogByRsyslog()), { stubs })).calls).toEqual([]);
  });

  test("cannot be where rsyslog is not", async () => {
    const before = "command() { return 1; }";
    expect(await runOnHost(logByRsyslog(log), { before })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("rsyslog is not installed on this host") as string,
    });
  });
});

test("removeConfig takes the balancer's directory away, and nothing beside it", async () => {
  expect(removeConfig(place)).toBe("rm -rf /var/lib/warren/haproxy");
  const directory = makeDirectory({ "haproxy/conf/haproxy.cfg": "x" });
  writeFileSync(join(directory, "other"), "x");
  await runOnHost(removeConfig({ ...place, directory: join(directory, "haproxy") }));
  expect(readdirSync(directory)).toEqual(["other"]);
});
