import { recordFaults, type FaultFigures } from "../support/faultTable";
import { HoldingWatch } from "../support/holding";
import { clusterStatus, holders, lab, onHost, resetLab, until, vip } from "../support/hosts";
import { Stack, type Outputs } from "../support/stack";
import { Traffic, type TrafficQueue } from "../support/traffic";

/** How often each fault is brought about. */
const rounds = Number(process.env["WARREN_FAULT_ROUNDS"] ?? 1);

const brokers = ["host1", "host2", "host3"];
const balancers = ["host4", "host5"];
/** `vip.advertisementSeconds`: two hosts never have the virtual IP for longer. */
const advertisementSeconds = 1;
const queues: TrafficQueue[] = [{ name: "faults", type: "quorum" }];

/** Kills a container's first process, as a crash would: Docker starts it again. */
const crash = (host: string, container: string) =>
  onHost(host, `kill -9 $(docker inspect -f '{{.State.Pid}}' ${container})`);

const onBalancers = (command: string) => Promise.all(balancers.map((host) => onHost(host, command)));

/**
 * Nothing comes in or goes out by a host's network, not even ARP, as if its cable were pulled; it is told of nothing. It heals
 * by itself, since nobody can log in to mend it.
 */
async function cutOff(host: string, seconds: number): Promise<void> {
  const chain = (hook: string, priority: number, side: string): string =>
    `chain ${hook} { type filter hook ${hook} priority ${priority}; ${side} "eth0" drop; };`;
  const ip = `table inet cut { ${chain("prerouting", -300, "iifname")} ${chain("postrouting", 300, "oifname")} }`;
  const arp = `table arp cut { ${chain("input", 0, "iifname")} ${chain("output", 0, "oifname")} }`;
  const file = "/run/warren-test-cut";
  const write = `printf '%s\\n' '${ip}' '${arp}' > ${file}`;
  const cutAndHeal = `nft -f ${file}; sleep ${seconds}; nft "delete table inet cut; delete table arp cut"`;
  // After a moment, so that this login ends first.
  await onHost(host, `${write} && systemd-run -q --collect bash -c 'sleep 0.5; ${cutAndHeal}'`);
}

/** Faults of everything between a client and the queues, under live traffic with confirms; and what the check says of them. */
describe("faults", () => {
  const stack = new Stack("faults", (config) => {
    config["warren:rabbitmq"].image = "rabbitmq:3.10.8-management";
    for (const node of config["warren:rabbitmq"].nodes) node.type = "disc";
    config["warren:haproxy"].check = { intervalSeconds: 1, rise: 1, fall: 2 };
    Object.assign(config, { "warren:firewall": {} });
  });
  let outputs: Outputs;
  let traffic: Traffic | undefined;
  const figures: FaultFigures[] = [];

  beforeAll(async () => {
    await resetLab();
    await stack.init();
    await stack.up();
    outputs = await stack.outputs();
  }, 600_000);

  afterAll(() => {
    recordFaults(figures);
    stack.remove();
  });

  const allWell = async (): Promise<boolean> =>
    (await holders()).join() === "host4" && (await stack.check()).code === 0;

  // One that goes on after a failure would take the next one's messages.
  afterEach(() => {
    traffic?.end();
  });

  test("the check says who is where, and that all is well", async () => {
    const { code, output } = await stack.check();
    expect(code).toBe(0);
    expect(output).toContain(`${vip}  host4    host4`);
    expect(output).toContain("host5     running  active      UP         UP         UP");
    expect(output).toMatch(/rabbitmq3 {2}host3 {2}running {2}disc {2}3\.10\.8 {3}none {4}no\n/);
    expect(output).toContain("faults: all is well.");
  }, 60_000);

  test("the check names what is not well, for people and for programs", async () => {
    await onHost("host5", "docker stop haproxy");
    await lab("stop", "host2");
    await until("the others have noticed", async () => (await clusterStatus("host1")).running_nodes.length === 2, 120);
    const { code, output } = await stack.check("--json");
    expect(code).toBe(1);
    const { faults } = JSON.parse(output) as { faults: string[] };
    // Nothing that follows from these two is one more: nobody misses rabbitmq2.
    expect(faults.sort()).toEqual([
      expect.stringMatching(/^host host2 does not answer: /),
      expect.stringMatching(/^host host5: the container haproxy is exited\. Runs again: /),
    ]);
    await lab("start", "host2");
    await onHost("host5", "docker start haproxy");
    await until("all is well again", allWell, 180);
    // The firewall came back with its host.
    expect(await onHost("host2", "nft list tables")).toContain("inet warren");
  }, 400_000);

  /** The fault itself, and its mending. */
  type Bring = (round: number) => Promise<unknown>;

  const faults: [fault: string, bring: Bring][] = [
    [
      "the holder's balancer is stopped, and started",
      async () => {
        await onHost("host4", "docker stop haproxy");
        await traffic?.serves();
        await onHost("host4", "docker start haproxy");
      },
    ],
    ["the holder's balancer crashes", async () => crash("host4", "haproxy")],
    [
      "keepalived is stopped on the holder, and started",
      async () => {
        await onHost("host4", "systemctl stop keepalived");
        await traffic?.serves();
        await onHost("host4", "systemctl start keepalived");
      },
    ],
    [
      "keepalived is killed on the holder",
      async () => {
        const pid = await onHost("host4", "systemctl show -P MainPID keepalived");
        await onHost("host4", "systemctl kill -s KILL keepalived");
        const now = () => onHost("host4", "systemctl show -P MainPID keepalived");
        await until("it is back", async () => !["0", pid].includes(await now()));
      },
    ],
    ["a broker crashes (each in turn)", async (round) => crash(brokers[round % brokers.length] ?? "", "rabbitmq")],
    [
      "both balancers flap, five times each",
      async () => {
        for (let turn = 0; turn < 10; turn++) {
          const host = balancers[turn % 2] ?? "";
          await onHost(host, "docker restart -t 1 haproxy");
        }
      },
    ],
    [
      "both balancers are stopped at once, and started",
      async () => {
        await onBalancers("docker stop haproxy");
        await until("nobody holds the virtual IP", async () => (await holders()).length === 0);
        await onBalancers("docker start haproxy");
      },
    ],
    [
      "the holder's network is cut, and heals after 10 s",
      async () => {
        await cutOff("host4", 10);
        await until("host5 has taken over", async () => (await onHost("host5", "ip -4 -o addr")).includes(` ${vip}/`));
        await traffic?.serves();
        await until("host4 is back on its network", async () => (await onHost("host4", "echo back")) === "back");
      },
    ],
    [
      "the holder's host loses its power, and is back",
      async () => {
        await lab("stop", "host4");
        await traffic?.serves();
        await lab("start", "host4");
      },
    ],
    [
      "a broker's host loses its power, and is back (each in turn)",
      async (round) => {
        const host = brokers[round % brokers.length] ?? "";
        await lab("stop", host);
        await traffic?.serves();
        await lab("start", host);
      },
    ],
  ];

  test.each(faults)(
    "%s: nothing that was confirmed is lost, and the virtual IP has one holder",
    async (fault, bring) => {
      const figure: FaultFigures = { fault, gaps: [], lost: 0, doubleHeld: 0 };
      for (let round = 0; round < rounds; round++) {
        traffic = await Traffic.start(outputs, queues);
        // A broker's host, but not the one whose turn it is.
        const watch = new HoldingWatch(brokers[(round + 1) % brokers.length] ?? "");
        await watch.start();
        await bring(round);
        await until("all is well again", allWell, 180);
        const { twice } = await watch.stop();
        await traffic.serves(120);
        const report = await traffic.stop();
        figure.gaps.push(report.longestGapSeconds);
        figure.lost += report.lost;
        figure.doubleHeld = Math.max(figure.doubleHeld, twice);
      }
      figures.push(figure);
      expect(figure.lost).toBe(0);
      // Requests are a tenth of a second apart.
      expect(figure.doubleHeld).toBeLessThanOrEqual(advertisementSeconds + 0.1);
    },
    240_000 * rounds,
  );

  test("all three brokers still have each other", async () => {
    expect((await clusterStatus("host1")).running_nodes).toHaveLength(3);
    await stack.up("--expect-no-changes");
  }, 120_000);
});
