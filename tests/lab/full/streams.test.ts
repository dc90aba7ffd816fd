import { connect } from "../support/client";
import { onHost, resetLab, until } from "../support/hosts";
import { Stack } from "../support/stack";

/*
 * Streams are replicated by ports of their own, which the brokers' containers publish and the firewall lets members use. What
 * was confirmed outlives a restart of every node, and a node that leaves.
 */

const queue = "readings";

describe.each(["3.10.8", "4.0.5"])("streams on RabbitMQ %s", (version) => {
  const stack = new Stack(`streams-${version.replaceAll(".", "-")}`, (config) => {
    Object.assign(config, { "warren:firewall": {} });
    config["warren:rabbitmq"].image = `rabbitmq:${version}-management`;
    config["warren:rabbitmq"].nodes.forEach((node) => {
      node.type = "disc";
    });
  });
  let confirmed = 0;

  beforeAll(async () => {
    await resetLab();
    await stack.init();
    await stack.up();
  }, 300_000);

  afterAll(() => {
    stack.remove();
  });

  /** Publishes with confirms through the virtual IP; each message is the number of its turn. */
  async function publish(count: number): Promise<void> {
    const connection = await connect(await stack.outputs());
    await connection.queueDeclare({ queue, durable: true, arguments: { "x-queue-type": "stream" } });
    const publisher = connection.createPublisher({ confirm: true });
    for (let index = 0; index < count; index++) {
      await publisher.send({ routingKey: queue, durable: true }, String(confirmed));
      confirmed++;
    }
    await publisher.close();
    await connection.close();
  }

  /** Reads the stream from its beginning. */
  async function read(): Promise<string[]> {
    const connection = await connect(await stack.outputs());
    const found: string[] = [];
    const options = { queue, queueOptions: { passive: true }, qos: { prefetchCount: 100 } };
    const consumer = connection.createConsumer({ ...options, arguments: { "x-stream-offset": "first" } }, (message) => {
      found.push(String(message.body));
    });
    await until(`${confirmed} messages come`, () => Promise.resolve(found.length >= confirmed), 30);
    await consumer.close();
    await connection.close();
    return found;
  }

  const all = (): string[] => Array.from({ length: confirmed }, (_, index) => String(index));

  /** How many members of the stream are there, and how many of them have what the others have. */
  async function members(): Promise<string> {
    const text = `docker exec rabbitmq rabbitmqctl -q list_queues name members online --formatter json`;
    const [found] = JSON.parse(await onHost("host1", text)) as { members: string[]; online: string[] }[];
    return `${found?.online.length} of ${found?.members.length}`;
  }

  test("what is published is confirmed, and read again", async () => {
    await publish(200);
    expect(await read()).toEqual(all());
    expect(await members()).toBe("3 of 3");
  }, 120_000);

  test("every node is restarted, one after the other: nothing is lost, and every replica is back", async () => {
    stack.change((config) => {
      config["warren:rabbitmq"].settings = { ...config["warren:rabbitmq"].settings, channel_max: 1000 };
    });
    await stack.up();
    await until("the replicas are back", async () => (await members()) === "3 of 3", 60);
    expect(await read()).toEqual(all());
    await publish(50);
    expect(await read()).toEqual(all());
  }, 400_000);

  test("a node leaves: the stream lives on with the others, with all that it had", async () => {
    stack.change((config) => {
      config["warren:rabbitmq"].nodes.pop();
    });
    await stack.up();
    expect(await members()).toBe("2 of 2");
    await publish(50);
    expect(await read()).toEqual(all());
  }, 300_000);

  test("the brokers' logs are not filled by replicas that cannot start", async () => {
    const sizes = ["host1", "host2"].map((host) =>
      onHost(host, "stat -c %s \"$(docker inspect -f '{{.LogPath}}' rabbitmq)\""),
    );
    for (const size of await Promise.all(sizes)) expect(Number(size)).toBeLessThan(3_000_000);
  }, 60_000);
});
