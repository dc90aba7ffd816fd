import { certificate, certificateKey, faults, parsed, refuses } from "./configFixture";

/** Rules between values. Each row is right in every value by itself. */

describe("hosts", () => {
  refuses([
    [
      "one address for two hosts",
      { "hosts.host3.address": "192.0.2.12" },
      'warren:hosts.host3.address: "192.0.2.12" - must be this host\'s alone: host2 has it too',
    ],
    [
      "a balancer on an unknown host",
      { "haproxy.hosts": ["host1", "host4"] },
      'warren:haproxy.hosts[1]: "host4" - must be one of the hosts (host1, host2, host3)',
    ],
    [
      "a node on an unknown host",
      { "rabbitmq.nodes.0.host": "constructor" },
      'warren:rabbitmq.nodes[0].host: "constructor" - must be one of the hosts (host1, host2, host3)',
    ],
    [
      "a balancer's host named twice",
      { "haproxy.hosts": ["host1", "host1"], vip: undefined },
      'warren:haproxy.hosts[1]: "host1" - must be named once only',
    ],
  ]);
});

describe("broker", () => {
  refuses([
    [
      "a tag that does not say the version in full",
      { "rabbitmq.image": "rabbitmq:3-management" },
      'warren:rabbitmq.version: not given - must be given in three parts, such as "3.8.9", as rabbitmq:3-management does not say it',
    ],
    [
      "a version other than the tag's",
      { "rabbitmq.version": "3.8.10" },
      'warren:rabbitmq.version: "3.8.10" - must be 3.8.9, as rabbitmq:3.8.9-management says, or be left out',
    ],
    [
      "a broker that is too old",
      { "rabbitmq.image": "rabbitmq:3.7.28-management" },
      'warren:rabbitmq.image: "rabbitmq:3.7.28-management" - must be RabbitMQ 3.8 or later',
    ],
    [
      "two nodes of one name",
      { "rabbitmq.nodes.1.name": "rabbit1" },
      'warren:rabbitmq.nodes[1].name: "rabbit1" - must be this node\'s alone',
    ],
    [
      "a node named localhost",
      { "rabbitmq.nodes.1.name": "localhost" },
      'warren:rabbitmq.nodes[1].name: "localhost" - must be a name that other hosts can resolve',
    ],
    [
      "two nodes on one host",
      { "rabbitmq.nodes.1.host": "host1" },
      'warren:rabbitmq.nodes[1].host: "host1" - must carry one node only: rabbit1 is on it',
    ],
    [
      "a root that is no disc node",
      { "rabbitmq.nodes.0.type": "ram" },
      'warren:rabbitmq.nodes[0].type: "ram" - must be disc: the others join the first node',
    ],
    [
      "RAM nodes on a broker that has none",
      { "rabbitmq.image": "rabbitmq:4.3.0-management" },
      'warren:rabbitmq.nodes[2].type: "ram" - must be disc: RabbitMQ 4.3.0 has no RAM nodes (4.3 removed them)',
    ],
    [
      "no management plugin",
      { "rabbitmq.plugins": ["rabbitmq_prometheus"] },
      "warren:rabbitmq.plugins: a list - must have rabbitmq_management among them",
    ],
    [
      "pausing the minority of two",
      {
        "rabbitmq.nodes.2": undefined,
        "rabbitmq.nodes": [
          { name: "a", host: "host1" },
          { name: "b", host: "host2" },
        ],
        "rabbitmq.partitionHandling": "pause_minority",
      },
      'warren:rabbitmq.partitionHandling: "pause_minority" - must be autoheal or ignore with two nodes: neither half is a majority, so both would pause',
    ],
    [
      "a setting that Warren writes",
      { "rabbitmq.settings": { "disk_free_limit.relative": 1.5 } },
      'warren:rabbitmq.settings["disk_free_limit.relative"]: 1.5 - must not be set here: set rabbitmq.diskFreeLimit instead',
    ],
    [
      "a setting against Warren's joins",
      { "rabbitmq.settings": { "cluster_formation.node_type": "ram" } },
      'warren:rabbitmq.settings["cluster_formation.node_type"]: "ram" - must not be set here: Warren joins the nodes itself',
    ],
  ]);

  test("settings beside Warren's own are taken", () => {
    const settings = { vm_memory_high_watermark_paging_ratio: 0.6, "log.console.level": "info", heartbeat: 30 };
    expect(parsed({ "rabbitmq.settings": settings }).rabbitmq.settings).toEqual(settings);
  });
});

describe("ports", () => {
  refuses([
    [
      "two of the broker's own",
      { "rabbitmq.ports.amqps": 5672 },
      "warren:rabbitmq.ports.amqps: 5672 - must differ from warren:rabbitmq.ports.amqp: both are used on host1, host2, host3",
    ],
    [
      "broker and balancer on shared hosts",
      { "haproxy.ports.management": 15672 },
      "warren:haproxy.ports.management: 15672 - must differ from warren:rabbitmq.ports.management: both are used on host1, host2",
    ],
    [
      "balancer and SSH server",
      { "haproxy.ports.stats": 22 },
      "warren:haproxy.ports.stats: 22 - must differ from warren:ssh.port: both are used on host1, host2",
    ],
    [
      "broker and one host's own SSH port",
      { "hosts.host3.port": 25672 },
      "warren:rabbitmq.ports.distribution: 25672 - must differ from warren:hosts.host3.port: both are used on host3",
    ],
    [
      "a port of the CLI's",
      { "rabbitmq.ports": { metrics: 35675 } },
      'warren:rabbitmq.ports.distribution: "35672 to 35682" - must differ from warren:rabbitmq.ports.metrics: both are used on host1, host2, host3',
    ],
    [
      "a port by which streams are replicated",
      { "rabbitmq.image": "rabbitmq:3.10.8-management", "rabbitmq.ports": { streamReplication: 25660 } },
      'warren:rabbitmq.ports.streamReplication: "25660 to 25691" - must differ from warren:rabbitmq.ports.distribution: both are used on host1, host2, host3',
    ],
  ]);

  test("broker and balancer may have the same port on hosts of their own", () => {
    const apart = {
      "hosts.host4": { address: "192.0.2.14", hostKey: parsed().hosts["host1"]?.hostKey },
      "haproxy.hosts": ["host4"],
      "haproxy.ports.management": 15672,
    };
    expect(faults(apart)).toEqual([]);
  });
});

describe("balancer", () => {
  refuses([
    [
      "TLS without its port",
      { "haproxy.tls": { certificateFile: "tls.pem" } },
      "warren:haproxy.ports.amqps: not given - must be given where warren:haproxy.tls is",
    ],
    [
      "a TLS port without a certificate",
      { "haproxy.ports.amqps": 15671 },
      "warren:haproxy.tls: not given - must be given where warren:haproxy.ports.amqps is: add warren:tls, for certificates that are made, or warren:haproxy.tls with your own",
    ],
    [
      "a page by HTTPS without a certificate",
      { "haproxy.ports.managementTls": 15673 },
      "warren:haproxy.tls: not given - must be given where warren:haproxy.ports.managementTls is: add warren:tls, for certificates that are made, or warren:haproxy.tls with your own",
    ],
    [
      "TLS that ends at the balancers without a certificate",
      { "haproxy.ports.amqps": 15671, "haproxy.tls": {} },
      "warren:haproxy.tls.certificateFile: not given - must be given where the balancers end TLS",
    ],
    [
      "a certificate both in the config and in a file",
      {
        "haproxy.ports.amqps": 15671,
        "haproxy.tls": { certificate: certificate + certificateKey, certificateFile: "tls.pem" },
      },
      'warren:haproxy.tls.certificateFile: "tls.pem" - must be left out where warren:haproxy.tls.certificate is',
    ],
    [
      "a certificate without its key",
      { "haproxy.ports.amqps": 15671, "haproxy.tls": { certificate } },
      "warren:haproxy.tls.certificate: [secret] - must be PEM text with a certificate and its private key",
    ],
    [
      "a key without its certificate",
      { "haproxy.ports.amqps": 15671, "haproxy.tls": { certificate: certificateKey } },
      "warren:haproxy.tls.certificate: [secret] - must hold, as PEM, a certificate and its private key without a passphrase",
    ],
    [
      "a certificate for TLS that ends at the brokers",
      {
        "haproxy.ports.amqps": 15671,
        "haproxy.tls": { certificateFile: "tls.pem", endsAt: "brokers" },
        "rabbitmq.settings": { "listeners.ssl.default": 5671 },
      },
      'warren:haproxy.tls.certificateFile: "tls.pem" - must be left out where TLS ends at the brokers: they have the certificates',
    ],
    [
      "further certificates without a first one",
      {
        "haproxy.ports.amqps": 15671,
        "haproxy.tls": { moreCertificateFiles: ["tls.pem"], endsAt: "brokers" },
        "rabbitmq.settings": { "listeners.ssl.default": 5671 },
      },
      "warren:haproxy.tls.moreCertificateFiles: a list - must be left out without warren:haproxy.tls.certificateFile",
    ],
    [
      "TLS handed on to brokers that have none",
      { "haproxy.ports.amqps": 15671, "haproxy.tls": { endsAt: "brokers" } },
      'warren:haproxy.tls.endsAt: "brokers" - must be balancers, or the brokers have TLS of their own (warren:tls.clients, or warren:rabbitmq.settings, "listeners.ssl.default": 5671)',
    ],
    [
      "a network for a port that is not offered",
      { "haproxy.allow": { management: ["192.0.2.0/24"] } },
      "warren:haproxy.allow.management: a list - must be left out, or warren:haproxy.ports.management be given",
    ],
    [
      "MQTT without its plugin",
      { "haproxy.ports.mqtt": 1883 },
      "warren:haproxy.ports.mqtt: 1883 - must be left out, or rabbitmq_mqtt be among warren:rabbitmq.plugins",
    ],
    [
      "a broker's port for STOMP without its plugin",
      { "rabbitmq.ports.stomp": 61613 },
      "warren:rabbitmq.ports.stomp: 61613 - must be left out, or rabbitmq_stomp be among warren:rabbitmq.plugins",
    ],
    [
      "a plugin's own port taken by the balancer",
      {
        "haproxy.ports.stream": 5552,
        "rabbitmq.plugins": ["rabbitmq_management", "rabbitmq_stream"],
      },
      "warren:haproxy.ports.stream: 5552 - must differ from warren:rabbitmq.ports.stream: both are used on host1, host2",
    ],
    [
      "more connections for a port than for all",
      { "haproxy.maxConnectionsPerFrontend": 5000 },
      "warren:haproxy.maxConnectionsPerFrontend: 5000 - must not be more than warren:haproxy.maxConnections (4096)",
    ],
  ]);
});

test("TLS ends at the brokers, and for the page at the balancers", () => {
  const both = {
    "haproxy.ports": { amqps: 15671, managementTls: 15673 },
    "haproxy.tls": { certificateFile: "tls.pem", endsAt: "brokers" },
    "rabbitmq.settings": { "listeners.ssl.default": 5671 },
  };
  expect(parsed(both).haproxy.tls).toMatchObject({
    certificates: [certificate + certificateKey],
    passThrough: true,
  });
});

test("a certificate may stand in the config itself", () => {
  const text = certificate + certificateKey;
  const { tls } = parsed({ "haproxy.ports.amqps": 15671, "haproxy.tls": { certificate: text } }).haproxy;
  expect(tls).toEqual({ certificates: [text], passThrough: false });
});

test("a plugin's port has its protocol's number, unless the config says otherwise", () => {
  const plugins = ["rabbitmq_management", "rabbitmq_mqtt", "rabbitmq_stream"];
  const { ports } = parsed({ "rabbitmq.plugins": plugins, "rabbitmq.ports.stream": 5553 }).rabbitmq;
  expect(ports).toMatchObject({ mqtt: 1883, stream: 5553 });
  expect(ports).not.toHaveProperty("stomp");
});
