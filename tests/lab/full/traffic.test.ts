import { containerStarts, onHost, resetLab } from "../support/hosts";
import { brokerStarts, record, restarted } from "../support/figures";
import { Stack, type Outputs } from "../support/stack";
import { mirrorQueues, Traffic, type TrafficQueue } from "../support/traffic";

/** The witness of all tests of the cluster's life has to notice what it is there to notice. */
describe("live traffic", () => {
  const stack = new Stack("traffic");
  const brokers = ["host1", "host2", "host3"];
  const queues: TrafficQueue[] = [
    { name: "mirrored-live", type: "classic" },
    { name: "quorum-live", type: "quorum" },
    { name: "mirrored-rest", type: "classic", consumer: "afterwards" },
  ];
  let outputs: Outputs;

  beforeAll(async () => {
    await resetLab();
    await stack.init();
    await stack.up();
    outputs = await stack.outputs();
    await mirrorQueues("host1", outputs.vhost);
  }, 300_000);

  afterAll(() => {
    stack.remove();
  });

  test("sees nothing of an up that changes nothing", async () => {
    const traffic = await Traffic.start(outputs, queues);
    const [containers, before] = [await containerStarts(), await brokerStarts(brokers)];
    await stack.up("--expect-no-changes");
    const report = await traffic.stop();
    expect(report).toMatchObject({ lost: 0, duplicates: 0, reconnects: 0 });
    expect(Object.values(report.queues).map((queue) => queue.confirmed > 10)).toEqual([true, true, true]);
    expect(await containerStarts()).toBe(containers);
    const count = restarted(before, await brokerStarts(brokers));
    expect(count).toBe(0);
    record({ change: "Nothing changes", broker: "3.8.9", traffic: report, restarted: count });
  }, 120_000);

  test("notices messages that are lost, and how many", async () => {
    const traffic = await Traffic.start(outputs, queues);
    const purged = await onHost(
      "host1",
      `docker exec rabbitmq rabbitmqctl -q list_queues -p ${outputs.vhost} name messages | grep rest && docker exec rabbitmq rabbitmqctl -q purge_queue -p ${outputs.vhost} mirrored-rest`,
    );
    const report = await traffic.stop();
    const listed = Number(/mirrored-rest\s+(\d+)/.exec(purged)?.[1]);
    expect(listed).toBeGreaterThan(0);
    // More came in between the count and the purge.
    expect(report.queues["mirrored-rest"]?.lost).toBeGreaterThanOrEqual(listed);
    expect(report.queues["mirrored-live"]?.lost).toBe(0);
    expect(report.queues["quorum-live"]?.lost).toBe(0);
    expect(report.lost).toBe(report.queues["mirrored-rest"]?.lost);
  }, 120_000);

  test("notices a gap, through which it comes by itself, and a broker that was restarted", async () => {
    const before = await brokerStarts(brokers);
    const traffic = await Traffic.start(outputs, queues);
    await onHost("host4", "docker pause haproxy; sleep 8; docker unpause haproxy");
    await onHost("host1", "docker restart -t 60 rabbitmq");
    await traffic.serves();
    const report = await traffic.stop();
    expect(report.lost).toBe(0);
    expect(report.longestGapSeconds).toBeGreaterThan(1);
    expect(report.reconnects).toBeGreaterThan(0);
    expect(restarted(before, await brokerStarts(brokers))).toBe(1);
  }, 120_000);
});
