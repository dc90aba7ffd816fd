import { haproxyCfg, healthPath, type HaproxyCfg } from "../../templates/haproxyCfg";

const brokerPorts = {
  amqp: 5672,
  amqps: 5671,
  management: 15672,
  metrics: 15692,
  mqtt: 1883,
  stomp: 61613,
  stream: 5552,
};

const cfg: HaproxyCfg = {
  backends: [
    { name: "rabbitmq1", address: "192.0.2.11", ports: brokerPorts },
    { name: "rabbitmq2", address: "192.0.2.12", ports: brokerPorts },
  ],
  allow: {},
  readyCheck: false,
  log: { target: "stdout format raw", facility: "local0", level: "info" },
  passThrough: false,
  ports: { amqp: 5670, stats: 8100, management: 15672, amqps: 5673 },
  balance: "roundrobin",
  check: { intervalSeconds: 5, rise: 2, fall: 3 },
  retries: 3,
  maxConnections: 4096,
  maxConnectionsPerFrontend: 2000,
  timeouts: { connectSeconds: 6, clientSeconds: 10800, serverSeconds: 10801 },
  stats: { username: "watcher", password: "s3cret" },
  certificates: ["/usr/local/etc/haproxy/frontend.pem"],
};

test("the health page's path", () => {
  expect(healthPath).toBe("/healthz");
});

test("haproxy.cfg, whole", () => {
  expect(haproxyCfg(cfg))
    .toBe(`# Written by Warren. Change the stack's config instead: the next \`pulumi up\` overwrites this file.
global
    log stdout format raw local0 info
    maxconn 4096

defaults
    log global
    mode tcp
    option tcplog
    option dontlognull
    option redispatch
    option clitcpka
    option srvtcpka
    retries 3
    maxconn 2000
    timeout connect 6s
    timeout client 10800s
    timeout server 10801s
    timeout check 5s

listen stats
    bind :8100
    mode http
    timeout client 30s
    monitor-uri /healthz
    monitor fail if { nbsrv(rabbitmq) lt 1 }
    stats enable
    stats realm Haproxy\\ Statistics
    stats uri /
    stats auth watcher:s3cret

listen rabbitmq
    bind :5670
    bind :5673 ssl crt /usr/local/etc/haproxy/frontend.pem ssl-min-ver TLSv1.2
    balance roundrobin
    option tcp-check
    tcp-check connect
    tcp-check send-binary 414d515000000901
    tcp-check expect binary 000a000a
    default-server inter 5s rise 2 fall 3 on-marked-down shutdown-sessions
    server rabbitmq1 192.0.2.11:5672 check
    server rabbitmq2 192.0.2.12:5672 check

listen management
    bind :15672
    mode http
    option httplog
    timeout http-request 10s
    balance source
    option httpchk GET /
    default-server inter 5s rise 2 fall 3 on-marked-down shutdown-sessions
    server rabbitmq1 192.0.2.11:15672 check
    server rabbitmq2 192.0.2.12:15672 check
`);
});

test("the broker's check sends an AMQP client's first eight bytes", () => {
  const sent = /send-binary (\w+)/.exec(haproxyCfg(cfg))?.[1] ?? "";
  expect(Buffer.from(sent, "hex").toString("latin1")).toBe("AMQP\0\0\x09\x01");
});

describe("what is left out", () => {
  const whole = haproxyCfg(cfg);
  const { amqp, stats, management, amqps } = cfg.ports;

  test("without a port for it, the management page", () => {
    const without = haproxyCfg({ ...cfg, ports: { amqp, stats, ...(amqps === undefined ? {} : { amqps }) } });
    expect(without).toBe(whole.slice(0, whole.indexOf("\nlisten management")));
  });

  const tls = "    bind :5673 ssl crt /usr/local/etc/haproxy/frontend.pem ssl-min-ver TLSv1.2\n";

  test("without a port for it, TLS", () => {
    const ports = { amqp, stats, ...(management === undefined ? {} : { management }) };
    expect(haproxyCfg({ ...cfg, ports })).toBe(whole.replace(tls, ""));
  });
});

test("leastconn spreads AMQP, and never the management page's sessions", () => {
  expect(haproxyCfg({ ...cfg, balance: "leastconn" }).match(/^ +balance .*$/gm)).toEqual([
    "    balance leastconn",
    "    balance source",
  ]);
});

/** The text of one section. */
const sectionOf = (text: string, title: string): string =>
  new RegExp(`^${title}\\n(?: .*\\n)+`, "m").exec(text)?.[0] ?? "";

/** What one text has beside another, line by line. */
const further = (text: string, other: string): string[] =>
  text.split("\n").filter((line) => !other.split("\n").includes(line));

describe("brokers from 4.1.1 on", () => {
  test("are asked over HTTP whether they are ready", () => {
    expect(sectionOf(haproxyCfg({ ...cfg, readyCheck: true }), "listen rabbitmq")).toBe(`listen rabbitmq
    bind :5670
    bind :5673 ssl crt /usr/local/etc/haproxy/frontend.pem ssl-min-ver TLSv1.2
    balance roundrobin
    option httpchk
    http-check send meth GET uri /api/health/checks/ready-to-serve-clients
    http-check expect status 200
    default-server inter 5s rise 2 fall 3 on-marked-down shutdown-sessions
    server rabbitmq1 192.0.2.11:5672 check port 15672
    server rabbitmq2 192.0.2.12:5672 check port 15672
`);
  });
});

describe("further protocols", () => {
  test.each([
    ["mqtt", 1883],
    ["stomp", 61613],
    ["stream", 5552],
  ] as const)("%s: a broker counts when it speaks AMQP and listens for it, too", (name, port) => {
    expect(sectionOf(haproxyCfg({ ...cfg, ports: { ...cfg.ports, [name]: 7000 } }), `listen ${name}`))
      .toBe(`listen ${name}
    bind :7000
    balance roundrobin
    option tcp-check
    tcp-check connect port 5672
    tcp-check send-binary 414d515000000901
    tcp-check expect binary 000a000a
    tcp-check connect
    default-server inter 5s rise 2 fall 3 on-marked-down shutdown-sessions
    server rabbitmq1 192.0.2.11:${port} check
    server rabbitmq2 192.0.2.12:${port} check
`);
  });

  test("metrics: the balancer's own, and each broker's at a path of its own", () => {
    const text = haproxyCfg({ ...cfg, ports: { ...cfg.ports, metrics: 8405 } });
    expect(text).toBe(`${haproxyCfg(cfg)}
frontend metrics
    bind :8405
    mode http
    timeout client 30s
    timeout http-request 10s
    http-request use-service prometheus-exporter if { path /metrics }
    use_backend metrics-rabbitmq1 if { path_beg /rabbitmq1/metrics }
    use_backend metrics-rabbitmq2 if { path_beg /rabbitmq2/metrics }
    http-request return status 404 unless { path_beg /rabbitmq1/metrics /rabbitmq2/metrics }

backend metrics-rabbitmq1
    mode http
    http-request replace-path /rabbitmq1(/.*) \\1
    server rabbitmq1 192.0.2.11:15692

backend metrics-rabbitmq2
    mode http
    http-request replace-path /rabbitmq2(/.*) \\1
    server rabbitmq2 192.0.2.12:15692
`);
  });
});

describe("TLS", () => {
  test("of several certificates, the first is for clients that name no server", () => {
    const text = haproxyCfg({ ...cfg, certificates: ["/a.pem", "/b.pem"] });
    expect(text).toContain("    bind :5673 ssl crt /a.pem crt /b.pem ssl-min-ver TLSv1.2\n");
  });

  test("is handed on to the brokers as it is", () => {
    const text = haproxyCfg({ ...cfg, certificates: [], passThrough: true });
    expect(text).not.toContain(" ssl ");
    expect(sectionOf(text, "listen amqps")).toContain(`listen amqps
    bind :5673
    balance roundrobin
    option tcp-check
    tcp-check connect port 5672
`);
    expect(sectionOf(text, "listen amqps")).toContain("    server rabbitmq2 192.0.2.12:5671 check\n");
  });

  test("the management page by HTTPS, alone or beside HTTP", () => {
    const { management, ...others } = cfg.ports;
    const bind = "    bind :15671 ssl crt /usr/local/etc/haproxy/frontend.pem ssl-min-ver TLSv1.2\n";
    expect(sectionOf(haproxyCfg({ ...cfg, ports: { ...others, managementTls: 15671 } }), "listen management")).toBe(
      sectionOf(haproxyCfg(cfg), "listen management").replace(`    bind :${management}\n`, bind),
    );
    const both = haproxyCfg({ ...cfg, ports: { ...cfg.ports, managementTls: 15671 } });
    expect(sectionOf(both, "listen management")).toContain(`    bind :${management}\n${bind}`);
  });
});

describe("allowed networks", () => {
  test("turn others away from the one port that they are for, and never hide the health page", () => {
    const ports = { ...cfg.ports, managementTls: 15671, metrics: 8405, mqtt: 1883 };
    const allow = {
      amqp: ["192.0.2.0/24", "198.51.100.7"],
      amqps: ["10.0.0.0/8"],
      stats: ["192.0.2.9"],
      managementTls: ["192.0.2.10"],
      metrics: ["192.0.2.11"],
      mqtt: ["192.0.2.12"],
    };
    const open = haproxyCfg({ ...cfg, ports });
    const text = haproxyCfg({ ...cfg, ports, allow });
    expect(further(text, open)).toEqual([
      "    http-request deny unless { src 192.0.2.9 }",
      "    tcp-request connection reject if { dst_port 5670 } !{ src 192.0.2.0/24 198.51.100.7 }",
      "    tcp-request connection reject if { dst_port 5673 } !{ src 10.0.0.0/8 }",
      "    tcp-request connection reject if !{ src 192.0.2.12 }",
      "    tcp-request connection reject if { dst_port 15671 } !{ src 192.0.2.10 }",
      "    tcp-request connection reject if !{ src 192.0.2.11 }",
    ]);
    expect(sectionOf(text, "listen stats").indexOf("monitor fail")).toBeLessThan(
      sectionOf(text, "listen stats").indexOf("http-request deny"),
    );
  });
});

test("the log goes where it is told to", () => {
  const log = { target: "192.0.2.9:514", facility: "local2", level: "notice" };
  expect(haproxyCfg({ ...cfg, log })).toContain("global\n    log 192.0.2.9:514 local2 notice\n");
});

test("a configuration in use says so at its path, before any rule about who may ask", () => {
  const text = haproxyCfg({ ...cfg, configurationPath: "/configuration/1", allow: { stats: ["192.0.2.9"] } });
  expect(further(text, haproxyCfg(cfg))).toEqual([
    "    http-request return status 200 if { path /configuration/1 }",
    "    http-request deny unless { src 192.0.2.9 } || { path_beg /configuration/1/ }",
  ]);
});
