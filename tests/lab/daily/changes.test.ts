import { brokerStarts, restarted } from "../support/figures";
import { lab, onHost, resetLab, until } from "../support/hosts";
import { kill } from "../support/kill";
import { Life, members, node, quorumMembers } from "../support/life";
import { Stack } from "../support/stack";
import { losses, mirrorQueues } from "../support/traffic";

const version = "3.8.9";

/** What happens to a cluster in its first weeks, under live traffic. tests/lab/full/life.test.ts has the rest of its life. */
describe(`RabbitMQ ${version} grows, shrinks, loses a host, and outlives a killed run`, () => {
  const stack = new Stack("changes", (config) => {
    // Only the balancers offer the management page, since a broker joins on one of their hosts.
    delete config["warren:haproxy"].ports.management;
  });
  const life = new Life(stack, version);

  beforeAll(async () => {
    await resetLab();
    await stack.init();
    await stack.up();
    await mirrorQueues("host1", (await stack.outputs()).vhost);
  }, 900_000);

  afterAll(() => {
    stack.remove();
  });

  test("a node more: a disc node joins", async () => {
    await life.change((rabbitmq) => rabbitmq.nodes.push(node(4)), { as: "A disc node joins", restarts: 0 });
    expect(await members("host3")).toEqual({ disc: ["1", "2", "4"], ram: ["3"], running: ["1", "2", "3", "4"] });
  }, 600_000);

  test("a node less: it leaves with its part of every queue, and its data are kept aside", async () => {
    await life.change((rabbitmq) => rabbitmq.nodes.splice(1, 1), { as: "A node is taken out", restarts: 0 });
    expect(await members("host1")).toEqual({ disc: ["1", "4"], ram: ["3"], running: ["1", "3", "4"] });
    expect(await quorumMembers("host1")).toEqual(["1", "3", "4"]);
    expect(await onHost("host2", "docker ps -aq; ls /var/lib/warren/rabbitmq")).toMatch(/^rabbitmq2\.removed-\S+$/);
  }, 600_000);

  test("a killed run: recover leaves it alone while it goes on, and finishes it when it is dead", async () => {
    const traffic = await life.traffic();
    const before = await brokerStarts(life.hosts);
    try {
      stack.change((config) => {
        config["warren:rabbitmq"].settings = { channel_max: 1000 };
      });
      const logged = stack.log.length;
      const run = stack.start("up", "--yes", "--skip-preview", "--parallel", "32");
      const begun = () =>
        Promise.resolve(/rabbitmq\d-container \S*(?:deleting|creating)/.test(stack.log.slice(logged)));
      await until("the first node is being replaced", begun, 300);
      const refused = await stack.recover();
      expect(refused.code).toBe(1);
      expect(refused.output).toContain(`process ${run.process.pid} on this machine, goes on`);
      kill(run.process.pid ?? 0);
      await run.ended;
      const { code, output } = await stack.recover();
      expect({ code, output }).toMatchObject({
        code: 0,
        output: expect.stringContaining("Its owner is gone") as string,
      });
      expect(losses(await traffic.stop())).toEqual({});
    } finally {
      traffic.end();
    }
    expect(restarted(before, await brokerStarts(life.hosts))).toBe(3);
    for (const host of ["host1", "host3", "host4"]) {
      const environment = await onHost(host, "docker exec rabbitmq rabbitmqctl -q environment");
      expect(environment).toContain("{channel_max,1000}");
    }
    expect(await members("host4")).toEqual({ disc: ["1", "4"], ram: ["3"], running: ["1", "3", "4"] });
    expect(await stack.export("encrypted")).not.toContain('"pending_operations"');
    await stack.up("--expect-no-changes");
  }, 900_000);

  test("a lost host: its node is forgotten, without the host", async () => {
    await life.change(
      (_, config) => {
        config["warren:hosts"].host3!["lost"] = true;
      },
      {
        restarts: 0,
        meanwhile: async () => {
          life.hosts = life.hosts.filter((host) => host !== "host3");
          await lab("stop", "host3");
        },
      },
    );
    expect(await members("host1")).toEqual({ disc: ["1", "4"], ram: [], running: ["1", "4"] });
    expect(await quorumMembers("host4")).toEqual(["1", "4"]);
    expect((await stack.outputs()).nodes.map(({ name }) => name)).toEqual(["rabbitmq1", "rabbitmq4"]);
  }, 900_000);
});
