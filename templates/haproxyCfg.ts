/** One broker behind the balancer. */
export interface Backend {
  name: string;
  address: string;
  amqpPort: number;
  managementPort: number;
}

/** What `haproxy.cfg` is made of. Source: the HAProxy configuration manual, https://docs.haproxy.org */
export interface HaproxyCfg {
  backends: readonly Backend[];
  /** Ports inside the container. A frontend without a port is left out. */
  ports: { amqp: number; stats: number; management?: number; amqps?: number };
  balance: "roundrobin" | "leastconn";
  check: { intervalSeconds: number; rise: number; fall: number };
  retries: number;
  /** Of the process. */
  maxConnections: number;
  /** Of each frontend. */
  maxConnectionsPerFrontend: number;
  timeouts: { connectSeconds: number; clientSeconds: number; serverSeconds: number };
  stats: { username: string; password: string };
  /** Path, inside the container, of a PEM file with certificate chain and key; needed with `ports.amqps`. */
  certificate?: string;
}

/** Path on the statistics port that answers 200 while a broker is up, else 503. It asks for no password. */
export const healthPath = "/healthz";

/**
 * An AMQP 0-9-1 client opens with this header, and the broker answers with Connection.Start: class 10, method 10. An open
 * port alone proves a listener, not a broker. Source: AMQP 0-9-1 specification, 4.2.2 and 1.4.2.1.
 */
const amqpCheck = [
  "    option tcp-check",
  "    tcp-check connect",
  "    tcp-check send-binary 414d515000000901",
  "    tcp-check expect binary 000a000a",
];

function servers(cfg: HaproxyCfg, port: (backend: Backend) => number): string[] {
  const { intervalSeconds, rise, fall } = cfg.check;
  return [
    // Clients of a broker that is gone are cut loose, so that they come back through another one.
    `    default-server inter ${intervalSeconds}s rise ${rise} fall ${fall} on-marked-down shutdown-sessions`,
    ...cfg.backends.map((backend) => `    server ${backend.name} ${backend.address}:${port(backend)} check`),
  ];
}

function section(title: string, lines: string[]): string[] {
  return ["", title, ...lines];
}

/** The balancer's configuration. */
export function haproxyCfg(cfg: HaproxyCfg): string {
  const { ports, timeouts, stats, certificate } = cfg;
  const broker = (backend: Backend): number => backend.amqpPort;
  const lines = [
    "# Written by Warren. Change the stack's config instead: the next `pulumi up` overwrites this file.",
    "global",
    "    log stdout format raw local0 info",
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
    ...section("listen stats", [
      `    bind :${ports.stats}`,
      "    mode http",
      "    timeout client 30s",
      `    monitor-uri ${healthPath}`,
      "    monitor fail if { nbsrv(rabbitmq) lt 1 }",
      "    stats enable",
      "    stats realm Haproxy\\ Statistics",
      "    stats uri /",
      `    stats auth ${stats.username}:${stats.password}`,
    ]),
    ...section("listen rabbitmq", [
      `    bind :${ports.amqp}`,
      ...(ports.amqps !== undefined && certificate !== undefined
        ? [`    bind :${ports.amqps} ssl crt ${certificate} ssl-min-ver TLSv1.2`]
        : []),
      `    balance ${cfg.balance}`,
      ...amqpCheck,
      ...servers(cfg, broker),
    ]),
    ...(ports.management === undefined
      ? []
      : section("listen management", [
          `    bind :${ports.management}`,
          "    mode http",
          "    option httplog",
          // A browser's session has to stay with one broker's page.
          "    balance source",
          "    option httpchk GET /",
          ...servers(cfg, (backend) => backend.managementPort),
        ])),
  ];
  return `${lines.join("\n")}\n`;
}
