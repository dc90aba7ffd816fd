import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

import {
  awaitServing,
  certificateFile,
  configDirectory,
  configFile,
  healthPortFile,
  leavesFile,
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
    "/run/warren/balancer-leaves",
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
    awaitServing({ ...place, directory }, port, paths).replaceAll("/run/warren", directory);

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
rm -f /run/warren/balancer-leaves`);
  });

  test("ends well when the balancer answers 200 for both; the virtual IP may be here from then on", async () => {
    const port = await serve({ "/healthz": 200, "/configuration/1": 200 });
    const directory = makeDirectory({ "balancer-leaves": "" });
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
    const directory = makeDirectory({ "balancer-leaves": "" });
    const docker = { "logs --tail 20 haproxy": { stdout: "Server rabbitmq/rabbitmq1 is DOWN\n" } };
    const outcome = await runOnHost(script(directory, port), { stubs: { docker }, before: noWaiting });
    expect(outcome).toEqual({
      code: 1,
      stdout: "",
      stderr: `${sentence}\nServer rabbitmq/rabbitmq1 is DOWN\n`,
      calls: ["docker logs --tail 20 haproxy"],
    });
    expect(readdirSync(directory)).toEqual(["balancer-leaves"]);
  });
});

test("removeConfig takes the balancer's directory away, and nothing beside it", async () => {
  expect(removeConfig(place)).toBe("rm -rf /var/lib/warren/haproxy");
  const directory = makeDirectory({ "haproxy/conf/haproxy.cfg": "x" });
  writeFileSync(join(directory, "other"), "x");
  await runOnHost(removeConfig({ ...place, directory: join(directory, "haproxy") }));
  expect(readdirSync(directory)).toEqual(["other"]);
});
