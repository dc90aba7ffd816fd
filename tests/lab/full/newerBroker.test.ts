import { connect } from "../support/client";
import { clusterStatus, lab, resetLab, until } from "../support/hosts";
import { Stack, type Outputs } from "../support/stack";

/** `WARREN_BROKER=4.3.6` for one that Debian has in its testing release alone, as long as it has. */
const version = process.env["WARREN_BROKER"] ?? "4.0.5";
const image = `rabbitmq:${version}-management`;

/** A broker without RAM nodes and mirrored queues: three disc nodes and a quorum queue. */
describe(`RabbitMQ ${version}`, () => {
  const stack = new Stack("newer", (config) => {
    config["warren:rabbitmq"].image = image;
    config["warren:rabbitmq"].nodes.forEach((node) => {
      node.type = "disc";
    });
    config["warren:haproxy"].image = "haproxy:3.0";
  });
  let outputs: Outputs;

  beforeAll(async () => {
    await lab("images", image);
    await resetLab();
    await stack.init();
  }, 300_000);

  afterAll(() => {
    stack.remove();
  });

  async function publish(text: string): Promise<void> {
    const connection = await connect(outputs);
    const publisher = connection.createPublisher({ confirm: true });
    await publisher.send({ routingKey: "ledger", durable: true }, text);
    await publisher.close();
    await connection.close();
  }

  async function get(): Promise<unknown> {
    const connection = await connect(outputs);
    const message = await connection.basicGet({ queue: "ledger", noAck: true });
    await connection.close();
    return message?.body;
  }

  test("a RAM node is refused before anything is touched", async () => {
    stack.change((config) => {
      config["warren:rabbitmq"].image = "rabbitmq:4.3.0-management";
      config["warren:rabbitmq"].nodes[2]!.type = "ram";
    });
    const { code, output } = await stack.try("preview");
    stack.change((config) => {
      config["warren:rabbitmq"].image = image;
      config["warren:rabbitmq"].nodes[2]!.type = "disc";
    });
    expect(code).not.toBe(0);
    expect(output).toContain("warren:rabbitmq.nodes[2].type");
  }, 60_000);

  test("up ends with three disc nodes", async () => {
    await stack.up();
    outputs = await stack.outputs();
    const status = await clusterStatus("host2");
    expect(status.disk_nodes.sort()).toEqual(["rabbit@rabbitmq1", "rabbit@rabbitmq2", "rabbit@rabbitmq3"]);
    expect(status.running_nodes).toHaveLength(3);
    expect((await stack.check()).output).toContain("newer: all is well.");
  }, 300_000);

  test("a quorum queue on all three takes and gives messages through the virtual IP", async () => {
    const connection = await connect(outputs);
    await connection.queueDeclare({ queue: "ledger", durable: true, arguments: { "x-queue-type": "quorum" } });
    const publisher = connection.createPublisher({ confirm: true });
    await publisher.send({ routingKey: "ledger", durable: true }, "entry");
    const received: string[] = [];
    const consumer = connection.createConsumer({ queue: "ledger", queueOptions: { passive: true } }, (message) => {
      received.push(String(message.body));
    });
    await until("the message comes back", () => Promise.resolve(received.length > 0), 20);
    await consumer.close();
    await publisher.close();
    await connection.close();
    expect(received).toEqual(["entry"]);
  }, 60_000);

  test("the cluster is stopped, and started with what it had", async () => {
    const stopped = (value: boolean): Promise<string> => {
      stack.change((config) => {
        config["warren:rabbitmq"]["stopped"] = value;
      });
      return stack.up();
    };
    await publish("kept");
    await stopped(true);
    await stack.up("--expect-no-changes");
    // One after the other, each would wait for the others' majority where Khepri keeps the metadata.
    await stopped(false);
    expect((await clusterStatus("host1")).running_nodes).toHaveLength(3);
    expect(await get()).toBe("kept");
  }, 400_000);

  test("two of the three leave, and the queue lives on with the last one", async () => {
    await publish("still here");
    stack.change((config) => {
      config["warren:rabbitmq"].nodes.splice(1);
    });
    await stack.up();
    expect((await clusterStatus("host1")).disk_nodes).toEqual(["rabbit@rabbitmq1"]);
    expect(await get()).toBe("still here");
  }, 400_000);

  test("an up that changes nothing has no step; destroy ends it", async () => {
    await stack.up("--expect-no-changes");
    await stack.destroy();
  }, 180_000);
});
