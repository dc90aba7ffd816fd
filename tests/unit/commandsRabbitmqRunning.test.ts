import { awaitBoot, awaitWell, start, stop } from "../../commands/rabbitmq";
import { noWaiting, runOnHost } from "./support/bash";
import { serve } from "./support/web";

/* Whether a member runs, and how well. */

const broker = (tool: string, args: string) => `docker exec -u rabbitmq rabbitmq ${tool} -q ${args}`;

describe("well, stopped, started", () => {
  const place = { name: "rabbitmq2", container: "rabbitmq", directory: "/n" };
  const inspect = "docker inspect -f {{.State.Pid}} rabbitmq";
  const alarms = broker("rabbitmq-diagnostics", "check_local_alarms");
  const own = { "{{.State.Pid}}": { stdout: `${process.pid}\n` } };

  test("awaitWell, by its text", () => {
    const listens = `{ pid=$(docker inspect -f '{{.State.Pid}}' rabbitmq) && grep -qs ':1628 [0-9A-F:]* 0A' /proc/$pid/net/tcp /proc/$pid/net/tcp6; } 2> /dev/null`;
    expect(awaitWell(place, 5672)).toBe(`deadline=$((SECONDS + 600))
until { ${listens} && ${alarms}; } > /dev/null 2>&1; do
  if [ $SECONDS -ge $deadline ]; then
    echo "rabbitmq2 is not well: it does not serve, or an alarm (memory, disk space) holds publishers back" >&2
    exit 1
  fi
  sleep 1
done`);
  });

  test("is well when it listens, and no alarm is left", async () => {
    const port = await serve({});
    const docker = { ...own, check_local_alarms: [{ stdout: "disk alarm\n", code: 69 }, { stdout: "none\n" }] };
    const outcome = await runOnHost(awaitWell(place, port), { stubs: { docker }, before: noWaiting });
    expect(outcome).toEqual({ code: 0, stdout: "", stderr: "", calls: [inspect, alarms, inspect, alarms] });
  });

  test.each([
    ["it does not listen", false, {}],
    ["an alarm stays", true, { code: 69 }],
  ])("is not well where %s", async (_title, listens, reply) => {
    const port = listens ? await serve({}) : 1;
    const docker = { ...own, check_local_alarms: reply };
    const outcome = await runOnHost(awaitWell(place, port), { stubs: { docker }, before: noWaiting });
    expect([outcome.code, outcome.stderr]).toEqual([
      1,
      "rabbitmq2 is not well: it does not serve, or an alarm (memory, disk space) holds publishers back\n",
    ]);
  });

  test("a broker is stopped with its grace", async () => {
    const docker = { "stop -t 300 rabbitmq": { stdout: "rabbitmq\n" } };
    const outcome = await runOnHost(stop(place, 300), { stubs: { docker } });
    expect(outcome).toEqual({ code: 0, stdout: "", stderr: "", calls: ["docker stop -t 300 rabbitmq"] });
  });

  test("a broker is started, and waited for", async () => {
    expect(start(place, 5672)).toBe(`docker start rabbitmq > /dev/null\n${awaitBoot(place, 5672)}`);
    const port = await serve({});
    const docker = { "start rabbitmq": { stdout: "rabbitmq\n" }, ...own, await_startup: {} };
    const outcome = await runOnHost(start(place, port), { stubs: { docker }, before: noWaiting });
    const awaited = broker("rabbitmqctl", "await_startup");
    expect(outcome).toEqual({ code: 0, stdout: "", stderr: "", calls: ["docker start rabbitmq", inspect, awaited] });
  });
});
