import { haproxyCfg, healthPath, type HaproxyCfg } from "../../templates/haproxyCfg";

const cfg: HaproxyCfg = {
  backends: [
    { name: "rabbitmq1", address: "192.0.2.11", amqpPort: 5672, managementPort: 15672 },
    { name: "rabbitmq2", address: "192.0.2.12", amqpPort: 5682, managementPort: 15682 },
  ],
  ports: { amqp: 5670, stats: 8100, management: 15672, amqps: 5673 },
  balance: "roundrobin",
  check: { intervalSeconds: 5, rise: 2, fall: 3 },
  retries: 3,
  maxConnections: 4096,
  maxConnectionsPerFrontend: 2000,
  timeouts: { connectSeconds: 6, clientSeconds: 10800, serverSeconds: 10801 },
  stats: { username: "watcher", password: "s3cret" },
  certificate: "/usr/local/etc/haproxy/frontend.pem",
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
    server rabbitmq2 192.0.2.12:5682 check

listen management
    bind :15672
    mode http
    option httplog
    balance source
    option httpchk GET /
    default-server inter 5s rise 2 fall 3 on-marked-down shutdown-sessions
    server rabbitmq1 192.0.2.11:15672 check
    server rabbitmq2 192.0.2.12:15682 check
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

  test("without a certificate, TLS", () => {
    const { certificate, ...without } = cfg;
    expect(certificate).toBeDefined();
    expect(haproxyCfg(without)).toBe(whole.replace(tls, ""));
  });
});

test("leastconn spreads AMQP, and never the management page's sessions", () => {
  expect(haproxyCfg({ ...cfg, balance: "leastconn" }).match(/^ +balance .*$/gm)).toEqual([
    "    balance leastconn",
    "    balance source",
  ]);
});
