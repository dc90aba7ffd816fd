import { brokerStarts, record, restarted } from "../support/figures";
import { addresses, clusterStatus, onHost, resetLab, until } from "../support/hosts";
import { brokerStates } from "../support/page";
import { Stack, type Outputs } from "../support/stack";
import { losses, mirrorQueues, Traffic } from "../support/traffic";

const version = "3.8.9";
const hosts = ["host1", "host2", "host3"];

/** Names of the brokers that a balancer sends clients to. */
async function brokersUp(balancer: string, { stats }: Outputs): Promise<string[]> {
  const states = await brokerStates(addresses[balancer] ?? "", stats);
  return Object.keys(states).filter((broker) => states[broker] === "UP");
}

/** One host and the others no longer hear each other, as by a broken cable between two racks; nothing is told so. */
async function cut(host: string): Promise<void> {
  const others = hosts.filter((other) => other !== host).map((other) => addresses[other]);
  const rule = (hook: string, side: string): string =>
    `nft add chain inet cut ${hook} '{ type filter hook ${hook} priority ${hook === "prerouting" ? -300 : 300}; }' && nft add rule inet cut ${hook} ip ${side} '{ ${others.join(", ")} }' drop`;
  await onHost(host, `nft add table inet cut && ${rule("prerouting", "saddr")} && ${rule("postrouting", "daddr")}`);
}

async function mend(host: string): Promise<void> {
  await onHost(host, "nft delete table inet cut");
}

describe(`RabbitMQ ${version}, a node cut off from the others`, () => {
  const stack = new Stack("partition");
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

  /** The host of the node that a queue's master or leader is on: the one to lose. */
  async function hostOf(queue: string): Promise<string> {
    const listed = await onHost(
      "host1",
      `docker exec rabbitmq rabbitmqctl -q list_queues -p ${outputs.vhost} name pid`,
    );
    const [, index = ""] = new RegExp(`^${queue}\\s.*rabbit@rabbitmq(\\d)`, "m").exec(listed) ?? [];
    return `host${index}`;
  }

  const running = async (host: string): Promise<string> => (await clusterStatus(host)).running_nodes.sort().join();
  const names = (of: string[]): string => of.map((host) => `rabbit@${host.replace("host", "rabbitmq")}`).join();

  test("pause_minority: it stops serving, the others go on, and it comes back by itself; nothing confirmed is lost", async () => {
    const traffic = await Traffic.start(outputs, [
      { name: "mirrored-live", type: "classic" },
      { name: "quorum-live", type: "quorum" },
      { name: "mirrored-rest", type: "classic", consumer: "afterwards" },
    ]);
    const before = await brokerStarts(hosts);
    const lone = await hostOf("mirrored-live");
    const others = hosts.filter((host) => host !== lone);
    await cut(lone);
    try {
      for (const host of others) {
        await until(`${host} misses ${lone}`, async () => (await running(host)) === names(others), 150);
      }
      for (const balancer of ["host4", "host5"]) {
        const up = async (): Promise<boolean> =>
          (await brokersUp(balancer, outputs)).map((name) => `rabbit@${name}`).join() === names(others);
        await until(`${balancer} sends clients to the majority alone`, up, 60);
      }
      await traffic.serves();
    } finally {
      await mend(lone);
    }
    for (const host of hosts) {
      await until(`${host} sees all three`, async () => (await running(host)) === names(hosts), 120);
    }
    for (const balancer of ["host4", "host5"]) {
      await until(`${balancer} knows them all`, async () => (await brokersUp(balancer, outputs)).length === 3);
    }
    const report = await traffic.stop();
    expect(losses(report)).toEqual({});
    const count = restarted(before, await brokerStarts(hosts));
    expect(count).toBe(0);
    const change = "A node is cut off (pause_minority)";
    record({ change, broker: version, traffic: report, restarted: count });
    await stack.up("--expect-no-changes");
  }, 600_000);

  test("autoheal: both sides go on and show the partition; when it is mended it heals, and a quorum queue loses nothing", async () => {
    const evaluate = (host: string, term: string): Promise<string> =>
      onHost(host, `docker exec rabbitmq rabbitmqctl -q eval '${term}.'`);
    for (const host of hosts) {
      await evaluate(host, "application:set_env(rabbit, cluster_partition_handling, autoheal)");
      // The other test has waited for the default of 60 s.
      await evaluate(host, "net_kernel:set_net_ticktime(8, 1)");
    }
    const traffic = await Traffic.start(outputs, [{ name: "quorum-healed", type: "quorum" }]);
    const before = await brokerStarts(hosts);
    const lone = await hostOf("quorum-healed");
    const others = hosts.filter((host) => host !== lone);
    await cut(lone);
    try {
      await until(`${lone} is alone`, async () => (await running(lone)) === names([lone]), 150);
      await traffic.serves();
    } finally {
      await mend(lone);
    }
    // The broker notices a partition when the sides meet again.
    const logged =
      "docker logs --since 10m rabbitmq 2>&1 | grep -c 'Autoheal request\\|Autoheal: I am the winner' || true";
    const count = async (): Promise<number> =>
      (await Promise.all(hosts.map((host) => onHost(host, logged)))).filter((lines) => lines !== "0").length;
    await until("the broker heals", async () => (await count()) > 0, 120);
    for (const host of hosts) {
      await until(`${host} sees all three`, async () => (await running(host)) === names(hosts), 120);
    }
    const report = await traffic.stop();
    expect(others).toHaveLength(2);
    expect(losses(report)).toEqual({});
    const times = restarted(before, await brokerStarts(hosts));
    expect(times).toBe(0);
    record({ change: "A node is cut off (autoheal)", broker: version, traffic: report, restarted: times });
  }, 600_000);
});
