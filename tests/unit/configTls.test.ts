import { mixedMembers, type ServingNode } from "../../config/changes";
import { firewalls } from "../../config/firewall";
import { tlsVersions } from "../../config/versions";
import { authority, chainedPem, expiredPem, nodePem, otherAuthority } from "./certificatesFixture";
import { certificate, certificateKey, faults, parsed, refuses } from "./configFixture";

/* The section `warren:tls`: what it becomes, what is refused, and what a cluster that runs cannot change. */

const given = (pem: string, nodes = ["rabbit1", "rabbit2", "rabbit3"]) => ({
  authority,
  nodes: Object.fromEntries(nodes.map((name) => [name, { certificate: pem }])),
});

test("without the section there is none, and no port of its own", () => {
  const { tls, rabbitmq, haproxy } = parsed();
  expect(tls).toBeUndefined();
  expect(rabbitmq.ports.managementTls).toBeUndefined();
  expect(haproxy.tls).toEqual({ certificates: [], passThrough: false });
});

test("an empty section is TLS for clients and the management page, by certificates that are made", () => {
  const { tls, rabbitmq, haproxy } = parsed({ tls: {} });
  expect(tls).toEqual({
    clients: true,
    management: true,
    nodes: false,
    names: [],
    validityDays: 825,
    renewDays: 365,
    rotation: 1,
  });
  expect(rabbitmq.ports.managementTls).toBe(15671);
  expect(haproxy.tls).toEqual({ certificates: [], passThrough: false });
  expect(parsed({ tls: { management: false } }).rabbitmq.ports.managementTls).toBeUndefined();
  expect(parsed({ tls: {}, "rabbitmq.ports": { managementTls: 8443 } }).rabbitmq.ports.managementTls).toBe(8443);
});

test("the balancers' certificate is made where they end TLS and have none", () => {
  const made = { certificates: [], passThrough: false, made: true };
  expect(parsed({ tls: {}, "haproxy.ports": { amqps: 15673 } }).haproxy.tls).toEqual(made);
  expect(parsed({ tls: {}, "haproxy.ports": { managementTls: 15673 } }).haproxy.tls).toEqual(made);
  const own = { "haproxy.tls": { certificate: certificate + certificateKey } };
  expect(parsed({ tls: {}, "haproxy.ports": { amqps: 15673 }, ...own }).haproxy.tls).toEqual({
    certificates: [certificate + certificateKey],
    passThrough: false,
  });
  const through = { "haproxy.ports": { amqps: 15673 }, "haproxy.tls": { endsAt: "brokers" } };
  expect(parsed({ tls: {}, ...through }).haproxy.tls).toEqual({ certificates: [], passThrough: true });
});

test("certificates of one's own are read, with a chain if they have one", () => {
  expect(parsed({ tls: { certificates: given(nodePem) } }).tls?.certificates).toEqual({
    authority,
    nodes: { rabbit1: nodePem, rabbit2: nodePem, rabbit3: nodePem },
  });
  expect(parsed({ tls: { certificates: given(chainedPem) } }).tls?.certificates?.nodes["rabbit2"]).toBe(chainedPem);
  const both = { ...given(nodePem), authority: otherAuthority + authority };
  expect(parsed({ tls: { certificates: both } }).tls?.certificates?.authority).toBe(otherAuthority + authority);
});

test("the versions of TLS follow the broker's", () => {
  expect(tlsVersions("3.8.9")).toEqual(["tlsv1.2"]);
  expect(tlsVersions("3.9.0")).toEqual(["tlsv1.3", "tlsv1.2"]);
});

test("the firewall treats the page by HTTPS as the page", () => {
  const doors = firewalls(parsed({ firewall: {}, tls: {} }))["host1"]?.doors ?? [];
  expect(doors.find(({ name }) => name === "management")?.ports).toEqual([15672, 15671]);
  expect(doors.find(({ name }) => name === "clients")?.ports).toEqual([5672, 5671]);
});

describe("refused", () => {
  const at = "warren:tls.certificates.nodes.rabbit1.certificate: [secret]";
  const only = (pem: string) => {
    const nodes = { ...given(nodePem).nodes, rabbit1: { certificate: pem } };
    return { tls: { certificates: { authority, nodes } } };
  };
  refuses([
    [
      "a renewal all the time",
      { tls: { validityDays: 30 } },
      "warren:tls.renewDays: 365 - must be less than warren:tls.validityDays (30)",
    ],
    [
      "a name that is none",
      { tls: { names: ["https://mq.example.com"] } },
      `warren:tls.names[0]: "https://mq.example.com" - must be a DNS name, such as mq.example.com or *.example.com`,
    ],
    [
      "a setting of Warren's own",
      { tls: {}, "rabbitmq.settings": { "ssl_options.depth": 2 } },
      `warren:rabbitmq.settings["ssl_options.depth"]: 2 - must not be set here: warren:tls.clients sets it`,
    ],
    [
      "a variable of Warren's own",
      { tls: { nodes: true }, "rabbitmq.environment": { RABBITMQ_CTL_ERL_ARGS: "+A 1" } },
      `warren:rabbitmq.environment.RABBITMQ_CTL_ERL_ARGS: "+A 1" - must not be set here: warren:tls.nodes sets it`,
    ],
    [
      "a port without its listener",
      { tls: { management: false }, "rabbitmq.ports": { managementTls: 15671 } },
      "warren:rabbitmq.ports.managementTls: 15671 - must be left out, or warren:tls.management be true",
    ],
    [
      "a port that is taken",
      { tls: {}, "haproxy.ports": { stats: 15671 } },
      "warren:haproxy.ports.stats: 15671 - must differ from warren:rabbitmq.ports.managementTls: both are used on host1, host2",
    ],
    [
      "TLS with a container that has none",
      { tls: { nodes: true }, "rabbitmq.cookie": "by-hand-by-hand", "rabbitmq.nodes.1.adopt": "mine" },
      "warren:tls.nodes: true - must be false while rabbit2 adopts a container: that one does not speak TLS with the others",
    ],
    [
      "new keys for given certificates",
      { tls: { rotation: 2, certificates: given(nodePem) } },
      "warren:tls.rotation: 2 - must be left out where warren:tls.certificates is given: it is for made ones",
    ],
    [
      "names for given certificates",
      { tls: { names: ["a.example"], certificates: given(nodePem) } },
      "warren:tls.names: a list - must be left out where warren:tls.certificates is given: it is for made ones",
    ],
    [
      "a balancer without a certificate, where the brokers' are given",
      { tls: { certificates: given(nodePem) }, "haproxy.ports": { amqps: 15673 } },
      "warren:haproxy.tls: not given - must be given where warren:haproxy.ports.amqps is: add warren:tls, for certificates that are made, or warren:haproxy.tls with your own",
    ],
    [
      "a node without a certificate",
      { tls: { certificates: given(nodePem, ["rabbit1", "rabbit2"]) } },
      "warren:tls.certificates.nodes.rabbit3: not given - must be given: each node has a certificate of its own",
    ],
    [
      "a certificate of nobody",
      { tls: { certificates: given(nodePem, ["rabbit1", "rabbit2", "rabbit3", "rabbit4"]) } },
      `warren:tls.certificates.nodes.rabbit4: "rabbit4" - must be one of the nodes (rabbit1, rabbit2, rabbit3)`,
    ],
    [
      "no authority",
      { tls: { certificates: { nodes: given(nodePem).nodes } } },
      "warren:tls.certificates.authorityFile: not given - must be given, or authority in its place",
    ],
    [
      "a file that is not there",
      { tls: { certificates: { nodes: given(nodePem).nodes, authorityFile: "none.pem" } } },
      `warren:tls.certificates.authorityFile: "none.pem" - must be a file that can be read`,
    ],
    [
      "an authority that is none",
      { tls: { certificates: { ...given(nodePem), authority: nodePem } } },
      "warren:tls.certificates.authority: [secret] - must hold, as PEM, certificates of authorities alone",
    ],
    [
      "an expired certificate",
      only(expiredPem),
      `${at} - must be valid now: it is from Jan  1 00:00:00 2020 GMT to Jan  1 00:00:00 2021 GMT`,
    ],
    [
      "a certificate without the node's name",
      only(certificate + certificateKey),
      `${at} - must have rabbit1 among its DNS names (subjectAltName): balancers and other nodes look for it`,
    ],
    [
      "a key of another certificate",
      only(certificate + nodePem.slice(nodePem.indexOf("-----BEGIN PRIVATE"))),
      `${at} - must hold the private key of its first certificate`,
    ],
    [
      "a file beside the text",
      { tls: { certificates: { ...given(nodePem), authorityFile: "ca.pem" } } },
      `warren:tls.certificates.authorityFile: "ca.pem" - must be left out where authority is given`,
    ],
  ]);
});

test("certificates by another authority are refused, each where it stands", () => {
  const fault = "must be signed by the authority in warren:tls.certificates, or hold the chain that leads to it";
  expect(faults({ tls: { certificates: { ...given(nodePem), authority: otherAuthority } } })).toEqual(
    ["rabbit1", "rabbit2", "rabbit3"].map(
      (name) => `warren:tls.certificates.nodes.${name}.certificate: [secret] - ${fault}`,
    ),
  );
});

describe("TLS between nodes", () => {
  const members: ServingNode[] = [{ name: "rabbit1", host: "host1", type: "disc", version: "3.8.9", running: true }];
  const resting = members.map(({ name, host, type }) => ({ name, host, type }));
  const on = parsed({ tls: { nodes: true } });

  test("changes where nobody serves, or where it stays", () => {
    expect(mixedMembers([], false, on)).toEqual([]);
    expect(mixedMembers(resting, false, on)).toEqual([]);
    expect(mixedMembers(resting, true, parsed())).toEqual([]);
    expect(mixedMembers(members, true, on)).toEqual([]);
    expect(mixedMembers(members, false, parsed({ tls: {} }))).toEqual([]);
  });

  test("does not change on a cluster that runs", () => {
    const rule = (before: boolean) =>
      `must stay ${before} while the cluster runs: members with TLS between them and members without cannot talk. Stop it first (warren:rabbitmq.stopped: true, pulumi up), then change this, then start it`;
    expect(mixedMembers(members, false, on)).toEqual([{ path: ["tls", "nodes"], value: true, rule: rule(false) }]);
    expect(mixedMembers(members, true, parsed())).toEqual([
      { path: ["tls", "nodes"], value: undefined, rule: rule(true) },
    ]);
  });
});
