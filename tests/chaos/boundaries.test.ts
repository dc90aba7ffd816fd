import { roundTrip } from "../lab/support/client";
import { brokerStarts, record, restarted, type Figure } from "../lab/support/figures";
import { clusterStatus, holders, onHost, resetLab, until } from "../lab/support/hosts";
import { kill } from "../lab/support/kill";
import { Stack, type StackFile } from "../lab/support/stack";
import { losses, mirrorQueues, Traffic } from "../lab/support/traffic";
import { killAtEveryStep, killEvery } from "./support/boundaries";

const version = "3.8.9";
const hosts = ["host1", "host2", "host3", "host4"];
/** Every step of every change is a run of its own, and the machine may have much else to do. */
const patience = 2_400_000;

/** One life of one stack: each of its changes is killed at every step, with everything that the CLI had started. */
describe("an up that is killed at every step it begins", () => {
  const stack = new Stack("boundaries", (config) => {
    // The page is the balancers' own, since a broker comes to live on one of their hosts.
    delete config["warren:haproxy"].ports["management"];
  });

  beforeAll(async () => {
    await resetLab();
    await stack.init();
  }, 300_000);

  afterAll(() => {
    stack.remove();
  });

  /** The service is as configured, and nothing more is to be done or cleared. */
  async function expectWhole(disc: number[], ram: number[]): Promise<void> {
    const names = (numbers: number[]): string[] => numbers.map((number) => `rabbit@rabbitmq${number}`);
    for (const number of [...disc, ...ram]) {
      const status = await clusterStatus(`host${number}`);
      expect(status.disk_nodes.sort()).toEqual(names(disc));
      expect(status.ram_nodes.sort()).toEqual(names(ram));
      expect(status.running_nodes.sort()).toEqual(names([...disc, ...ram].sort()));
    }
    expect(await holders()).toEqual(["host4"]);
    expect(await stack.recover()).toMatchObject({ code: 0 });
    expect(await stack.export("encrypted")).not.toContain('"pending_operations"');
    await stack.up("--expect-no-changes");
  }

  /** Makes a change under live traffic, of which nothing that was confirmed is lost. */
  async function change(
    name: Figure["change"],
    edit: (rabbitmq: StackFile["warren:rabbitmq"]) => void,
    { kills, restarts }: { kills: string[]; restarts: number },
  ): Promise<void> {
    const traffic = await Traffic.start(await stack.outputs(), [
      { name: "mirrored-live", type: "classic" },
      { name: "quorum-live", type: "quorum" },
      { name: "mirrored-rest", type: "classic", consumer: "afterwards" },
    ]);
    try {
      const before = await brokerStarts(hosts);
      stack.change((config) => {
        edit(config["warren:rabbitmq"]);
      });
      const killedAt = await killAtEveryStep(stack);
      const report = await traffic.stop();
      const count = restarted(before, await brokerStarts(hosts));
      expect({ lost: losses(report), restarted: count }).toEqual({ lost: {}, restarted: restarts });
      expectKills(killedAt, kills);
      if (killEvery === 1) record({ change: name, broker: version, traffic: report, restarted: count });
    } finally {
      traffic.end();
    }
  }

  function expectKills(killedAt: string[], some: string[]): void {
    process.stderr.write(`${killedAt.length} runs were killed: ${killedAt.join(", ")}\n`);
    expect(killedAt).not.toEqual([]);
    if (killEvery === 1) {
      expect(killedAt).toEqual(expect.arrayContaining(some));
    }
  }

  test("recover leaves a run alone that goes on", async () => {
    const run = stack.start("up", "--yes", "--skip-preview", "--parallel", "32");
    await until("the run is under way", () => Promise.resolve(stack.log.includes("creating")));
    const refused = await stack.recover();
    expect(refused.code).toBe(1);
    expect(refused.output).toContain(`process ${run.process.pid} on this machine, goes on`);
    kill(run.process.pid ?? 0);
    await run.ended;
  }, 120_000);

  test(
    "the first one: the last run finishes it",
    async () => {
      const killedAt = await killAtEveryStep(stack);
      expectKills(killedAt, ["create rabbitmq1-container", "create rabbitmq2-boot", "create vip-host4-service"]);
      await expectWhole([1, 2], [3]);
      const outputs = await stack.outputs();
      expect(await roundTrip(outputs, "orders", ["after all"])).toEqual(["after all"]);
      await mirrorQueues("host1", outputs.vhost);
    },
    patience,
  );

  test(
    "a rolling change of a setting",
    async () => {
      const settings = { channel_max: 1000 };
      await change("A setting changes, killed at every step", (rabbitmq) => Object.assign(rabbitmq, { settings }), {
        kills: [1, 2, 3].map((number) => `replace rabbitmq${number}-container`),
        restarts: 3,
      });
      for (const host of ["host1", "host2", "host3"]) {
        const environment = await onHost(host, "docker exec rabbitmq rabbitmqctl -q environment");
        expect(environment).toContain("{channel_max,1000}");
      }
      await expectWhole([1, 2], [3]);
    },
    patience,
  );

  test(
    "a node joins",
    async () => {
      await change(
        "A node joins, killed at every step",
        (rabbitmq) => rabbitmq.nodes.push({ name: "rabbitmq4", host: "host4", type: "disc" }),
        { kills: ["create rabbitmq4-container"], restarts: 0 },
      );
      await expectWhole([1, 2, 4], [3]);
    },
    patience,
  );

  test(
    "a node is taken out",
    async () => {
      await change("A node is taken out, killed at every step", (rabbitmq) => rabbitmq.nodes.splice(1, 1), {
        kills: ["delete rabbitmq2-container"],
        restarts: 0,
      });
      await expectWhole([1, 4], [3]);
    },
    patience,
  );

  test("recover finishes a run that was killed, and clears what it left", async () => {
    stack.change((config) => {
      config["warren:haproxy"]["retries"] = 4;
    });
    const before = stack.log.length;
    const run = stack.start("up", "--yes", "--skip-preview", "--parallel", "32");
    const changes = (): boolean => /haproxy-host\d-config updating/.test(stack.log.slice(before));
    await until("it changes a balancer", () => Promise.resolve(changes()));
    kill(run.process.pid ?? 0);
    await run.ended;
    const { code, output } = await stack.recover();
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining("Its owner is gone") as string });
    expect(await onHost("host5", "grep -c 'retries 4' /var/lib/warren/haproxy/host5/conf/haproxy.cfg")).toBe("1");
    await expectWhole([1, 4], [3]);
  }, 180_000);
});
