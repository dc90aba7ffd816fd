import type { Report } from "../errors";
import { checkLogins } from "../logins";
import type { Sections } from "../schema";
import { checkAdoption } from "./adoption";
import type { RabbitmqConfig } from "../types";
import { settingRule, unknownSetting } from "../brokerSettings";
import { isSupported, oldestVersion, permitsRam, versionOfImage } from "../versions";

type Rabbitmq = Sections["rabbitmq"];

/** Protocols that a plugin brings: their own ports, which are published where the plugin is enabled. */
export const pluginPorts = {
  mqtt: { plugin: "rabbitmq_mqtt", port: 1883 },
  stomp: { plugin: "rabbitmq_stomp", port: 61613 },
  stream: { plugin: "rabbitmq_stream", port: 5552 },
} as const;

/** Where the management page is by HTTPS, unless the config says otherwise. */
const managementTlsPort = 15671;

/** The brokers' ports, with those of their plugins and of TLS. */
export function brokerPorts({ ports, plugins }: Rabbitmq, tls: Sections["tls"] | undefined): Rabbitmq["ports"] {
  const enabled = Object.entries(pluginPorts).filter(([, { plugin }]) => plugins.includes(plugin));
  return {
    ...Object.fromEntries(enabled.map(([name, { port }]) => [name, port])),
    ...(tls?.management === true ? { managementTls: managementTlsPort } : {}),
    ...ports,
  };
}

export function resolveRabbitmq(rabbitmq: Rabbitmq, tls: Sections["tls"] | undefined, report: Report): RabbitmqConfig {
  const version = resolveVersion(rabbitmq, report);
  checkNodes(rabbitmq, version, report);
  checkSettings(rabbitmq, version, report);
  checkPluginPorts(rabbitmq, report);
  if (rabbitmq.ports.managementTls !== undefined && tls?.management !== true) {
    const rule = "must be left out, or warren:tls.management be true";
    report(["rabbitmq", "ports", "managementTls"], rabbitmq.ports.managementTls, rule);
  }
  checkLogins(rabbitmq, report);
  checkAdoption(rabbitmq, report);
  checkEnvironment(rabbitmq, report);
  if (!rabbitmq.plugins.includes("rabbitmq_management")) {
    report(["rabbitmq", "plugins"], rabbitmq.plugins, "must have rabbitmq_management among them");
  }
  const size = rabbitmq.nodes.length;
  if (rabbitmq.partitionHandling === "pause_minority" && size === 2) {
    const rule = "must be autoheal or ignore with two nodes: neither half is a majority, so both would pause";
    report(["rabbitmq", "partitionHandling"], rabbitmq.partitionHandling, rule);
  }
  if (rabbitmq.mayInterrupt === true && size !== 2) {
    const rule = "must be left out unless there are two nodes: with any other number, none need be without a majority";
    report(["rabbitmq", "mayInterrupt"], rabbitmq.mayInterrupt, rule);
  }
  const users = Object.entries(rabbitmq.users).map(([name, user]) => [
    name,
    { ...user, vhosts: user.vhosts ?? [rabbitmq.vhost] },
  ]);
  checkWatermark(rabbitmq, report);
  const { memoryLimit, ...rest } = rabbitmq;
  return {
    ...rest,
    memoryHighWatermark: watermark(rabbitmq),
    ports: brokerPorts(rabbitmq, tls),
    users: Object.fromEntries(users) as RabbitmqConfig["users"],
    ...(memoryLimit === undefined ? {} : { memoryLimitMegabytes: megabytes(memoryLimit) }),
    version: version ?? "",
    // RabbitMQ's guide to partitions: pausing the minority keeps data consistent, and needs a majority to exist.
    partitionHandling: rabbitmq.partitionHandling ?? (size >= 3 ? "pause_minority" : "autoheal"),
  };
}

/**
 * Before 3.13 or so, and where its control groups are of another kind than a broker expects, a fraction is one of the host's
 * memory, whatever the container may have: it would be killed instead of holding publishers back.
 */
function watermark({ memoryHighWatermark, memoryLimit }: Rabbitmq): number | string {
  if (typeof memoryHighWatermark !== "number" || memoryLimit === undefined) return memoryHighWatermark;
  return `${Math.floor(megabytes(memoryLimit) * memoryHighWatermark)}MiB`;
}

function checkWatermark({ memoryHighWatermark, memoryLimit }: Rabbitmq, report: Report): void {
  if (typeof memoryHighWatermark !== "string" || memoryLimit === undefined) return;
  if (megabytes(memoryHighWatermark) <= megabytes(memoryLimit) * 0.9) return;
  const rule = `must be at most nine tenths of rabbitmq.memoryLimit (${memoryLimit}): beyond, the broker is killed before it holds publishers back`;
  report(["rabbitmq", "memoryHighWatermark"], memoryHighWatermark, rule);
}

/** The amount in Docker's megabytes, which are of 1024² bytes. */
function megabytes(amount: string): number {
  const number = parseInt(amount, 10);
  const bytes = { MB: 1000 ** 2, GB: 1000 ** 3, MiB: 1024 ** 2, GiB: 1024 ** 3 }[amount.replace(/^\d+/, "")] ?? 0;
  return Math.floor((number * bytes) / 1024 ** 2);
}

function resolveVersion({ image, version }: Rabbitmq, report: Report): string | undefined {
  const tagged = versionOfImage(image);
  const path = ["rabbitmq", "version"];
  if (version === undefined && tagged === undefined) {
    report(path, undefined, `must be given in three parts, such as "3.8.9", as ${image} does not say it`);
  } else if (version !== undefined && tagged !== undefined && version !== tagged) {
    report(path, version, `must be ${tagged}, as ${image} says, or be left out`);
  }
  const result = version ?? tagged;
  if (result === undefined || isSupported(result)) return result;
  const at = version === undefined ? (["image", image] as const) : (["version", version] as const);
  report(["rabbitmq", at[0]], at[1], `must be RabbitMQ ${oldestVersion} or later`);
  return result;
}

function checkNodes({ nodes }: Rabbitmq, version: string | undefined, report: Report): void {
  for (const [index, { name, host, type }] of nodes.entries()) {
    const before = nodes.slice(0, index);
    const at = (key: string) => ["rabbitmq", "nodes", index, key];
    if (before.some((other) => other.name === name)) report(at("name"), name, "must be this node's alone");
    if (name === "localhost") report(at("name"), name, "must be a name that other hosts can resolve");
    const neighbour = before.find((other) => other.host === host);
    if (neighbour) report(at("host"), host, `must carry one node only: ${neighbour.name} is on it`);
    if (type === "disc") continue;
    if (index === 0) report(at("type"), type, "must be disc: the others join the first node");
    if (version !== undefined && !permitsRam(version)) {
      report(at("type"), type, `must be disc: RabbitMQ ${version} has no RAM nodes (4.3 removed them)`);
    }
  }
}

function checkPluginPorts({ ports, plugins }: Rabbitmq, report: Report): void {
  for (const [name, { plugin }] of Object.entries(pluginPorts)) {
    const port = ports[name as keyof typeof pluginPorts];
    if (port === undefined || plugins.includes(plugin)) continue;
    report(["rabbitmq", "ports", name], port, `must be left out, or ${plugin} be among warren:rabbitmq.plugins`);
  }
}

function checkSettings({ settings, username }: Rabbitmq, version: string | undefined, report: Report): void {
  for (const [key, value] of Object.entries(settings)) {
    const at = ["rabbitmq", "settings", key];
    const refused = settingRule(key)?.refused;
    const unknown = version === undefined ? undefined : unknownSetting(key, version);
    if (refused !== undefined) report(at, value, `must not be set here: ${refused}`);
    else if (unknown !== undefined) report(at, value, `must ${unknown}`);
  }
  checkLoginSettings(settings, username, report);
}

/** Settings that decide who may log in: Warren's own scripts, checks and outputs use the administrator's login. */
function checkLoginSettings(settings: Rabbitmq["settings"], username: string, report: Report): void {
  const of = (start: string) => Object.entries(settings).filter(([key]) => key.startsWith(start));
  const backends = of("auth_backends.");
  if (backends.length > 0 && !backends.some(([, value]) => /^(?:rabbit_auth_backend_)?internal$/.test(String(value)))) {
    const [key, value] = backends[0] ?? ["", ""];
    report(
      ["rabbitmq", "settings", key],
      value,
      "must have internal beside it (auth_backends.N: internal): the administrator logs in by it",
    );
  }
  const mechanisms = of("auth_mechanisms.");
  if (mechanisms.length > 0 && !mechanisms.some(([, value]) => value === "PLAIN")) {
    const [key, value] = mechanisms[0] ?? ["", ""];
    report(
      ["rabbitmq", "settings", key],
      value,
      "must have PLAIN beside it (auth_mechanisms.N: PLAIN): the administrator logs in by it",
    );
  }
  const loopback = `loopback_users.${username}`;
  if (String(settings[loopback]) === "true") {
    report(
      ["rabbitmq", "settings", loopback],
      settings[loopback],
      "must not be true: the administrator logs in over the network",
    );
  }
  for (const [key, value] of of("listeners.ssl.")) {
    if (String(value) !== "5671") {
      report(
        ["rabbitmq", "settings", key],
        value,
        "must be 5671: that is the port inside the container, and rabbitmq.ports.amqps says what is published",
      );
    }
  }
}

/** Variables that Warren sets itself, that are secrets, or that the official image refuses to start with. */
const ownEnvironment: Readonly<Record<string, string>> = {
  ERL_EPMD_PORT: "set rabbitmq.ports.epmd instead",
  RABBITMQ_DIST_PORT: "set rabbitmq.ports.distribution instead",
  TZ: "set prepare.timezone instead",
  RABBITMQ_NODENAME: "a node is rabbit@NAME, by its name in rabbitmq.nodes",
  RABBITMQ_USE_LONGNAME: "a node is rabbit@NAME, by its name in rabbitmq.nodes",
  RABBITMQ_MNESIA_BASE: "the data directory is rabbitmq.dataDirectory",
  RABBITMQ_MNESIA_DIR: "the data directory is rabbitmq.dataDirectory",
  RABBITMQ_CONFIG_FILE: "set rabbitmq.settings instead",
  RABBITMQ_ENABLED_PLUGINS_FILE: "set rabbitmq.plugins instead",
  RABBITMQ_ERLANG_COOKIE: "a secret does not belong in a container's environment; Warren makes the cookie itself",
  RABBITMQ_DEFAULT_USER: "set rabbitmq.username instead",
  RABBITMQ_DEFAULT_PASS: "set rabbitmq.password instead",
  RABBITMQ_DEFAULT_VHOST: "set rabbitmq.vhost instead",
  RABBITMQ_VM_MEMORY_HIGH_WATERMARK: "set rabbitmq.memoryHighWatermark instead",
  RABBITMQ_NODE_PORT: "set rabbitmq.ports.amqp instead",
  RABBITMQ_NODE_IP_ADDRESS:
    "the broker listens on all of its container's addresses, and rabbitmq.ports says what is published",
  RABBITMQ_NODE_TYPE: "set the node's type in rabbitmq.nodes instead",
  RABBITMQ_CONFIG_FILES: "set rabbitmq.settings instead",
  RABBITMQ_ADVANCED_CONFIG_FILE: "set rabbitmq.settings instead",
  RABBITMQ_CONF_ENV_FILE: "set rabbitmq.environment instead",
  RABBITMQ_LOGS: "the container's log is the log",
  RABBITMQ_HOME: "the image decides where RabbitMQ is",
  RABBITMQ_PLUGINS_DIR: "the image decides where its plugins are",
  RABBITMQ_PLUGINS: "set rabbitmq.plugins instead",
  RABBITMQ_PID_FILE: "Warren's scripts do not use it, and the image decides where it is",
  RABBITMQ_QUORUM_DIR: "the data directory is rabbitmq.dataDirectory",
  RABBITMQ_STREAM_DIR: "the data directory is rabbitmq.dataDirectory",
  RABBITMQ_FEATURE_FLAGS_FILE: "the data directory is rabbitmq.dataDirectory",
  ERL_EPMD_ADDRESS: "epmd has to listen for the other nodes",
  HOME: "the cookie is found there",
};

/** Further variables, by form, that the official image refuses to start with. */
const refusedByImage: readonly (readonly [form: RegExp, instead: string])[] = [
  [
    /^RABBITMQ_(?:MANAGEMENT_)?SSL_(?:CACERTFILE|CERTFILE|DEPTH|FAIL_IF_NO_PEER_CERT|KEYFILE|VERIFY)$/,
    "the image does not start with it; set warren:tls instead",
  ],
  [
    /^RABBITMQ_DEFAULT_(?:USER|PASS|VHOST)_FILE$/,
    "the image does not start with it; Warren makes the first user itself",
  ],
];

function checkEnvironment({ environment }: Rabbitmq, report: Report): void {
  for (const [name, value] of Object.entries(environment)) {
    const own = Object.hasOwn(ownEnvironment, name)
      ? ownEnvironment[name]
      : refusedByImage.find(([form]) => form.test(name))?.[1];
    if (own !== undefined) report(["rabbitmq", "environment", name], value, `must not be set here: ${own}`);
  }
}
