import { roundTrip } from "../lab/support/client";
import { clusterStatus, holders, onHost, resetLab, until } from "../lab/support/hosts";
import { Stack } from "../lab/support/stack";

/** Moments of the first update, by what its log or the hosts show. */
const moments: { moment: string; reached: (stack: Stack) => Promise<boolean> }[] = [
  {
    moment: "while containers are made, one of them unknown to the state",
    reached: async () => (await onHost("host1", "docker ps -aq --filter name=^/rabbitmq$")) !== "",
  },
  {
    moment: "while the nodes boot",
    reached: (stack) => Promise.resolve(/rabbitmq2-boot creating/.test(stack.log)),
  },
  {
    moment: "while a node joins",
    reached: (stack) => Promise.resolve(/rabbitmq2-join-cluster creating/.test(stack.log)),
  },
  {
    moment: "while keepalived is set up",
    reached: (stack) => Promise.resolve(/vip-host4-service creating/.test(stack.log)),
  },
];

describe.each(moments)("the first up, killed $moment", ({ reached }) => {
  const stack = new Stack("killed");

  beforeAll(async () => {
    await resetLab();
    await stack.init();
  }, 300_000);

  afterAll(() => {
    stack.remove();
  });

  test("is finished by the next one", async () => {
    const { process, ended } = stack.start("up", "--yes", "--skip-preview", "--parallel", "32");
    await until("the moment comes", () => reached(stack), 120);
    process.kill("SIGKILL");
    expect((await ended).code).not.toBe(0);

    await stack.pulumi("cancel", "--yes");
    await stack.up();

    const status = await clusterStatus("host2");
    expect(status.disk_nodes.sort()).toEqual(["rabbit@rabbitmq1", "rabbit@rabbitmq2"]);
    expect(status.ram_nodes).toEqual(["rabbit@rabbitmq3"]);
    expect(status.running_nodes).toHaveLength(3);
    expect(await holders()).toEqual(["host4"]);
    const outputs = await stack.outputs();
    expect(await roundTrip(outputs, "orders", ["after all"])).toEqual(["after all"]);
    await stack.pulumi("refresh", "--yes", "--skip-preview", "--clear-pending-creates");
    await stack.up("--expect-no-changes");
  }, 600_000);
});
