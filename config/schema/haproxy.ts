import {
  choice,
  containerName,
  directory,
  filePath,
  hostName,
  image,
  list,
  listOfSome,
  network,
  password,
  port,
  rotation,
  secret,
  section,
  text,
  userName,
  wholeNumber,
} from "./fields";

/** RabbitMQ's default heartbeat is 60 s; a quiet but healthy connection must outlive two of them. HAProxy counts to 24 days. */
const idleSeconds = () => wholeNumber(120, 2_000_000);

const ports = section({
  amqp: port().default(15670).describe("AMQP to the cluster: the port applications use."),
  stats: port().default(8100).describe("The statistics page."),
  management: port()
    .exactOptional()
    .describe("The broker's management page. Absent: not offered through the balancer."),
  amqps: port()
    .exactOptional()
    .describe("AMQP over TLS. Needs haproxy.tls, which says where TLS ends, or made certificates (warren:tls)."),
  managementTls: port()
    .exactOptional()
    .describe("The management page over HTTPS. Needs a certificate in haproxy.tls, or made ones (warren:tls)."),
  metrics: port()
    .exactOptional()
    .describe("Prometheus metrics: the balancer's own at /metrics, each broker's at /NODE/metrics."),
  mqtt: port().exactOptional().describe("MQTT. Needs rabbitmq_mqtt."),
  stomp: port().exactOptional().describe("STOMP. Needs rabbitmq_stomp."),
  stream: port().exactOptional().describe("The stream protocol. Needs rabbitmq_stream."),
}).describe("The balancer's ports on its host.");

const allowed = () => listOfSome(network()).exactOptional();

const allow = section({
  amqp: allowed().describe("Who may use the port amqp."),
  amqps: allowed().describe("Who may use the port amqps."),
  stats: allowed().describe("Who may see the statistics page. Its health path answers everybody."),
  management: allowed().describe("Who may use the port management."),
  managementTls: allowed().describe("Who may use the port managementTls."),
  metrics: allowed().describe("Who may read the metrics."),
  mqtt: allowed().describe("Who may use the port mqtt."),
  stomp: allowed().describe("Who may use the port stomp."),
  stream: allowed().describe("Who may use the port stream."),
}).describe("By port: the networks whose clients are let in. A port that is not named here is open to all.");

const facilities = ["local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"] as const;

const log = section({
  target: text(
    "must be stdout, rsyslog or a syslog server's IPv4 address and port, such as 192.0.2.9:514",
    /^(?:stdout|rsyslog|\d{1,3}(?:\.\d{1,3}){3}:\d{1,5})$/,
  )
    .default("stdout")
    .describe("Where the balancers log to: the container's log, the host's own rsyslog, or a syslog server (UDP)."),
  facility: choice(...facilities)
    .default("local0")
    .describe("The syslog facility."),
  level: choice("debug", "info", "notice", "warning", "err")
    .default("info")
    .describe("The least level that is logged."),
  file: text("must be an absolute path made of letters, digits and . _ -", /^(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*){2,}$/)
    .default("/var/log/haproxy.log")
    .describe("The file that the host's rsyslog writes; with target rsyslog only."),
}).describe("Where the balancers log to.");

const check = section({
  intervalSeconds: wholeNumber(1, 3600).default(5).describe("Seconds between two checks of a broker."),
  rise: wholeNumber(1, 100).default(2).describe("Good checks in a row after which a broker is used again."),
  fall: wholeNumber(1, 100).default(3).describe("Failed checks in a row after which a broker is left out."),
}).describe("How the balancers check the brokers.");

const timeouts = section({
  connectSeconds: wholeNumber(1, 600).default(5).describe("Seconds to reach a broker."),
  clientSeconds: idleSeconds().default(10800).describe("Seconds a client may be silent before it is cut off."),
  serverSeconds: idleSeconds().default(10800).describe("Seconds a broker may be silent before it is cut off."),
}).describe("After how long a connection is given up.");

const stats = section({
  username: userName().default("admin").describe("The statistics page's login."),
  password: password().exactOptional().describe("The statistics page's password. Generated when absent."),
  rotation: rotation().describe("Raise it by one to have a new password generated."),
}).describe("Who may see the statistics page.");

const tls = section({
  certificateFile: filePath()
    .exactOptional()
    .describe("A PEM file on your machine: the certificate, its chain and its private key."),
  certificate: secret("must be PEM text with a certificate and its private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/)
    .exactOptional()
    .describe("What would stand in that file, as a secret in the config instead."),
  moreCertificateFiles: list(filePath())
    .default([])
    .describe("Further such files: the client's server name (SNI) chooses; the first is for all others."),
  endsAt: choice("balancers", "brokers")
    .default("balancers")
    .describe("Where TLS on the port amqps ends. With brokers, the balancers hand it on as it is."),
}).describe("TLS for the ports amqps and managementTls. Absent: none.");

export const haproxySection = section({
  image: image("haproxy:2.6").describe("HAProxy's image, pinned by a version's tag or by a digest."),
  hosts: listOfSome(hostName()).describe("The balancers' hosts, by name. Their order is the VIP's default order."),
  adopt: containerName()
    .exactOptional()
    .describe("A container made by hand on each of the hosts, whose place the balancer takes."),
  directory: directory()
    .default("/var/lib/warren/haproxy")
    .describe("The directory on the host for the balancer's files."),
  ports: ports.prefault({}),
  balance: choice("roundrobin", "leastconn")
    .default("roundrobin")
    .describe("How connections are spread: in turn, or to the broker with the fewest (better for long-lived ones)."),
  check: check.prefault({}),
  retries: wholeNumber(0, 100).default(3).describe("Further attempts to reach a broker; the last goes to another one."),
  maxConnections: wholeNumber(1, 1_000_000).default(4096).describe("Connections of the whole balancer."),
  maxConnectionsPerFrontend: wholeNumber(1, 1_000_000).default(2000).describe("Connections of each of its ports."),
  timeouts: timeouts.prefault({}),
  stats: stats.prefault({}),
  allow: allow.prefault({}),
  log: log.prefault({}),
  tls: tls.exactOptional(),
}).describe("The balancers in front of the cluster.");
