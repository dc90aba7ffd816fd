import { distributionArguments, distributionConf } from "../../templates/distributionConf";
import { haproxyCfg, type HaproxyCfg } from "../../templates/haproxyCfg";
import { rabbitmqConf, type RabbitmqConf } from "../../templates/rabbitmqConf";

/* What TLS adds to the files of brokers and balancers. */

const files = { authority: "/tls/authority.pem", node: "/tls/node.pem" };
const ports = { amqps: 5671, managementTls: 15671 };

describe("rabbitmq.conf", () => {
  const conf: RabbitmqConf = {
    username: "admin",
    password: "s3cret",
    vhost: "app",
    ports: { amqp: 5672, management: 15672, metrics: 15692 },
    plugins: ["rabbitmq_management"],
    partitionHandling: "autoheal",
    memoryHighWatermark: 0.4,
    diskFreeLimit: "1GB",
    settings: {},
  };
  const plain = rabbitmqConf(conf).split("\n");
  const added = (tls: Partial<NonNullable<RabbitmqConf["tls"]>>) =>
    rabbitmqConf({ ...conf, tls: { clients: false, management: false, ports, versions: ["tlsv1.2"], files, ...tls } })
      .split("\n")
      .filter((line) => !plain.includes(line));

  test("clients", () => {
    expect(added({ clients: true, versions: ["tlsv1.3", "tlsv1.2"] })).toEqual([
      "listeners.ssl.default = 5671",
      "ssl_options.cacertfile = /tls/authority.pem",
      "ssl_options.certfile = /tls/node.pem",
      "ssl_options.keyfile = /tls/node.pem",
      "ssl_options.versions.1 = tlsv1.3",
      "ssl_options.versions.2 = tlsv1.2",
    ]);
  });

  test("management page", () => {
    expect(added({ management: true })).toEqual([
      "management.ssl.port = 15671",
      "management.ssl.cacertfile = /tls/authority.pem",
      "management.ssl.certfile = /tls/node.pem",
      "management.ssl.keyfile = /tls/node.pem",
      "management.ssl.versions.1 = tlsv1.2",
    ]);
  });

  test("nothing of both", () => {
    expect(added({})).toEqual([]);
  });
});

test("between nodes, either side shows its certificate and checks the other's", () => {
  expect(distributionConf(files, ["tlsv1.3", "tlsv1.2"])).toBe(`[
  {server, [
    {cacertfile, "/tls/authority.pem"},
    {certfile, "/tls/node.pem"},
    {keyfile, "/tls/node.pem"},
    {versions, ['tlsv1.3', 'tlsv1.2']},
    {verify, verify_peer},
    {fail_if_no_peer_cert, true}
  ]},
  {client, [
    {cacertfile, "/tls/authority.pem"},
    {certfile, "/tls/node.pem"},
    {keyfile, "/tls/node.pem"},
    {versions, ['tlsv1.3', 'tlsv1.2']},
    {verify, verify_peer}
  ]}
].
`);
  expect(distributionArguments("/tls/distribution.config")).toBe(
    "-proto_dist inet_tls -ssl_dist_optfile /tls/distribution.config",
  );
});

describe("haproxy.cfg", () => {
  const broker = { amqp: 5672, amqps: 5671, management: 15672, managementTls: 15671, metrics: 15692 };
  const cfg: HaproxyCfg = {
    backends: [
      { name: "rabbitmq1", address: "192.0.2.11", ports: broker },
      { name: "rabbitmq2", address: "192.0.2.12", ports: broker },
    ],
    allow: {},
    readyCheck: false,
    log: { target: "stdout format raw", facility: "local0", level: "info" },
    passThrough: false,
    ports: { amqp: 5670, stats: 8100, managementTls: 15671 },
    balance: "roundrobin",
    check: { intervalSeconds: 5, rise: 2, fall: 3 },
    retries: 3,
    maxConnections: 4096,
    maxConnectionsPerFrontend: 2000,
    timeouts: { connectSeconds: 6, clientSeconds: 10800, serverSeconds: 10801 },
    stats: { username: "watcher", password: "s3cret" },
    certificates: ["/usr/local/etc/haproxy/frontend.pem"],
  };
  const changed = (changes: Partial<HaproxyCfg>, brokerTls: { amqp: boolean; management: boolean }) => {
    const before = haproxyCfg({ ...cfg, ...changes }).split("\n");
    const after = haproxyCfg({ ...cfg, ...changes, brokerTls: { ...brokerTls, authority: "/ca.pem" } }).split("\n");
    expect(after).toHaveLength(before.length);
    return after.filter((line, index) => line !== before[index]).map((line) => line.trim());
  };
  const verified = (name: string) => `verify required ca-file /ca.pem verifyhost ${name} ssl-min-ver TLSv1.2`;

  test("AMQP goes on over TLS, and so does its check", () => {
    expect(changed({}, { amqp: true, management: false })).toEqual([
      "tcp-check connect default",
      `server rabbitmq1 192.0.2.11:5671 check ssl ${verified("rabbitmq1")}`,
      `server rabbitmq2 192.0.2.12:5671 check ssl ${verified("rabbitmq2")}`,
    ]);
  });

  test("the management page goes on over TLS", () => {
    expect(changed({}, { amqp: false, management: true })).toEqual([
      `server rabbitmq1 192.0.2.11:15671 check ssl ${verified("rabbitmq1")}`,
      `server rabbitmq2 192.0.2.12:15671 check ssl ${verified("rabbitmq2")}`,
    ]);
  });

  test("a broker that says whether it is ready is asked where its page is", () => {
    const amqp = (brokerTls: { amqp: boolean; management: boolean }) =>
      changed({ readyCheck: true, ports: { amqp: 5670, stats: 8100 } }, brokerTls)[0];
    expect(amqp({ amqp: true, management: true })).toBe(
      `server rabbitmq1 192.0.2.11:5671 check port 15671 check-ssl ssl ${verified("rabbitmq1")}`,
    );
    expect(amqp({ amqp: true, management: false })).toBe(
      `server rabbitmq1 192.0.2.11:5671 check port 15672 ssl ${verified("rabbitmq1")}`,
    );
    expect(amqp({ amqp: false, management: true })).toBe(
      `server rabbitmq1 192.0.2.11:5672 check port 15671 check-ssl ${verified("rabbitmq1")}`,
    );
  });
});
