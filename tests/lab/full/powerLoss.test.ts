import { brokerStarts, record, restarted } from "../support/figures";
import { clusterStatus, holders, lab, onHost, resetLab, until } from "../support/hosts";
import { Stack, type Outputs } from "../support/stack";
import { losses, mirrorQueues, Traffic, type TrafficQueue } from "../support/traffic";

const version = "3.8.9";

/** The whole cluster goes down, in order or all at once, and comes back with every confirmed message. */
describe(`RabbitMQ ${version}, down as a whole`, () => {
  const stack = new Stack("power");
  const all = ["host1", "host2", "host3", "host4", "host5"];
  const brokers = ["host1", "host2", "host3"];
  const queues: TrafficQueue[] = [
    { name: "mirrored-live", type: "classic" },
    { name: "quorum-live", type: "quorum" },
    { name: "mirrored-rest", type: "classic", consumer: "afterwards" },
    { name: "quorum-rest", type: "quorum", consumer: "afterwards" },
  ];
  let outputs: Outputs;
  let traffic: Traffic;

  beforeAll(async () => {
    await resetLab();
    await stack.init();
    await stack.up();
    outputs = await stack.outputs();
    await mirrorQueues("host1", outputs.vhost);
  }, 300_000);

  beforeEach(async () => {
    traffic = await Traffic.start(outputs, queues);
  }, 60_000);

  afterEach(() => {
    traffic.end();
  });

  afterAll(() => {
    stack.remove();
  });

  const allRun = async (): Promise<boolean> => (await clusterStatus("host1")).running_nodes.length === 3;

  test("stopped in order and started in the reverse, it serves again with every confirmed message", async () => {
    const before = await brokerStarts(brokers);
    for (const host of brokers.toReversed()) {
      await onHost(host, "docker stop -t 180 rabbitmq");
    }
    for (const host of brokers) {
      await onHost(host, "docker start rabbitmq");
    }
    await traffic.serves(120);
    await until("all three run", allRun);
    const report = await traffic.stop();
    expect(losses(report)).toEqual({});
    const count = restarted(before, await brokerStarts(brokers));
    expect(count).toBe(3);
    record({
      change: "The cluster is stopped and started by hand",
      broker: version,
      traffic: report,
      restarted: count,
    });
    await stack.up("--expect-no-changes");
  }, 400_000);

  test("all hosts without power at once, it comes back by itself with every confirmed message", async () => {
    const before = await brokerStarts(brokers);
    await lab("stop", ...all);
    await Promise.all(all.map(async (host) => lab("start", host)));
    await traffic.serves(240);
    await until("all three run", allRun, 120);
    const report = await traffic.stop();
    expect(losses(report)).toEqual({});
    const count = restarted(before, await brokerStarts(brokers));
    expect(count).toBe(3);
    record({ change: "Power loss of all hosts", broker: version, traffic: report, restarted: count });
    // Whose balancer is back first has it until the preferred one's serves.
    await until("host4 holds the virtual IP alone", async () => (await holders()).join() === "host4");
    await stack.up("--expect-no-changes");
  }, 500_000);

  test("the machine of the node that stopped last is lost: without it, the others come back with every confirmed message", async () => {
    const before = await brokerStarts(brokers);
    await traffic.hold();
    for (const host of brokers.toReversed()) {
      await onHost(host, "docker stop -t 180 rabbitmq");
    }
    await lab("stop", "host1");
    // As docs/operations.md says. A mirror that starts before this wipes itself, to copy a master that never comes.
    const survivors = ["host2", "host3"];
    const data = "/var/lib/rabbitmq/mnesia/rabbit@rabbitmq2";
    const environment = `-e RABBITMQ_MNESIA_DIR=${data} -e RABBITMQ_FEATURE_FLAGS_FILE=${data}-feature_flags`;
    await onHost(
      "host2",
      `docker run --rm --hostname rabbitmq2 --volumes-from rabbitmq ${environment} rabbitmq:${version}-management rabbitmqctl forget_cluster_node --offline rabbit@rabbitmq1`,
    );
    for (const host of survivors) {
      await onHost(host, "docker start rabbitmq");
    }
    traffic.resume();
    await traffic.serves(240);
    const two = async (): Promise<boolean> => (await clusterStatus("host2")).running_nodes.length === 2;
    await until("both survivors run", two, 120);
    const report = await traffic.stop();
    expect(losses(report)).toEqual({});
    const count = restarted(before, await brokerStarts(survivors));
    expect(count).toBe(2);
    const change = "Power loss, the node that stopped last is lost";
    record({ change, broker: version, traffic: report, restarted: count });
  }, 600_000);
});
