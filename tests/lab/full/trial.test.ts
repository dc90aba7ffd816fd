import { loadavg } from "node:os";

import { clusterStatus, containerStarts, onEveryHost, onHost, resetLab, until } from "../support/hosts";
import { Stack, type StackFile } from "../support/stack";
import { mirrorQueues, Traffic } from "../support/traffic";

/*
 * What a broker does not start with is found before any broker is touched: the image itself tries it in a throw-away
 * container on each node's host. Each of these drained the first broker, which then restarted for ever.
 */

type Rabbitmq = StackFile["warren:rabbitmq"];

const version = process.env["WARREN_BROKER"] ?? "3.10.8";
const queues = [
  { name: "mirrored-live", type: "classic" },
  { name: "quorum-live", type: "quorum" },
] as const;
const neverStarts =
  /rabbitmq\d: the broker does not start, its container rabbitmq \w+( \w+)?: channel_max: "many" cannot be converted to a\(n\) integer/;
/** Longest run of an `up` that is refused, the engine's own start included; longer where the machine has much else to do. */
const longestSeconds = () => 20 * Math.max(1, (loadavg()[0] ?? 0) / 6);

/** What the brokers have mounted, to the second of its last change. */
const mounted = (): Promise<string[]> =>
  onEveryHost(
    "find /var/lib/warren/rabbitmq/*/conf /var/lib/warren/rabbitmq/*/hosts -printf '%p %i %m %u %T@ ' -type f -exec sha256sum {} ';' 2> /dev/null | sort",
  );
/** Which nodes are drained. Beside much else, the CLI may give up once. */
const drained = async (): Promise<string> => {
  let status: { maintenance_status?: object } = {};
  await until("the cluster tells its status", async () => {
    status = (await clusterStatus("host1")) as typeof status;
    return true;
  });
  return JSON.stringify(status.maintenance_status ?? {});
};
const throwAways = (): Promise<string[]> =>
  onEveryHost("docker ps -aq --filter label=io.warren.trial; ls -d /run/warren/trial-* 2> /dev/null || true");

describe(`on RabbitMQ ${version}`, () => {
  const stack = new Stack("trial", (config) => {
    config["warren:tls"] = { nodes: true };
    config["warren:rabbitmq"].image = `rabbitmq:${version}-management`;
    config["warren:rabbitmq"].nodes[2]!.type = "disc";
  });
  const good = structuredClone(stack.config()["warren:rabbitmq"]);

  beforeAll(async () => {
    await resetLab();
    await stack.init();
  }, 600_000);

  afterAll(() => {
    stack.remove();
  });

  const change = (edit: (rabbitmq: Rabbitmq) => void): void => {
    stack.change((config) => {
      config["warren:rabbitmq"] = structuredClone(good);
      edit(config["warren:rabbitmq"]);
    });
  };

  test("on a first deployment, where there is none to protect, the boot itself ends at once with the broker's reason", async () => {
    change((rabbitmq) => (rabbitmq.settings = { channel_max: "many" }));
    const { code, output } = await stack.try("up", "--yes", "--skip-preview", "--parallel", "32");
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringMatching(neverStarts) as string });
    expect(output).not.toContain("did not boot within");
    change(() => undefined);
    await stack.up();
    if (Number(version.split(".")[0]) < 4) await mirrorQueues("host1", (await stack.outputs()).vhost);
  }, 600_000);

  test.each<[string, (rabbitmq: Rabbitmq) => void, RegExp]>([
    [
      "a value of a known key",
      (rabbitmq) => (rabbitmq.settings = { channel_max: "many" }),
      /rabbitmq1: the image \S+ does not start with the new configuration: channel_max: "many" cannot be converted to a\(n\) integer/,
    ],
    [
      "a value of a plugin's key",
      (rabbitmq) => (rabbitmq.settings = { "management.rates_mode": "loud" }),
      /management\.rates_mode: "loud" is not a valid enum value/,
    ],
    [
      "a variable",
      (rabbitmq) => (rabbitmq["environment"] = { RABBITMQ_MAX_NUMBER_OF_PROCESSES: "abc" }),
      /bad number of processes abc/,
    ],
    [
      "a limit that leaves the broker too little memory",
      (rabbitmq) => (rabbitmq["memoryLimit"] = "48MB"),
      /it needs more memory than its limit of 45 MB/,
    ],
    [
      "a plugin that the image does not have",
      (rabbitmq) => (rabbitmq["plugins"] = ["rabbitmq_management", "rabbitmq_prometheus", "rabbitmq_shovl"]),
      /has no plugin rabbitmq_shovl, which warren:rabbitmq\.plugins names\. Did you mean rabbitmq_shovel\?/,
    ],
  ])(
    "%s is refused within 20 s, and nothing is touched",
    async (_title, edit, reason) => {
      const traffic = await Traffic.start(await stack.outputs(), [...queues]);
      try {
        const outputs = await stack.outputs();
        const before = [await containerStarts(), await mounted(), await drained()];
        // As a run leaves one that is killed.
        await onHost(
          "host1",
          `docker run -d --label io.warren.trial=rabbitmq1 rabbitmq:${version}-management sleep 1000`,
        );
        change(edit);
        const since = Date.now();
        const { code, output } = await stack.try("up", "--yes", "--skip-preview", "--parallel", "32");
        const seconds = (Date.now() - since) / 1000;
        expect({ code, output }).toMatchObject({ code: 1, output: expect.stringMatching(reason) as string });
        console.info(`refused after ${seconds.toFixed(1)} s, at a load of ${loadavg()[0]?.toFixed(1)}`);
        expect(seconds).toBeLessThan(longestSeconds());
        expect([await containerStarts(), await mounted(), await drained()]).toEqual(before);
        expect((await throwAways()).join("")).toBe("");
        expect(await stack.outputs()).toEqual(outputs);
        const report = await traffic.stop();
        expect({ lost: report.lost, reconnects: report.reconnects }).toEqual({ lost: 0, reconnects: 0 });
      } finally {
        traffic.end();
      }
      // With the former configuration, nothing has to be done on any host.
      change(() => undefined);
      expect(await stack.up()).not.toMatch(/^ *[~+-]+ +(?:command|docker):/m);
    },
    300_000,
  );

  test("a good change reaches a node's mounted files in its own turn", async () => {
    const heartbeat = (host: string, node: string): Promise<string> =>
      onHost(host, `grep heartbeat /var/lib/warren/rabbitmq/${node}/conf/rabbitmq.conf || true`);
    change((rabbitmq) => (rabbitmq.settings = { heartbeat: 30 }));
    const logged = stack.log.length;
    const run = stack.start("up", "--yes", "--skip-preview", "--parallel", "32");
    const begun = () => Promise.resolve(/rabbitmq1-container \S*(?:deleting|creating)/.test(stack.log.slice(logged)));
    await until("the first node is being replaced", begun, 300);
    expect([await heartbeat("host1", "rabbitmq1"), await heartbeat("host3", "rabbitmq3")]).toEqual([
      "heartbeat = 30",
      "",
    ]);
    expect((await run.ended).code).toBe(0);
    expect(await heartbeat("host3", "rabbitmq3")).toBe("heartbeat = 30");
    await stack.up("--expect-no-changes");
  }, 900_000);
});
