/** One broker behind the balancer. */
export interface Backend {
  name: string;
  address: string;
  /** On the broker's host. One without a port is not offered. */
  ports: {
    amqp: number;
    amqps: number;
    management: number;
    managementTls?: number;
    metrics: number;
    mqtt?: number;
    stomp?: number;
    stream?: number;
  };
}

/** What a balancer offers, each on a port of its own. */
export interface Frontends<T> {
  amqp: T;
  stats: T;
  amqps?: T;
  management?: T;
  managementTls?: T;
  metrics?: T;
  mqtt?: T;
  stomp?: T;
  stream?: T;
}

/** What `haproxy.cfg` is made of. Source: the HAProxy configuration manual, https://docs.haproxy.org */
export interface HaproxyCfg {
  backends: readonly Backend[];
  /** Ports inside the container. A frontend without a port is left out. */
  ports: Frontends<number>;
  /** Networks whose clients a frontend lets in. One that is not named lets everybody in. */
  allow: Partial<Frontends<readonly string[]>>;
  balance: "roundrobin" | "leastconn";
  check: { intervalSeconds: number; rise: number; fall: number };
  /** The brokers say over HTTP whether they are ready (from 4.1.1 on). */
  readyCheck: boolean;
  retries: number;
  /** Of the process. */
  maxConnections: number;
  /** Of each frontend. */
  maxConnectionsPerFrontend: number;
  timeouts: { connectSeconds: number; clientSeconds: number; serverSeconds: number };
  stats: { username: string; password: string };
  /** The target as HAProxy has it: `stdout format raw`, a socket's path, or `ADDRESS:PORT`. */
  log: { target: string; facility: string; level: string };
  /** Paths, inside the container, of PEM files with certificate chain and key; the first is for clients that name no server. */
  certificates: readonly string[];
  /** TLS on the port amqps goes on to the brokers as it is. */
  passThrough: boolean;
  /** What goes to the brokers over TLS, each of which has to have its name in its certificate. Absent: nothing. */
  brokerTls?: BrokerTls;
  /** A path on the statistics port that answers 200 from when this configuration is in use. */
  configurationPath?: string;
}

/** TLS between the balancer and the brokers. */
export interface BrokerTls {
  amqp: boolean;
  management: boolean;
  /** A PEM file, inside the container, with the certificates of the authorities that are trusted. */
  authority: string;
}

/** Path on the statistics port that answers 200 while a broker is up, else 503. It asks for no password. */
export const healthPath = "/healthz";

/** Path at which a broker says whether it is ready; in 4.1.1 and later. */
const readyPath = "/api/health/checks/ready-to-serve-clients";

/**
 * An AMQP 0-9-1 client opens with this header, and the broker answers with Connection.Start: class 10, method 10. An open
 * port alone proves a listener, not a broker. Source: AMQP 0-9-1 specification, 4.2.2 and 1.4.2.1.
 */
const greetBroker = ["    tcp-check send-binary 414d515000000901", "    tcp-check expect binary 000a000a"];

/** The port of all brokers for a protocol; config gives every node the same. */
const common = (cfg: HaproxyCfg, name: keyof Backend["ports"]): number | undefined => cfg.backends[0]?.ports[name];

/** A broker's certificate is checked against the authority, and for the broker's name. */
function verified({ brokerTls }: HaproxyCfg, broker: string): string {
  return `verify required ca-file ${brokerTls?.authority} verifyhost ${broker} ssl-min-ver TLSv1.2`;
}

/**
 * The brokers at their port for a protocol.
 *
 * @param tls connections, and checks that are at the same port, are over TLS
 * @param checkedAt the port of the checks, where it is another one, and whether they are over TLS
 */
function servers(
  cfg: HaproxyCfg,
  name: keyof Backend["ports"],
  tls = false,
  checkedAt?: { port: number | undefined; tls: boolean },
): string[] {
  const { intervalSeconds, rise, fall } = cfg.check;
  const check = checkedAt === undefined ? "check" : `check port ${checkedAt.port}${checkedAt.tls ? " check-ssl" : ""}`;
  const secured = (broker: string): string =>
    tls || checkedAt?.tls === true ? ` ${tls ? "ssl " : ""}${verified(cfg, broker)}` : "";
  return [
    // Clients of a broker that is gone are cut loose, so that they come back through another one.
    `    default-server inter ${intervalSeconds}s rise ${rise} fall ${fall} on-marked-down shutdown-sessions`,
    ...cfg.backends.map(
      (backend) =>
        `    server ${backend.name} ${backend.address}:${backend.ports[name]} ${check}${secured(backend.name)}`,
    ),
  ];
}

function section(title: string, lines: string[]): string[] {
  return ["", title, ...lines];
}

/** Turns strangers away before they have said a word; where a section has two ports, those of the given one. */
function sourceLimit(cfg: HaproxyCfg, name: keyof Frontends<unknown>, shared = false): string[] {
  const networks = cfg.allow[name];
  if (networks === undefined) return [];
  const to = shared ? `{ dst_port ${cfg.ports[name]} } ` : "";
  return [`    tcp-request connection reject if ${to}!{ src ${networks.join(" ")} }`];
}

function tls(cfg: HaproxyCfg): string {
  return `ssl ${cfg.certificates.map((file) => `crt ${file}`).join(" ")} ssl-min-ver TLSv1.2`;
}

function stats(cfg: HaproxyCfg): string[] {
  const { allow, configurationPath } = cfg;
  return section("listen stats", [
    `    bind :${cfg.ports.stats}`,
    "    mode http",
    "    timeout client 30s",
    // HAProxy answers this one before it looks at any rule below.
    `    monitor-uri ${healthPath}`,
    "    monitor fail if { nbsrv(rabbitmq) lt 1 }",
    ...(configurationPath === undefined ? [] : [`    http-request return status 200 if { path ${configurationPath} }`]),
    ...(allow.stats === undefined
      ? []
      : [
          // Below the path that nobody can guess, the statistics answer the host itself, too; they ask for the login there as well.
          `    http-request deny unless { src ${allow.stats.join(" ")} }${configurationPath === undefined ? "" : ` || { path_beg ${configurationPath}/ }`}`,
        ]),
    "    stats enable",
    "    stats realm Haproxy\\ Statistics",
    "    stats uri /",
    `    stats auth ${cfg.stats.username}:${cfg.stats.password}`,
  ]);
}

function amqp(cfg: HaproxyCfg): string[] {
  const { ports, balance, passThrough, readyCheck } = cfg;
  const ends = ports.amqps !== undefined && !passThrough;
  const secured = cfg.brokerTls?.amqp === true;
  const checkedAt = { port: common(cfg, managementPort(cfg)), tls: cfg.brokerTls?.management === true };
  const check = readyCheck
    ? ["    option httpchk", `    http-check send meth GET uri ${readyPath}`, "    http-check expect status 200"]
    : ["    option tcp-check", `    tcp-check connect${secured ? " default" : ""}`, ...greetBroker];
  return [
    ...section("listen rabbitmq", [
      `    bind :${ports.amqp}`,
      ...(ends ? [`    bind :${ports.amqps} ${tls(cfg)}`] : []),
      ...sourceLimit(cfg, "amqp", ends),
      ...(ends ? sourceLimit(cfg, "amqps", true) : []),
      `    balance ${balance}`,
      ...check,
      ...servers(cfg, secured ? "amqps" : "amqp", secured, readyCheck ? checkedAt : undefined),
    ]),
    ...(passThrough ? further(cfg, "amqps") : []),
    ...further(cfg, "mqtt"),
    ...further(cfg, "stomp"),
    ...further(cfg, "stream"),
  ];
}

/** Another protocol of the same brokers: one counts when it speaks AMQP and listens for this protocol, too. */
function further(cfg: HaproxyCfg, name: "amqps" | "mqtt" | "stomp" | "stream"): string[] {
  const port = cfg.ports[name];
  if (port === undefined) return [];
  return section(`listen ${name}`, [
    `    bind :${port}`,
    ...sourceLimit(cfg, name),
    `    balance ${cfg.balance}`,
    "    option tcp-check",
    `    tcp-check connect port ${common(cfg, "amqp")}`,
    ...greetBroker,
    "    tcp-check connect",
    ...servers(cfg, name),
  ]);
}

/** The brokers' port for the management page. */
const managementPort = ({ brokerTls }: HaproxyCfg) => (brokerTls?.management === true ? "managementTls" : "management");

function management(cfg: HaproxyCfg): string[] {
  const { ports } = cfg;
  const both = ports.management !== undefined && ports.managementTls !== undefined;
  if (ports.management === undefined && ports.managementTls === undefined) return [];
  return section("listen management", [
    ...(ports.management === undefined ? [] : [`    bind :${ports.management}`]),
    ...(ports.managementTls === undefined ? [] : [`    bind :${ports.managementTls} ${tls(cfg)}`]),
    ...(ports.management === undefined ? [] : sourceLimit(cfg, "management", both)),
    ...(ports.managementTls === undefined ? [] : sourceLimit(cfg, "managementTls", both)),
    "    mode http",
    "    option httplog",
    "    timeout http-request 10s",
    // A browser's session has to stay with one broker's page.
    "    balance source",
    "    option httpchk GET /",
    ...servers(cfg, managementPort(cfg), cfg.brokerTls?.management),
  ]);
}

/** Every scrape has to reach the broker that it means, so each has a path of its own. */
function metrics(cfg: HaproxyCfg): string[] {
  const { ports } = cfg;
  if (ports.metrics === undefined) return [];
  return [
    ...section("frontend metrics", [
      `    bind :${ports.metrics}`,
      ...sourceLimit(cfg, "metrics"),
      "    mode http",
      "    timeout client 30s",
      "    timeout http-request 10s",
      "    http-request use-service prometheus-exporter if { path /metrics }",
      ...cfg.backends.map(({ name }) => `    use_backend metrics-${name} if { path_beg /${name}/metrics }`),
      `    http-request return status 404 unless { path_beg ${cfg.backends.map(({ name }) => `/${name}/metrics`).join(" ")} }`,
    ]),
    ...cfg.backends.flatMap((backend) =>
      section(`backend metrics-${backend.name}`, [
        "    mode http",
        `    http-request replace-path /${backend.name}(/.*) \\1`,
        `    server ${backend.name} ${backend.address}:${backend.ports.metrics}`,
      ]),
    ),
  ];
}

/** The balancer's configuration. */
export function haproxyCfg(cfg: HaproxyCfg): string {
  const { timeouts, log } = cfg;
  const lines = [
    "# Written by Warren. Change the stack's config instead: the next `pulumi up` overwrites this file.",
    "global",
    `    log ${log.target} ${log.facility} ${log.level}`,
    `    maxconn ${cfg.maxConnections}`,
    ...section("defaults", [
      "    log global",
      "    mode tcp",
      "    option tcplog",
      "    option dontlognull",
      "    option redispatch",
      // An idle AMQP connection is a healthy one: it is TCP that has to notice a peer that is gone.
      "    option clitcpka",
      "    option srvtcpka",
      `    retries ${cfg.retries}`,
      `    maxconn ${cfg.maxConnectionsPerFrontend}`,
      `    timeout connect ${timeouts.connectSeconds}s`,
      `    timeout client ${timeouts.clientSeconds}s`,
      `    timeout server ${timeouts.serverSeconds}s`,
      "    timeout check 5s",
    ]),
    ...stats(cfg),
    ...amqp(cfg),
    ...management(cfg),
    ...metrics(cfg),
  ];
  return `${lines.join("\n")}\n`;
}
