import { connect as tcpConnect } from "node:net";

import { roundTrip } from "../support/client";
import { addresses, clusterStatus, holders, onHost, resetLab, until, vip } from "../support/hosts";
import { Stack, type Outputs } from "../support/stack";

/** The open ones of a host's TCP ports, as the stack's own machine finds them. */
async function openPorts(address: string, ports: number[]): Promise<number[]> {
  const open = ports.map(
    (port) =>
      new Promise<number[]>((resolve) => {
        const socket = tcpConnect({ host: address, port, timeout: 1500 });
        const end = (found: number[]) => {
          socket.destroy();
          resolve(found);
        };
        socket.once("connect", () => {
          end([port]);
        });
        socket.once("timeout", () => {
          end([]);
        });
        socket.once("error", () => {
          end([]);
        });
      }),
  );
  return (await Promise.all(open)).flat();
}

/** The same, seen from a host of the lab. */
async function openFrom(host: string, address: string, ports: number[]): Promise<number[]> {
  const ask = `for p in ${ports.join(" ")}; do timeout 1 bash -c ": < /dev/tcp/${address}/$p" 2> /dev/null && echo $p; done; true`;
  return (await onHost(host, ask)).split("\n").filter(Boolean).map(Number);
}

const clustering = [4369, 25672, 35672, 35682];
const brokers = [5672, 15672, 15692];
const every = [22, ...clustering, ...brokers, 5671, 1883, 8100, 15670, 111, 2375];

/** Three machines that carry everything; host4 and host5 are strangers, and host4's network may see the metrics. */
describe("the firewall", () => {
  const stack = new Stack("firewall", (config) => {
    delete config["warren:hosts"].host4;
    delete config["warren:hosts"].host5;
    config["warren:rabbitmq"].image = "rabbitmq:3.10.8-management";
    config["warren:haproxy"].hosts = ["host1", "host2"];
    config["warren:haproxy"].ports = { amqp: 15670, stats: 8100 };
    Object.assign(config, { "warren:firewall": { metrics: [`${addresses.host4}/32`] } });
  });
  let outputs: Outputs;

  beforeAll(async () => {
    await resetLab();
    await stack.init();
    await stack.up();
    outputs = await stack.outputs();
  }, 600_000);

  afterAll(() => {
    stack.remove();
  });

  test("the cluster forms behind it, and serves through the virtual IP", async () => {
    expect((await clusterStatus("host3")).running_nodes).toHaveLength(3);
    expect(await roundTrip(outputs, "orders", ["one"])).toEqual(["one"]);
  }, 60_000);

  test("a stranger finds SSH and the front door, and nothing else", async () => {
    expect(await openPorts(addresses.host1!, every)).toEqual([22, 8100, 15670]);
    expect(await openPorts(addresses.host3!, every)).toEqual([22]);
    expect(await openPorts(vip, every)).toEqual([22, 8100, 15670]);
    expect(await openFrom("host5", addresses.host1!, [...clustering, ...brokers, 15670])).toEqual([15670]);
  }, 60_000);

  test("members reach each other, and a named network what it was named for", async () => {
    const ports = [4369, 25672, ...brokers];
    expect(await openFrom("host3", addresses.host1!, ports)).toEqual(ports);
    expect(await openFrom("host4", addresses.host1!, ports)).toEqual([15692]);
    expect(await onHost("host1", "docker exec rabbitmq rabbitmqctl -q -n rabbit@rabbitmq3 list_vhosts")).toContain(
      "app",
    );
  }, 60_000);

  test("VRRP from a stranger does not count", async () => {
    const conf = `vrrp_instance other {\n interface eth0\n virtual_router_id 51\n priority 254\n virtual_ipaddress {\n ${vip}/24\n }\n}\n`;
    const dropped = () =>
      onHost("host1", "nft list table inet warren | sed -n 's/.*packets \\([0-9]*\\).*vrrp.*/\\1/p'");
    expect(await dropped()).toBe("0");
    await onHost("host5", `printf '${conf}' > /etc/keepalived/keepalived.conf; systemctl start keepalived`);
    await until("its advertisements are dropped", async () => Number(await dropped()) >= 3);
    expect(await onHost("host1", `ip -4 -o addr show to ${vip}`)).not.toBe("");
    await onHost("host5", "systemctl stop keepalived; rm /etc/keepalived/keepalived.conf");
    await until("host1 alone holds the virtual IP", async () => (await holders()).join() === "host1");
  }, 60_000);

  test("outlives what empties all rules, and a restart of Docker", async () => {
    await onHost("host3", "systemctl restart nftables; systemctl restart docker");
    await until("the broker is back", async () => (await clusterStatus("host1")).running_nodes.length === 3, 120);
    expect(await openPorts(addresses.host3!, every)).toEqual([22]);
    await stack.up("--expect-no-changes");
  }, 180_000);

  test("without the section it is gone, and nothing else with it", async () => {
    stack.change((config) => {
      delete (config as unknown as Record<string, unknown>)["warren:firewall"];
    });
    await stack.up();
    expect(await openPorts(addresses.host3!, [22, ...clustering, ...brokers])).toEqual([22, 4369, 25672, ...brokers]);
    expect(await onHost("host3", "nft list tables | grep -c warren; ls /etc/warren 2> /dev/null | wc -l")).toBe("0\n0");
    expect(await roundTrip(outputs, "orders", ["two"])).toEqual(["two"]);
    await stack.destroy();
  }, 240_000);
});
