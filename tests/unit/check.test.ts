import { shown } from "../../check/show";
import type { SeenFacts } from "../../facts/read";
import { nodePem } from "./certificatesFixture";
import { faults, hosts, members, report, statistics, up, type Change } from "./support/checked";
import { clusterStatus } from "./support/clusterStatus";

/* What the check says of hosts, where the last update left nothing else. */

test("all is well", () => {
  const all = report(hosts());
  expect([all.faults, all.notes]).toEqual([[], []]);
  expect(shown(all)).toBe(`VIRTUAL IP   HELD BY  PREFERRED
192.0.2.100  host1    host1

BALANCER  STATE    KEEPALIVED  rabbit1  rabbit2  rabbit3
host1     running  active      UP       UP       UP
host2     running  active      UP       UP       UP

NODE     HOST   STATE    TYPE  VERSION  ALARMS  PARTITIONED
rabbit1  host1  running  disc  3.8.9    none    no
rabbit2  host2  running  disc  3.8.9    none    no
rabbit3  host3  running  ram   3.8.9    none    no

dev: all is well.
`);
});

test("without a virtual IP there is nothing to say of one", () => {
  const text = shown(report(hosts(), { vip: undefined }));
  expect(text).toMatch(/^BALANCER/);
  expect(text).toContain("host1     running  -           UP");
});

test("all is well with a broker that has no RAM nodes to speak of", () => {
  const disc = { type: "disc", version: "4.3.6" } as const;
  const cluster = clusterStatus({ members: { rabbit1: disc, rabbit2: disc, rabbit3: disc } });
  const sees = { sees: { cluster } };
  const found = report(hosts({ host1: sees, host2: sees, host3: sees }), { "rabbitmq.nodes.2.type": "disc" });
  expect(found.faults).toEqual([]);
  expect(found.nodes.map(({ type, version }) => `${type} ${version}`)).toEqual(Array(3).fill("disc 4.3.6"));
});

describe("what is not well", () => {
  const sees = (seen: Partial<SeenFacts>): Change => ({ sees: seen });
  const cluster = (variation: Parameters<typeof clusterStatus>[0]): Change =>
    sees({ cluster: clusterStatus({ members, ...variation }) });

  test.each<[string, Record<string, Change>, string[]]>([
    ["nobody holds the address", { host1: { addresses: [] } }, ["nobody holds 192.0.2.100"]],
    [
      "two hold it",
      { host2: { addresses: ["192.0.2.100"] } },
      ["192.0.2.100 is held by host1 and host2 at the same time"],
    ],
    [
      "a balancer is stopped",
      { host2: { haproxy: "exited", ...sees({ statistics: null }) } },
      ["the balancer on host2 is exited"],
    ],
    [
      "a balancer is not there",
      { host2: { haproxy: "", ...sees({ statistics: null }) } },
      ["the balancer on host2 is missing"],
    ],
    [
      "a balancer does not answer",
      { host2: sees({ statistics: null }) },
      ["the balancer on host2 runs, but its statistics page gives no answer"],
    ],
    ["keepalived does not run", { host2: sees({ keepalived: "inactive" }) }, ["keepalived on host2 is inactive"]],
    [
      "a balancer sees a broker down",
      { host2: sees({ statistics: statistics({ ...up, rabbit3: "DOWN" }) }) },
      ["for the balancer on host2, rabbit3 is DOWN"],
    ],
    ["a broker does not answer", { host3: sees({ cluster: null }) }, ["rabbit3 runs, but its CLI gives no answer"]],
    [
      "a member is missing",
      { host1: cluster({ members: { ...members, rabbit2: { type: "disc", running: false } } }) },
      ["rabbit1 does not see rabbit@rabbit2 running"],
    ],
    [
      "a broker is in another cluster",
      { host3: cluster({ members: { rabbit3: { type: "ram" } } }) },
      [
        "rabbit3 counts rabbit@rabbit3 as members, and should count rabbit@rabbit1, rabbit@rabbit2, rabbit@rabbit3",
        "rabbit3 does not see rabbit@rabbit1, rabbit@rabbit2 running",
      ],
    ],
    [
      "a type is another",
      { host3: cluster({ members: { ...members, rabbit3: { type: "disc" } } }) },
      ["rabbit3 is a disc node, and should be ram"],
    ],
    [
      "a partition",
      { host2: cluster({ partitions: { "rabbit@rabbit2": ["rabbit@rabbit1"] } }) },
      ["rabbit2 sees a partition"],
    ],
    [
      "an alarm",
      {
        host1: sees({
          cluster: clusterStatus({ members }).replace(
            '"alarms":[]',
            '"alarms":[{"node":"rabbit@rabbit1","resource":"memory"},{"node":"rabbit@rabbit2","resource":"disk"}]',
          ),
        }),
      },
      ["rabbit1 has an alarm: memory; publishers are held back"],
    ],
  ])("%s", (_title, changes, expected) => {
    expect(faults(hosts(changes))).toEqual(expected);
  });

  test("a certificate that ends within 30 days, or has ended; made ones have until they are renewed", () => {
    const certificates = (...files: string[]) =>
      sees({ certificates: Object.fromEntries(files.map((file) => [file, nodePem])) });
    // That certificate ends on 2126-10-30 at 18:22:46.
    const seen = hosts({ host1: certificates("/tls/node.pem"), host2: certificates("/conf/frontend.pem") });
    const on = (time: string, changes = {}) => report(seen, changes, new Date(time)).faults;
    const ends = "a certificate on host1 ends on 2126-10-30: /tls/node.pem";
    expect(on("2126-09-30T18:22:46Z")).toEqual([]);
    expect(on("2126-09-30T18:22:47Z")).toEqual([ends, ends.replace("1", "2").replace("/tls/node", "/conf/frontend")]);
    expect(on("2126-10-30T18:22:47Z")[0]).toBe("a certificate on host1 ended on 2126-10-30: /tls/node.pem");
    const short = { tls: { validityDays: 20, renewDays: 10 } };
    expect(on("2126-10-20T18:22:46Z", short)).toEqual([]);
    expect(on("2126-10-20T18:22:47Z", short)[0]).toBe(ends);
    expect(report(seen).certificates[0]).toEqual({
      host: "host1",
      file: "/tls/node.pem",
      ends: "2126-10-30T18:22:46.000Z",
    });
  });
});
