import { brokerStarts, record, restarted } from "../support/figures";
import { clusterStatus, holders, onHost, resetLab } from "../support/hosts";
import { Stack } from "../support/stack";
import { mirrorQueues, Traffic } from "../support/traffic";

/** Another version of the broker, one node after the other, under live traffic. */
describe("RabbitMQ 3.8.9 becomes 3.10.8", () => {
  const brokers = ["host1", "host2", "host3"];
  const stack = new Stack("upgrade");
  let traffic: Traffic | undefined;

  beforeAll(async () => {
    await resetLab();
    await stack.init();
    await stack.up();
    await mirrorQueues("host1", (await stack.outputs()).vhost);
  }, 300_000);

  afterAll(() => {
    traffic?.end();
    stack.remove();
  });

  test("a jump that RabbitMQ does not support is refused in the preview, with the way there", async () => {
    stack.change((config) => {
      config["warren:rabbitmq"].image = "rabbitmq:3.10.8-management";
    });
    const { code, output } = await stack.try("preview");
    expect(code).not.toBe(0);
    expect(output).toContain("must be reached from 3.8.9, which the data are of, by way of 3.9");
  });

  test("where it is asked for all the same, nodes are replaced one by one, and nothing is lost", async () => {
    stack.change((config) => {
      config["warren:rabbitmq"]["unsupportedUpgrade"] = "3.8.9 to 3.10.8";
    });
    traffic = await Traffic.start(await stack.outputs(), [
      { name: "mirrored", type: "classic" },
      { name: "quorum", type: "quorum" },
    ]);
    const before = await brokerStarts(brokers);
    await stack.up();
    const report = await traffic.stop();
    const count = restarted(before, await brokerStarts(brokers));
    expect({ lost: report.lost, restarted: count }).toEqual({ lost: 0, restarted: 3 });
    record({ change: "The broker is upgraded", broker: "3.8.9 to 3.10.8", traffic: report, restarted: count });
    const { versions, ram_nodes } = await clusterStatus("host2");
    expect(Object.values(versions).map((version) => version.rabbitmq_version)).toEqual(["3.10.8", "3.10.8", "3.10.8"]);
    expect(ram_nodes).toEqual(["rabbit@rabbitmq3"]);
    const flags = "docker exec -u rabbitmq rabbitmq rabbitmqctl list_feature_flags --silent name state stability";
    expect(await onHost("host1", flags)).not.toMatch(/\tdisabled\tstable/);
    expect(await holders()).toEqual(["host4"]);
    await stack.up("--expect-no-changes");
  }, 600_000);
});
