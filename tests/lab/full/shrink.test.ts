import { clusterStatus, onHost, resetLab } from "../support/hosts";
import { Stack } from "../support/stack";

/** Queues of two members, the leaving one being the leader: whoever drains it first can take nothing out of them any more. */
describe("RabbitMQ 3.8.9 shrinks from three nodes to one", () => {
  const stack = new Stack("shrink", (config) => {
    config["warren:rabbitmq"].nodes.forEach((node) => {
      node.type = "disc";
    });
  });

  beforeAll(async () => {
    await resetLab();
    await stack.init();
    await stack.up();
  }, 300_000);

  afterAll(() => {
    stack.remove();
  });

  test("the last one has every quorum queue to itself, and leads it", async () => {
    const evaluate = (host: string, erlang: string): Promise<string> =>
      onHost(host, `docker exec -u rabbitmq rabbitmq rabbitmqctl -q eval '${erlang}'`);
    const { vhost } = await stack.outputs();
    // An update spreads the leaders: of so many, some are on each node.
    const names = `[{resource, <<"${vhost}">>, queue, <<"q", I>>} || I <- "12345678"]`;
    const quorum = `[{<<"x-queue-type">>, longstr, <<"quorum">>}]`;
    await evaluate(
      "host2",
      `[rabbit_amqqueue:declare(Name, true, false, ${quorum}, none, <<"test">>) || Name <- ${names}].`,
    );
    stack.change((config) => {
      config["warren:rabbitmq"].nodes.splice(1);
    });
    await stack.up();
    expect((await clusterStatus("host1")).disk_nodes).toEqual(["rabbit@rabbitmq1"]);
    const led = `length([Q || Q <- rabbit_amqqueue:list(), {ok, [Only], Only} <- [ra:members(amqqueue:get_pid(Q))]]).`;
    expect((await evaluate("host1", led)).trim()).toBe("8");
    await stack.up("--expect-no-changes");
  }, 600_000);
});
