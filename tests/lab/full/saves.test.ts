import { connect, roundTrip } from "../support/client";
import { clusterStatus, holders, onHost, resetLab, until } from "../support/hosts";
import { Stack, type Outputs } from "../support/stack";

/** A formed cluster is kept with its state, and brought back after everything on the hosts is gone. */
describe("a saved cluster", () => {
  const stack = new Stack("saved");
  let outputs: Outputs;

  const serves = async (): Promise<void> => {
    await until("all three nodes run", async () => (await clusterStatus("host1")).running_nodes.length === 3, 180);
    await until("host4 holds the virtual IP alone", async () => (await holders()).join() === "host4", 60);
    await until("the virtual IP leads to a broker", async () => {
      await (await connect(outputs)).close();
      return true;
    });
  };

  beforeAll(async () => {
    await resetLab();
    await stack.init();
    await stack.up();
    outputs = await stack.outputs();
    const connection = await connect(outputs);
    await connection.queueDeclare({ queue: "classic", durable: true });
    await connection.queueDeclare({ queue: "quorum", durable: true, arguments: { "x-queue-type": "quorum" } });
    const publisher = connection.createPublisher({ confirm: true });
    for (const routingKey of ["classic", "quorum"]) {
      for (let i = 0; i < 20; i++) await publisher.send({ routingKey, durable: true }, `before ${i}`);
    }
    await publisher.close();
    await connection.close();
    await stack.save("formed");
  }, 600_000);

  afterAll(() => {
    stack.remove();
  });

  const messages = (): Promise<string> =>
    onHost("host1", "docker exec rabbitmq rabbitmqctl -q list_queues -p app name messages --formatter csv | sort");

  const isAsSaved = async (): Promise<void> => {
    await serves();
    expect(await messages()).toMatch(/"classic",20\n"name","messages"\n"quorum",20/);
    await stack.up("--expect-no-changes");
    expect((await stack.outputs()).password).toBe(outputs.password);
    expect(await roundTrip(outputs, "client", ["through the virtual IP"])).toEqual(["through the virtual IP"]);
  };

  test("goes on after it was saved", isAsSaved, 400_000);

  test("comes back after a destroy and a reset, and nothing is to be changed", async () => {
    await stack.destroy();
    await resetLab();
    await stack.restore("formed");
    await isAsSaved();
    expect(await stack.pulumi("refresh", "--yes", "--skip-preview")).not.toMatch(/ [~+-] /);
  }, 600_000);

  test("comes back as often as needed, without what was done since", async () => {
    await stack.up("--expect-no-changes");
    stack.change((config) => (config["warren:rabbitmq"].settings = { channel_max: 1000 }));
    await stack.restore("formed");
    expect(stack.config()["warren:rabbitmq"].settings).toBeUndefined();
    await isAsSaved();
  }, 600_000);
});
