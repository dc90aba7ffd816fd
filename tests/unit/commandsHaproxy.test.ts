import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

import {
  awaitServing,
  certificateFile,
  configDirectory,
  configFile,
  removeConfig,
  stage,
  takeUp,
} from "../../commands/haproxy";
import { noWaiting, runOnHost, type Stubs } from "./support/bash";
import { makeDirectory } from "./support/directory";
import { serve } from "./support/web";

const place = { container: "haproxy", directory: "/var/lib/warren/haproxy", image: "haproxy:2.6" };

test("files stand where the official image reads them", () => {
  expect([configDirectory, configFile, certificateFile]).toEqual([
    "/usr/local/etc/haproxy",
    "haproxy.cfg",
    "frontend.pem",
  ]);
});

describe("stage", () => {
  test("makes an empty directory beside the one in use", () => {
    expect(stage(place)).toBe(`rm -rf /var/lib/warren/haproxy/new
mkdir -p /var/lib/warren/haproxy/new /var/lib/warren/haproxy/conf
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
  test("waits for the health page, and shows the balancer's last words when it does not come", () => {
    expect(awaitServing(place, 8100, "/healthz")).toBe(`trap '[ $? = 0 ] || docker logs --tail 20 haproxy >&2' EXIT
deadline=$((SECONDS + 60))
until (exec 3<>/dev/tcp/127.0.0.1/8100 && printf '%b' 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && read -t 5 -r _ status _ <&3 && [ "$status" = 200 ]) 2> /dev/null; do
  if [ $SECONDS -ge $deadline ]; then
    echo "the balancer has no broker that it can send clients to" >&2
    exit 1
  fi
  sleep 0.1
done`);
  });

  test("ends well when the balancer answers 200", async () => {
    const port = await serve({ "/healthz": 200 });
    const outcome = await runOnHost(awaitServing(place, port, "/healthz"), { stubs: { docker: {} } });
    expect(outcome).toEqual({ code: 0, stdout: "", stderr: "", calls: [] });
  });

  test("fails with its sentence and the log when it goes on answering 503", async () => {
    const port = await serve({ "/healthz": 503 });
    const docker = { "logs --tail 20 haproxy": { stdout: "Server rabbitmq/rabbitmq1 is DOWN\n" } };
    expect(await runOnHost(awaitServing(place, port, "/healthz"), { stubs: { docker }, before: noWaiting })).toEqual({
      code: 1,
      stdout: "",
      stderr: "the balancer has no broker that it can send clients to\nServer rabbitmq/rabbitmq1 is DOWN\n",
      calls: ["docker logs --tail 20 haproxy"],
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
