import { existsSync, readdirSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

import {
  awaitBoot,
  cli,
  erlangName,
  found,
  joinCluster,
  makeDirectories,
  moveAside,
  reset,
  startApp,
  stopApp,
} from "../../commands/rabbitmq";
import { noWaiting, runOnHost } from "./support/bash";
import { makeDirectory } from "./support/directory";
import { serve } from "./support/web";

const place = { name: "rabbitmq2", container: "rabbitmq", directory: "/var/lib/warren/rabbitmq" };

test("a node's Erlang name", () => {
  expect(erlangName("rabbitmq2")).toBe("rabbit@rabbitmq2");
});

test("a CLI call runs as the user that owns the cookie, and prints nothing but its answer", () => {
  expect(cli(place, "rabbitmqctl", "status")).toBe("docker exec -u rabbitmq rabbitmq rabbitmqctl -q status");
});

describe("makeDirectories", () => {
  test("by its text", () => {
    expect(makeDirectories(place)).toBe(`mkdir -p /var/lib/warren/rabbitmq/data /var/lib/warren/rabbitmq/conf
chmod 711 /var/lib/warren/rabbitmq
chown "$container_owner" /var/lib/warren/rabbitmq/data /var/lib/warren/rabbitmq/conf
chmod 750 /var/lib/warren/rabbitmq/data /var/lib/warren/rabbitmq/conf`);
  });

  test("run again, leaves the data alone", async () => {
    const directory = makeDirectory({ "node/data/mnesia/table": "x" });
    const node = join(directory, "node");
    const { uid, gid } = userInfo();
    const script = `container_owner=${uid}:${gid}\n${makeDirectories({ ...place, directory: node })}`;
    expect((await runOnHost(script)).code).toBe(0);
    expect(existsSync(join(node, "data/mnesia/table"))).toBe(true);
    const modes = [node, join(node, "data"), join(node, "conf")].map((path) => statSync(path).mode & 0o777);
    expect(modes).toEqual([0o711, 0o750, 0o750]);
  });
});

describe("moveAside", () => {
  test("by its text", () => {
    expect(moveAside(place)).toBe(`if [ -d /var/lib/warren/rabbitmq ]; then
  rm -rf /var/lib/warren/rabbitmq/conf /var/lib/warren/rabbitmq/hosts /var/lib/warren/rabbitmq/data/.erlang.cookie /var/lib/warren/rabbitmq/data/rotation
  mv /var/lib/warren/rabbitmq /var/lib/warren/rabbitmq.removed-$(date -u +%Y%m%dT%H%M%SZ)
fi`);
  });

  test("keeps the data under the date, and neither cookie nor configuration", async () => {
    const directory = makeDirectory({
      "rabbitmq/conf/rabbitmq.conf": "default_pass = secret",
      "rabbitmq/data/.erlang.cookie": "secret",
      "rabbitmq/data/rotation/.erlang.cookie": "secret",
      "rabbitmq/data/mnesia/table": "x",
      "rabbitmq/hosts": "x",
    });
    const script = moveAside({ ...place, directory: join(directory, "rabbitmq") });
    expect((await runOnHost(script)).code).toBe(0);
    const [moved = "", ...others] = readdirSync(directory);
    expect(others).toEqual([]);
    expect(moved).toMatch(/^rabbitmq\.removed-\d{8}T\d{6}Z$/);
    expect(readdirSync(join(directory, moved), { recursive: true }).sort()).toEqual([
      "data",
      "data/mnesia",
      "data/mnesia/table",
    ]);
    expect((await runOnHost(script)).code).toBe(0);
  });
});

describe("awaitBoot", () => {
  test("looks for the listener in /proc, by its port in hex, and asks the CLI once only", () => {
    expect(awaitBoot(place, 5672)).toBe(`trap '[ $? = 0 ] || docker logs --tail 30 rabbitmq >&2' EXIT
deadline=$((SECONDS + 600))
until { pid=$(docker inspect -f '{{.State.Pid}}' rabbitmq) && grep -qs ':1628 [0-9A-F:]* 0A' /proc/$pid/net/tcp /proc/$pid/net/tcp6; } 2> /dev/null; do
  if [ $SECONDS -ge $deadline ]; then
    echo "rabbitmq2 did not boot within 600 s" >&2
    exit 1
  fi
  sleep 0.2
done
docker exec -u rabbitmq rabbitmq rabbitmqctl -q await_startup`);
  });

  test.each([
    [80, "0050"],
    [5672, "1628"],
    [65535, "FFFF"],
  ])("port %i is %s there", (port, hex) => {
    expect(awaitBoot(place, port)).toContain(`':${hex} [0-9A-F:]* 0A'`);
  });

  /** In place of the container's first process: this one. */
  const inspect = { "inspect -f {{.State.Pid}} rabbitmq": { stdout: `${process.pid}\n` } };
  const asked = "docker inspect -f {{.State.Pid}} rabbitmq";

  test.each([
    ["IPv4", "127.0.0.1", 0],
    ["IPv6, with clients that are back already", "::", 300],
  ])("ends well once something listens by %s", async (_title, host, clients) => {
    const port = await serve({}, { host }, clients);
    const docker = { ...inspect, "rabbitmqctl -q await_startup": {}, logs: {} };
    const outcome = await runOnHost(awaitBoot(place, port), { stubs: { docker }, before: noWaiting });
    expect(outcome).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
      calls: [asked, "docker exec -u rabbitmq rabbitmq rabbitmqctl -q await_startup"],
    });
  });

  test("fails with its sentence and the broker's log when nothing listens", async () => {
    const docker = { ...inspect, "logs --tail 30 rabbitmq": { stdout: "eacces\n" } };
    const { code, stderr } = await runOnHost(awaitBoot(place, 1), { stubs: { docker }, before: noWaiting });
    expect([code, stderr]).toEqual([1, "rabbitmq2 did not boot within 600 s\neacces\n"]);
  });

  test("fails, with the log, when there is no container", async () => {
    const docker = {
      inspect: { code: 1 },
      "logs --tail 30 rabbitmq": { run: "echo 'No such container' >&2", code: 1 },
    };
    const { code, stderr } = await runOnHost(awaitBoot(place, 1), { stubs: { docker }, before: noWaiting });
    expect([code, stderr]).toEqual([1, "rabbitmq2 did not boot within 600 s\nNo such container\n"]);
  });
});

describe("joining", () => {
  /** What stands before each step but the last. */
  const guard = `members() {
  if [ -e /var/lib/warren/rabbitmq/data/mnesia/rabbit@rabbitmq2/cluster_nodes.config ]; then cat /var/lib/warren/rabbitmq/data/mnesia/rabbit@rabbitmq2/cluster_nodes.config; else docker exec -u rabbitmq rabbitmq rabbitmqctl -q cluster_status --formatter json | grep -o '"disk_nodes":[^]]*'; fi |
    grep -o 'rabbit@[A-Za-z0-9_-]*' | sort -u
}
holds_data() { [ -n "$(find /var/lib/warren/rabbitmq/data/mnesia/rabbit@rabbitmq2/msg_stores/vhosts/*/queues /var/lib/warren/rabbitmq/data/mnesia/rabbit@rabbitmq2/quorum/rabbit@rabbitmq2 -mindepth 1 -maxdepth 1 -type d 2> /dev/null | head -n 1)" ]; }
known=$(members || true)
if [ -z "$known" ] && [ ! -e /var/lib/warren/rabbitmq/joining ]; then
  echo "it cannot be told whether rabbitmq2 is a member of a cluster: nothing was changed" >&2
  exit 1
fi
if [ -n "$known" ] && grep -vx rabbit@rabbitmq2 <<< "$known" > /dev/null; then
  echo "rabbitmq2 is a member already: left alone"
  exit 0
fi
if holds_data; then
  echo "rabbitmq2 has queues of its own in /var/lib/warren/rabbitmq/data and is in no cluster: joining would wipe them. Move the directory away, or take the node out of the configuration" >&2
  exit 1
fi
`;

  test("reset is guarded", () => {
    expect(reset(place)).toBe(`${guard}docker exec -u rabbitmq rabbitmq rabbitmqctl -q reset`);
  });

  test.each([
    ["disc", ""],
    ["ram", "--ram "],
  ] as const)("join-cluster is guarded, %s", (type, option) => {
    expect(joinCluster(place, "rabbitmq1", ["rabbitmq3", "rabbitmq4"], type)).toBe(`${guard}said=
for peer in rabbit@rabbitmq1 rabbit@rabbitmq3 rabbit@rabbitmq4; do
  if [ $peer != rabbit@rabbitmq1 ]; then
    docker exec -u rabbitmq rabbitmq rabbitmqctl -q -n $peer list_global_parameters --no-table-headers 2> /dev/null | grep '^warren_members[[:space:]]' | grep -qF '"'$peer'"' || continue
  fi
  if said=$(docker exec -u rabbitmq rabbitmq rabbitmqctl -q join_cluster ${option}$peer 2>&1); then exit 0; fi
  case $said in *inconsistent_cluster*) ;; *) continue ;; esac
  docker exec -u rabbitmq rabbitmq rabbitmqctl -q -n $peer forget_cluster_node rabbit@rabbitmq2
  if said=$(docker exec -u rabbitmq rabbitmq rabbitmqctl -q join_cluster ${option}$peer 2>&1); then exit 0; fi
done
printf '%s\n' "$said" >&2
exit 1`);
  });

  test("the founder joins nobody, and says so", async () => {
    expect(found(place)).toBe('echo "rabbitmq2 founds the cluster: it joins nobody"');
    expect(await runOnHost(found(place), { stubs: { docker: {} } })).toMatchObject({ code: 0, calls: [] });
  });

  test("stop-app is guarded, and marks the node as on its way", () => {
    const call = "docker exec -u rabbitmq rabbitmq rabbitmqctl -q stop_app";
    expect(stopApp(place)).toBe(`${guard}touch /var/lib/warren/rabbitmq/joining\n${call}`);
  });

  test("start-app needs no guard: on a node that runs it does nothing", () => {
    const call = "docker exec -u rabbitmq rabbitmq rabbitmqctl -q start_app";
    expect(startApp(place, "[rabbitmq_management].\n")).toBe(
      `if [ -e /var/lib/warren/rabbitmq/joining ]; then printf %s '[rabbitmq_management].\n' > /var/lib/warren/rabbitmq/conf/enabled_plugins; fi\n${call}\nrm -f /var/lib/warren/rabbitmq/joining`,
    );
  });
});
