import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { deployDev, home, nodes } from "./support/devStack";
import { imageId, unsealed, type Deployment } from "./support/mocks";
import { stepInput, stepOf } from "./support/steps";

import { readLibrary } from "../../commands/library";
import type { FilesData } from "../../commands/rabbitmq/files";
import type { BootData } from "../../commands/rabbitmq/joining";
import type { TrialData } from "../../commands/rabbitmq/trial";
import { haproxyCfg, type HaproxyCfg } from "../../templates/haproxyCfg";
import { enabledPlugins, hostsFile, rabbitmqConf } from "../../templates/rabbitmqConf";
import { certificate, certificateKey } from "./configFixture";

/*
 * Which script each command of the dev stack is given, and with what. The scripts' own texts are tested where they are
 * made.
 */

let dev: Deployment;
beforeAll(async () => {
  dev = await deployDev();
});

const stdin = (name: string, deployment = dev): unknown => {
  const value = deployment.resource(name).inputs["stdin"];
  return unsealed(value) ?? value;
};

const place = (name: string) => ({ name, container: "rabbitmq", directory: `/var/lib/warren/rabbitmq/${name}` });
const peers = [
  { name: "rabbitmq1", address: "198.18.66.11" },
  { name: "rabbitmq2", address: "198.18.66.12" },
  { name: "rabbitmq3", address: "198.18.66.13" },
];

test.each(["host1", "host2", "host3", "host4", "host5"])("%s is prepared as the config says", (name) => {
  const data = {
    host: name,
    user: "root",
    installDocker: true,
    registryMirrors: ["http://198.18.66.1:5000"],
    insecureRegistries: ["198.18.66.1:5000"],
    timezone: "Asia/Shanghai",
    reservedPorts: ["35672-35682"],
    libraryDigest: readLibrary().digest,
  };
  expect(stdin(`${name}-prepare`)).toBe(stepInput(data));
});

describe.each(nodes)("%s", (name) => {
  test("gets its files", () => {
    const data: FilesData = {
      ...place(name),
      stack: "acme/warren/dev",
      image: "rabbitmq:3.8.9-management",
      fixed: ["ERL_EPMD_PORT=4369", "RABBITMQ_DIST_PORT=25672"],
      hosts: hostsFile(name, peers),
      cookie: "generated-rabbitmq-cookie",
      adopts: false,
      joins: name !== "rabbitmq1",
    };
    expect(stepOf(dev.resource(`${name}-files`))).toBe("rabbitmq/files");
    expect(stdin(`${name}-files`)).toBe(stepInput(data));
  });

  test("is tried with what its broker reads when it starts, and gets that in its own turn", () => {
    const own = { owner: "container" };
    const conf = rabbitmqConf({
      username: "admin",
      password: "generated-rabbitmq-password",
      vhost: "app",
      ports: { amqp: 5672, management: 15672, metrics: 15692 },
      plugins: ["rabbitmq_management", "rabbitmq_prometheus"],
      partitionHandling: "pause_minority",
      memoryHighWatermark: 0.4,
      diskFreeLimit: "1GB",
      settings: {},
    });
    const plugins = enabledPlugins(["rabbitmq_management", "rabbitmq_prometheus"]);
    const { directory } = place(name);
    const files = [
      { path: `${directory}/conf/enabled_plugins`, mode: "0640", ...own, content: plugins },
      { path: `${directory}/conf/rabbitmq.conf`, mode: "0440", ...own, content: conf },
    ];
    const labels = dev.resource(`${name}-container`).inputs["labels"] as { value: string }[];
    const tried: TrialData = {
      ...place(name),
      ...{ image: imageId, imageName: "rabbitmq:3.8.9-management", settings: labels[2]!.value, files },
      plugins: ["rabbitmq_management", "rabbitmq_prometheus"],
      environment: ["ERL_EPMD_PORT=4369", "RABBITMQ_DIST_PORT=25672", "TZ=Asia/Shanghai"],
      amqpPort: 5672,
    };
    expect(stepOf(dev.resource(`${name}-trial`))).toBe("rabbitmq/trial");
    expect(stdin(`${name}-trial`)).toBe(stepInput(tried));
    expect(stepOf(dev.resource(`${name}-configuration`))).toBe("rabbitmq/configuration");
    const joins = name !== "rabbitmq1";
    expect(stdin(`${name}-configuration`)).toBe(stepInput({ ...place(name), files, adopts: false, joins }));
  });

  test("is gated, and has booted when the broker listens inside its container", () => {
    const labels = dev.resource(`${name}-container`).inputs["labels"] as { value: string }[];
    const wanted = { image: imageId, settings: labels[2]!.value, lost: [], amqpPort: 5672 };
    expect(stepOf(dev.resource(`${name}-gate`))).toBe("rabbitmq/gate");
    expect(stdin(`${name}-gate`)).toBe(stepInput({ ...place(name), ...wanted, joins: name !== "rabbitmq1" }));
    const booted: BootData = { ...place(name), amqpPort: 5672, containerId: `id of ${name}-container` };
    expect(stepOf(dev.resource(`${name}-boot`))).toBe("rabbitmq/boot");
    expect(stdin(`${name}-boot`)).toBe(stepInput(booted));
  });
});

describe.each(["host4", "host5"])("the balancer on %s", (host) => {
  const at = { container: "haproxy", directory: `/var/lib/warren/haproxy/${host}` };
  const brokerPorts = {
    amqp: 5672,
    amqps: 5671,
    management: 15672,
    metrics: 15692,
    epmd: 4369,
    distribution: 25672,
  };
  const cfg: HaproxyCfg = {
    backends: peers.map((peer) => ({ ...peer, ports: brokerPorts })),
    ports: { amqp: 5670, stats: 8100, management: 15672 },
    allow: {},
    balance: "roundrobin" as const,
    check: { intervalSeconds: 5, rise: 2, fall: 3 },
    readyCheck: false,
    retries: 3,
    maxConnections: 4096,
    maxConnectionsPerFrontend: 2000,
    timeouts: { connectSeconds: 5, clientSeconds: 10800, serverSeconds: 10800 },
    stats: { username: "admin", password: "generated-haproxy-stats-password" },
    log: { target: "stdout format raw", facility: "local0", level: "info" },
    certificates: [],
    passThrough: false,
  };
  const config = (files: { name: string; content: string }[]) =>
    stepInput({
      ...at,
      ...{ stack: "acme/warren/dev", part: `haproxy-${host}`, byHand: false, image: "haproxy:2.6" },
      files: files.map(({ name, content }) => ({
        ...{ path: `${at.directory}/new/${name}`, mode: "0440", owner: "container", content },
      })),
    });
  /** Where the balancer says that it runs by this configuration. */
  const pathOf = (text: HaproxyCfg, pems: string[] = []) => {
    const digest = createHash("sha256")
      .update(JSON.stringify([haproxyCfg(text), pems]))
      .digest("hex");
    return `/configuration/${digest.slice(0, 32)}`;
  };
  const ready = (configurationPath: string, statsPort: number) =>
    stepInput({
      ...at,
      ...{ containerId: `id of haproxy-${host}-container`, statsPort, healthPath: "/healthz", configurationPath },
      ...{ brokers: ["rabbitmq1", "rabbitmq2", "rabbitmq3"], login: "admin:generated-haproxy-stats-password" },
      waitSeconds: 60,
    });

  test("looks before it stages its configuration, and takes it up", () => {
    const content = haproxyCfg({ ...cfg, configurationPath: pathOf(cfg) });
    expect(stdin(`haproxy-${host}-config`)).toBe(config([{ name: "haproxy.cfg", content }]));
  });

  test("has its certificates beside its configuration, and brokers at the ports of their hosts", async () => {
    writeFileSync(join(home, "tls.pem"), certificate + certificateKey);
    const other = await deployDev({
      "haproxy.ports": { amqp: 5682, stats: 9000, amqps: 5683 },
      "haproxy.tls": { certificateFile: join(home, "tls.pem"), moreCertificateFiles: [join(home, "tls.pem")] },
      "haproxy.log": { target: "192.0.2.9:514", facility: "local2", level: "notice" },
      "haproxy.allow": { amqp: ["192.0.2.0/24"] },
      "rabbitmq.ports": { amqp: 5692, management: 15692, metrics: 15693 },
      "rabbitmq.image": "rabbitmq:4.1.1-management",
    });
    const text: HaproxyCfg = {
      ...cfg,
      backends: peers.map((peer) => ({
        ...peer,
        ports: { ...brokerPorts, amqp: 5692, management: 15692, metrics: 15693 },
      })),
      ports: { amqp: 5670, stats: 8100, amqps: 5673 },
      allow: { amqp: ["192.0.2.0/24"] },
      log: { target: "192.0.2.9:514", facility: "local2", level: "notice" },
      readyCheck: true,
      certificates: ["/usr/local/etc/haproxy/frontend.pem", "/usr/local/etc/haproxy/frontend-2.pem"],
    };
    const pem = certificate + certificateKey;
    const configurationPath = pathOf(text, [pem, pem]);
    expect(stdin(`haproxy-${host}-config`, other)).toBe(
      config([
        { name: "haproxy.cfg", content: haproxyCfg({ ...text, configurationPath }) },
        { name: "frontend.pem", content: pem },
        { name: "frontend-2.pem", content: pem },
      ]),
    );
    expect(stdin(`haproxy-${host}-ready`, other)).toBe(ready(configurationPath, 9000));
  });

  test("logs to the host's rsyslog where the config says so", async () => {
    const other = await deployDev({ "haproxy.log": { target: "rsyslog", facility: "local3", file: "/srv/x.log" } });
    expect(stdin(`haproxy-${host}-log`, other)).toBe(
      stepInput({ directory: at.directory, facility: "local3", file: "/srv/x.log" }),
    );
    expect(other.resource(`haproxy-${host}-container`).dependsOn).toContain(`haproxy-${host}-log`);
    expect(other.resource(`haproxy-${host}-container`).inputs["volumes"]).toContainEqual({
      hostPath: `${at.directory}/log`,
      containerPath: "/run/warren-log",
      readOnly: true,
    });
  });

  test("is ready when it runs by this configuration and its health page says so, at the host's own port", () => {
    expect(stdin(`haproxy-${host}-ready`)).toBe(ready(pathOf(cfg), 8100));
  });

  test("is not replaced before the virtual IP can be on the other balancer's host", () => {
    const labels = dev.resource(`haproxy-${host}-container`).inputs["labels"] as { value: string }[];
    const data = {
      ...at,
      ...{ image: imageId, settings: labels[2]!.value, ips: ["198.18.66.100"] },
      others: [host === "host4" ? "198.18.66.15" : "198.18.66.14"],
      ...{ healthPort: 8100, healthPath: "/healthz", waitSeconds: 60, leaveSeconds: 60 },
    };
    expect(stdin(`haproxy-${host}-gate`)).toBe(stepInput(data));
  });

  test("waits as long as the config's checks may take", async () => {
    const check = { intervalSeconds: 30, rise: 3, fall: 3 };
    const other = await deployDev({ "haproxy.check": check, "vip.check": check });
    expect(stdin(`haproxy-${host}-gate`, other)).toContain("\nwait_seconds=130\nleave_seconds=150\n");
    expect(stdin(`haproxy-${host}-ready`, other)).toContain("\nwait_seconds=130\n");
  });
});

test("every script is one of these", () => {
  const tested =
    /^(host\d-prepare|rabbitmq\d-(trial|files|gate|configuration|boot|stop-app|reset|join-cluster|start-app|member)|rabbitmq-(formed|name|administrator)|haproxy-host\d-(config|gate|ready)|vip-host\d-(package|config|service|holds|stands-by)|service)$/;
  const commands = dev.resources.filter(({ type }) => type === "command:remote:Command").map(({ name }) => name);
  expect(commands.filter((name) => !tested.test(name))).toEqual([]);
});
