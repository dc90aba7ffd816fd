/** What `rabbitmq.conf` is made of. Sources: https://www.rabbitmq.com/docs/configure and the pages it names. */
export interface RabbitmqConf {
  /** The first user. The broker makes it on a blank database only. */
  username: string;
  password: string;
  vhost: string;
  ports: { amqp: number; management: number; metrics: number };
  /** Enabled plugins; ports are set only for the ones that are. */
  plugins: readonly string[];
  partitionHandling: "pause_minority" | "autoheal" | "ignore";
  /** A fraction of the memory that the broker sees, or an amount such as `2GB`. */
  memoryHighWatermark: number | string;
  /** An amount such as `1GB`. */
  diskFreeLimit: string;
  /** Further keys, taken as they are. */
  settings: Readonly<Record<string, string | number | boolean>>;
  /** Absent: the broker has no TLS but what its settings give it. */
  tls?: RabbitmqTls;
}

/** What a broker does over TLS. Source: https://www.rabbitmq.com/docs/ssl */
export interface RabbitmqTls {
  clients: boolean;
  management: boolean;
  ports: { amqps: number; managementTls: number };
  /** Erlang's names, such as tlsv1.2, the newest first. */
  versions: readonly string[];
  /** Paths inside the container; the node's file has its certificate and key. */
  files: { authority: string; node: string };
}

/** The options of one of the broker's listeners. */
function listenerTls(prefix: string, { files, versions }: RabbitmqTls): string[] {
  return [
    `${prefix}.cacertfile = ${files.authority}`,
    `${prefix}.certfile = ${files.node}`,
    `${prefix}.keyfile = ${files.node}`,
    ...versions.map((version, index) => `${prefix}.versions.${index + 1} = ${version}`),
  ];
}

function tlsLines(tls: RabbitmqTls): string[] {
  const { clients, management, ports } = tls;
  return [
    ...(clients ? [`listeners.ssl.default = ${ports.amqps}`, ...listenerTls("ssl_options", tls)] : []),
    ...(management ? [`management.ssl.port = ${ports.managementTls}`, ...listenerTls("management.ssl", tls)] : []),
  ];
}

/** The broker's configuration. Ports are the container's inner ones, which never change. */
export function rabbitmqConf(conf: RabbitmqConf): string {
  const memory =
    typeof conf.memoryHighWatermark === "number"
      ? `vm_memory_high_watermark.relative = ${conf.memoryHighWatermark}`
      : `vm_memory_high_watermark.absolute = ${conf.memoryHighWatermark}`;
  const lines = [
    "# Written by Warren. Change the stack's config instead: the next `pulumi up` overwrites this file.",
    `listeners.tcp.default = ${conf.ports.amqp}`,
    ...(conf.plugins.includes("rabbitmq_management") ? [`management.tcp.port = ${conf.ports.management}`] : []),
    ...(conf.tls === undefined ? [] : tlsLines(conf.tls)),
    ...(conf.plugins.includes("rabbitmq_prometheus") ? [`prometheus.tcp.port = ${conf.ports.metrics}`] : []),
    "log.console = true",
    "log.file = false",
    `default_user = ${conf.username}`,
    `default_pass = ${conf.password}`,
    `default_vhost = ${conf.vhost}`,
    `cluster_partition_handling = ${conf.partitionHandling}`,
    memory,
    `disk_free_limit.absolute = ${conf.diskFreeLimit}`,
    ...Object.entries(conf.settings).map(([key, value]) => `${key} = ${value}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** The `enabled_plugins` file, an Erlang term. */
export function enabledPlugins(plugins: readonly string[]): string {
  return `[${plugins.join(",")}].\n`;
}

/**
 * The container's `/etc/hosts`: every node by its short name. Warren mounts a file of its own, rather than handing Docker
 * extra hosts, because a new member then needs no new container on the others. The node's own name is its loopback, so
 * that it never talks to itself through the host's port forwarding.
 */
export function hostsFile(self: string, nodes: readonly { name: string; address: string }[]): string {
  const others = nodes.filter((node) => node.name !== self);
  return [
    "# Written by Warren.",
    `127.0.0.1 localhost ${self}`,
    "::1 localhost ip6-localhost ip6-loopback",
    ...others.map(({ name, address }) => `${address} ${name}`),
  ]
    .map((line) => `${line}\n`)
    .join("");
}
