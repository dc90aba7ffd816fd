import {
  choice,
  directory,
  filePath,
  hostName,
  image,
  listOfSome,
  password,
  port,
  section,
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
  amqps: port().exactOptional().describe("AMQP over TLS, ended at the balancer. Needs tls."),
}).describe("The balancer's ports on its host.");

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
}).describe("Who may see the statistics page.");

const tls = section({
  certificateFile: filePath().describe("A PEM file on your machine: the certificate, its chain and its private key."),
}).describe("TLS for the amqps port. Absent: none.");

export const haproxySection = section({
  image: image("haproxy:2.6").describe("HAProxy's image, pinned by a version's tag or by a digest."),
  hosts: listOfSome(hostName()).describe("The balancers' hosts, by name. Their order is the VIP's default order."),
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
  tls: tls.exactOptional(),
}).describe("The balancers in front of the cluster.");
