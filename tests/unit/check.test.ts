import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { judge, shown, type Observations } from "../../check/judge";
import { readObservation, type Observation } from "../../check/observe";
import { look } from "../../commands/look";
import { authority, expiredPem, nodePem } from "./certificatesFixture";
import { parsed } from "./configFixture";
import { runBash, syntaxFaults } from "./support/bash";
import { clusterStatus } from "./support/clusterStatus";

const members = { rabbit1: { type: "disc" }, rabbit2: { type: "disc" }, rabbit3: { type: "ram" } } as const;

/** Two lines of HAProxy's table, with the columns that count. */
const statistics = (states: Record<string, string>) =>
  [
    "HTTP/1.0 200 OK",
    "",
    "# pxname,svname,qcur,status,",
    "stats,FRONTEND,,OPEN,",
    "rabbitmq,FRONTEND,,OPEN,",
    ...Object.entries(states).map(([name, state]) => `rabbitmq,${name},0,${state},`),
    "rabbitmq,BACKEND,0,UP,",
    "management,rabbit1,0,DOWN,",
  ].join("\n");

/** What a host prints. */
const printed = (parts: Record<string, string>) =>
  Object.entries(parts)
    .map(([name, text]) => `== warren: ${name}\n${text}\n`)
    .join("");

const up = { rabbit1: "UP", rabbit2: "UP", rabbit3: "UP" };
const addresses = (...all: string[]) => all.map((ip) => `2: eth0    inet ${ip}/24 scope global eth0`).join("\n");
const broker = { broker: "running", cluster: clusterStatus({ members }) };
const balancer = { balancer: "running", statistics: statistics(up), keepalived: "active" };

/** Three hosts of which all is well, with some parts changed. */
function hosts(changes: Record<string, Record<string, string>> = {}): Record<string, Observation> {
  const well: Record<string, Record<string, string>> = {
    host1: { addresses: addresses("192.0.2.11", "192.0.2.100"), ...broker, ...balancer },
    host2: { addresses: addresses("192.0.2.12"), ...broker, ...balancer },
    host3: { addresses: addresses("192.0.2.13"), ...broker },
  };
  return Object.fromEntries(
    Object.entries(well).map(([name, parts]) => [name, readObservation(printed({ ...parts, ...changes[name] }))]),
  );
}

const faults = (seen: Observations, changes: Record<string, unknown> = {}) =>
  judge("dev", parsed(changes), seen).faults;

describe("a host's own words", () => {
  test("are read part by part", () => {
    expect(hosts()["host1"]).toMatchObject({
      addresses: ["192.0.2.11", "192.0.2.100"],
      broker: "running",
      balancer: "running",
      keepalived: "active",
      servers: up,
    });
    expect(hosts()["host3"]).not.toHaveProperty("servers");
  });

  test("what is missing, or is no table, is not guessed", () => {
    expect(readObservation(printed({ addresses: "", broker: "", cluster: "Error: down", statistics: "401" }))).toEqual({
      addresses: [],
    });
    expect(readObservation("bash: no such thing")).toEqual({ addresses: [] });
  });

  test("of a file with several certificates, the first end counts; one that cannot be read is left out", () => {
    const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    const text = `-- file: a.pem\n${authority}${expiredPem}-- file: b.pem\n${nodePem}-- file: c.pem\n${broken}-- file: d.pem`;
    expect(readObservation(printed({ certificates: text })).certificates).toEqual({
      "a.pem": new Date("2021-01-01T00:00:00Z"),
      "b.pem": new Date("2126-10-30T18:22:46Z"),
    });
  });

  test("a word before the JSON is passed over", () => {
    const cluster = `warning: deprecated\n${clusterStatus({ members })}`;
    expect(readObservation(printed({ cluster })).cluster?.running_nodes).toHaveLength(3);
  });
});

describe("the script", () => {
  const script = look({ broker: true, balancer: { port: 8100, login: "admin:secret" } });

  test("asks for no more than what is there, and its login stands in no argument", () => {
    expect(syntaxFaults(script)).toBe("");
    expect(script).not.toContain("admin:secret");
    expect(look({ broker: false })).toBe(`echo '== warren: addresses'\n{ ip -4 -o addr show; } 2> /dev/null || true`);
  });

  test("prints certificates and no keys", async () => {
    const directory = mkdtempSync(join(tmpdir(), "warren-check-"));
    writeFileSync(join(directory, "node.pem"), nodePem);
    const found = look({ broker: false, certificates: [`${directory}/*.pem`, `${directory}/none/*.pem`] });
    const { code, stdout } = await runBash(`set -euo pipefail\n${found}`, [], { stubs: { ip: {} } });
    rmSync(directory, { recursive: true });
    expect(code).toBe(0);
    expect(stdout).not.toContain("PRIVATE KEY");
    expect(Object.keys(readObservation(stdout).certificates ?? {})).toEqual([`${directory}/node.pem`]);
  });

  test("ends well, and says what it can, whatever fails", async () => {
    const stubs = {
      ip: { "-4": { stdout: addresses("192.0.2.11") } },
      docker: { inspect: { code: 1 }, exec: { code: 69 } },
    };
    const { code, stdout } = await runBash(`set -euo pipefail\n${script}`, [], { stubs });
    expect(code).toBe(0);
    expect(readObservation(stdout)).toMatchObject({ addresses: ["192.0.2.11"] });
  });
});

test("all is well", () => {
  const report = judge("dev", parsed(), hosts());
  expect(report.faults).toEqual([]);
  expect(shown(report)).toBe(`VIRTUAL IP   HELD BY  PREFERRED
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
  const text = shown(judge("dev", parsed({ vip: undefined }), hosts()));
  expect(text).toMatch(/^BALANCER/);
  expect(text).toContain("host1     running  -           UP");
});

test("all is well with a broker that has no RAM nodes to speak of", () => {
  const disc = { type: "disc", version: "4.3.6" } as const;
  const cluster = clusterStatus({ members: { rabbit1: disc, rabbit2: disc, rabbit3: disc } });
  const report = judge("dev", parsed({ "rabbitmq.nodes.2.type": "disc" }), {
    ...hosts({ host1: { cluster }, host2: { cluster }, host3: { cluster } }),
  });
  expect(report.faults).toEqual([]);
  expect(report.nodes.map(({ type, version }) => `${type} ${version}`)).toEqual(Array(3).fill("disc 4.3.6"));
});

describe("what is not well", () => {
  test.each<[string, Record<string, Record<string, string>>, string[]]>([
    ["nobody holds the address", { host1: { addresses: "" } }, ["nobody holds 192.0.2.100"]],
    [
      "two hold it",
      { host2: { addresses: addresses("192.0.2.100") } },
      ["192.0.2.100 is held by host1 and host2 at the same time"],
    ],
    ["a balancer is stopped", { host2: { balancer: "exited", statistics: "" } }, ["the balancer on host2 is exited"]],
    ["a balancer is not there", { host2: { balancer: "", statistics: "" } }, ["the balancer on host2 is missing"]],
    ["keepalived does not run", { host2: { keepalived: "inactive" } }, ["keepalived on host2 is inactive"]],
    [
      "a balancer sees a broker down",
      { host2: { statistics: statistics({ ...up, rabbit3: "DOWN" }) } },
      ["for the balancer on host2, rabbit3 is DOWN"],
    ],
    ["a broker is stopped", { host3: { broker: "exited", cluster: "" } }, ["the broker rabbit3 on host3 is exited"]],
    ["a broker does not answer", { host3: { cluster: "" } }, ["rabbit3 runs, but its CLI gives no answer"]],
    [
      "a member is missing",
      { host1: { cluster: clusterStatus({ members: { ...members, rabbit2: { type: "disc", running: false } } }) } },
      ["rabbit1 does not see rabbit@rabbit2 running"],
    ],
    [
      "a broker is in another cluster",
      { host3: { cluster: clusterStatus({ members: { rabbit3: { type: "ram" } } }) } },
      [
        "rabbit3 counts rabbit@rabbit3 as members, and should count rabbit@rabbit1, rabbit@rabbit2, rabbit@rabbit3",
        "rabbit3 does not see rabbit@rabbit1, rabbit@rabbit2 running",
      ],
    ],
    [
      "a type is another",
      { host3: { cluster: clusterStatus({ members: { ...members, rabbit3: { type: "disc" } } }) } },
      ["rabbit3 is a disc node, and should be ram"],
    ],
    [
      "a partition",
      { host2: { cluster: clusterStatus({ members, partitions: { "rabbit@rabbit2": ["rabbit@rabbit1"] } }) } },
      ["rabbit2 sees a partition"],
    ],
    [
      "an alarm",
      {
        host1: {
          cluster: clusterStatus({ members }).replace(
            '"alarms":[]',
            '"alarms":[{"node":"rabbit@rabbit1","resource":"memory"},{"node":"rabbit@rabbit2","resource":"disk"}]',
          ),
        },
      },
      ["rabbit1 has an alarm: memory; publishers are held back"],
    ],
  ])("%s", (_title, changes, expected) => {
    expect(faults(hosts(changes))).toEqual(expected);
  });

  test("a certificate that ends within 30 days, or has ended; made ones have until they are renewed", () => {
    const now = new Date("2027-01-31T12:00:00Z");
    const seen = hosts();
    const first = { "/tls/node.pem": new Date("2027-03-02T12:00:00Z"), "/tls/authority.pem": new Date("2036-01-01") };
    seen["host1"] = { ...hosts()["host1"]!, certificates: first };
    seen["host2"] = { ...hosts()["host2"]!, certificates: { "/conf/frontend.pem": new Date("2027-03-02T11:59:59Z") } };
    seen["host3"] = { ...hosts()["host3"]!, certificates: { "/tls/node.pem": new Date("2027-01-31T11:59:59Z") } };
    const report = judge("dev", parsed(), seen, now);
    const ended = "a certificate on host3 ended on 2027-01-31: /tls/node.pem";
    expect(report.faults).toEqual(["a certificate on host2 ends on 2027-03-02: /conf/frontend.pem", ended]);
    expect(report.certificates[0]).toEqual({ host: "host1", file: "/tls/node.pem", ends: "2027-03-02T12:00:00.000Z" });
    const short = parsed({ tls: { validityDays: 20, renewDays: 10 } });
    expect(judge("dev", short, seen, now).faults).toEqual([ended]);
  });

  test("a host that cannot be looked at is one fault, and what is on it is not known", () => {
    const seen = { ...hosts(), host2: new Error("ssh: connect to host 192.0.2.12 port 22:\nNo route to host") };
    const report = judge("dev", parsed(), seen);
    expect(report.faults).toEqual([
      "host2 cannot be looked at: ssh: connect to host 192.0.2.12 port 22: No route to host",
    ]);
    expect(shown(report)).toContain("host2     ?        ?           ?        ?        ?");
    expect(shown(report)).toContain("\ndev: 1 fault\n  host2 cannot be looked at");
  });
});
