import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { endLogByRsyslog, gate, logByRsyslog } from "../../commands/haproxy";
import { noWaiting, runOnHost, type Stubs } from "./support/bash";
import { makeDirectory } from "./support/directory";
import { serve } from "./support/web";

/* What a balancer has to do with its host: the virtual IP that may be there, and the host's own log. */

const place = { container: "haproxy", directory: "/var/lib/warren/haproxy", image: "haproxy:2.6" };

describe("gate", () => {
  const wanted = { image: "sha256:1", settings: "abc" };
  const wayOut = { ips: ["192.0.2.100", "192.0.2.101"], others: ["127.0.0.1"] };
  const run = async (found: Stubs[string], shown: string[], status = 200) => {
    const port = await serve({ "/healthz": status });
    const directory = makeDirectory({ "balancer-leaves": "" });
    const text = gate(place, wanted, { ...wayOut, health: { port, path: "/healthz" } });
    const outcome = await runOnHost(text.replaceAll("/run/warren", directory), {
      stubs: { docker: found, ip: { "-4 -o addr show": shown.map((stdout) => ({ stdout })) } },
      before: noWaiting,
    });
    return { ...outcome, leaves: existsSync(join(directory, "balancer-leaves")) };
  };
  const has = (ip: string) => `2: eth0    inet ${ip}/24 scope global eth0\n`;
  const other: Stubs[string] = { inspect: { stdout: "true sha256:1 xyz\n" } };

  test("by its text", () => {
    expect(gate(place, wanted, { ...wayOut, others: ["192.0.2.5"], health: { port: 8100, path: "/healthz" } }))
      .toBe(`found=$(docker inspect -f '{{.State.Running}} {{.Image}} {{index .Config.Labels "io.warren.settings"}}' haproxy 2> /dev/null) || exit 0
case $found in
"true sha256:1 abc")
  rm -f /run/warren/balancer-leaves
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
trap '[ $? = 0 ] || rm -f /run/warren/balancer-leaves' EXIT
mkdir -p /run/warren
touch /run/warren/balancer-leaves
deadline=$((SECONDS + 60))
until ! ip -4 -o addr show | grep -E ' (192\\.0\\.2\\.100|192\\.0\\.2\\.101)/' > /dev/null; do
  if [ $SECONDS -ge $deadline ]; then
    echo "the virtual IP does not leave this host, so its balancer was not replaced: see journalctl -u keepalived (in a container: docker logs keepalived)" >&2
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
