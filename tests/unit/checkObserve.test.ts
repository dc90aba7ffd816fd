import { observation } from "../../check/observe";
import { authority, expiredPem, nodePem } from "./certificatesFixture";
import { clusterStatus } from "./support/clusterStatus";
import { container, hostFacts } from "./support/hostFacts";

/* What the check reads out of a host's answer. */

const seen = { cluster: null, statistics: null, keepalived: null, certificates: {} };

test("part by part", () => {
  const statistics = [
    "# pxname,svname,qcur,status,",
    "stats,FRONTEND,,OPEN,",
    "rabbitmq,FRONTEND,,OPEN,",
    "rabbitmq,rabbit1,0,UP,",
    "rabbitmq,rabbit2,0,DOWN 1/2,",
    "rabbitmq,BACKEND,0,UP,",
    "management,rabbit1,0,DOWN,",
  ].join("\n");
  const containers = { rabbitmq: container(), haproxy: container({ state: "exited" }) };
  const answer = hostFacts({
    addresses: ["192.0.2.11"],
    containers,
    seen: { ...seen, statistics, keepalived: "active" },
  });
  expect(observation(answer)).toEqual({
    addresses: ["192.0.2.11"],
    broker: "running",
    balancer: "exited",
    servers: { rabbit1: "UP", rabbit2: "DOWN 1/2" },
    keepalived: "active",
    certificates: {},
  });
});

test("what is missing, or is no table, is not guessed", () => {
  const nothing = { addresses: [], certificates: {} };
  expect(observation(hostFacts({ seen: { ...seen, cluster: "Error: down", statistics: "401" } }))).toEqual(nothing);
  expect(observation(hostFacts())).toEqual(nothing);
});

test("a word before the cluster's JSON is passed over", () => {
  const cluster = `warning: deprecated\n${clusterStatus()}`;
  expect(observation(hostFacts({ seen: { ...seen, cluster } })).cluster?.running_nodes).toHaveLength(3);
});

test("of a file with several certificates, the first end counts; one that cannot be read is left out", () => {
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const certificates = { "a.pem": authority + expiredPem, "b.pem": nodePem, "c.pem": broken, "d.pem": "" };
  expect(observation(hostFacts({ seen: { ...seen, certificates } })).certificates).toEqual({
    "a.pem": new Date("2021-01-01T00:00:00Z"),
    "b.pem": new Date("2126-10-30T18:22:46Z"),
  });
});
