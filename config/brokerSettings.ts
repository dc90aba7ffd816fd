import { nearest } from "./errors";
import recorded from "./brokerSettings.json";

/*
 * Keys of rabbitmq.conf, by what they mean for the rest of the service. brokerSettings.json has all keys of the release series
 * that it names, recorded from the schema files (priv/schema/*.schema) of RabbitMQ 3.8.9, 3.10.8 and 4.0.5 and their plugins. A
 * `$` in a key stands for a name.
 */

interface Rule {
  /** Keys; a star at the end stands for whatever follows. */
  keys: readonly string[];
  /** Why a key is refused, and what to do instead. Absent: it changes nothing that others rely on. */
  refused?: string;
}

const own = (instead: string, ...keys: string[]): Rule => ({ keys, refused: instead });
const free = (...keys: string[]): Rule => ({ keys });

/** The first rule that a key fits is its own. */
const rules: readonly Rule[] = [
  own(
    "set rabbitmq.ports.amqp instead",
    "listeners.tcp",
    "listeners.tcp.*",
    "tcp_listen_options.port",
    "tcp_listen_options.fd",
  ),
  own("set warren:tls.clients instead, or give listeners.ssl.default", "listeners.ssl"),
  own(
    "the balancers and Warren's checks speak plain AMQP, MQTT and STOMP to the brokers",
    "proxy_protocol",
    "mqtt.proxy_protocol",
    "stomp.proxy_protocol",
  ),
  own("set rabbitmq.ports.management instead", "management.tcp.port", "management.tcp.ip", "management.listener.*"),
  own("the balancers' checks and Warren's scripts ask the management API below /", "management.path_prefix"),
  own(
    "Warren's scripts log in to the management API with a password",
    "management.disable_basic_auth",
    "management.oauth_disable_basic_auth",
  ),
  own("set warren:tls.management instead", "management.ssl.port", "management.ssl.ip"),
  own(
    "set rabbitmq.ports.metrics instead",
    "prometheus.tcp.port",
    "prometheus.tcp.ip",
    "prometheus.tcp.listener",
    "prometheus.ssl.port",
    "prometheus.ssl.ip",
    "prometheus.ssl.listener",
  ),
  own("the balancers ask the brokers' metrics at /metrics", "prometheus.path"),
  own(
    "set rabbitmq.ports.mqtt instead",
    "mqtt.listeners.*",
    "mqtt.tcp_listen_options.port",
    "mqtt.tcp_listen_options.fd",
  ),
  own(
    "set rabbitmq.ports.stomp instead",
    "stomp.listeners.*",
    "stomp.tcp_listen_options.port",
    "stomp.tcp_listen_options.fd",
  ),
  own(
    "set rabbitmq.ports.stream instead",
    "stream.listeners.*",
    "stream.tcp_listen_options.port",
    "stream.tcp_listen_options.fd",
  ),
  own("set rabbitmq.username instead", "default_user", "default_user_tags.*", "default_permissions.*"),
  own("set rabbitmq.password instead", "default_pass"),
  own("set rabbitmq.users instead", "default_users.*"),
  own("set rabbitmq.vhost instead", "default_vhost"),
  own("set rabbitmq.clusterName instead", "cluster_name"),
  own("set rabbitmq.partitionHandling instead", "cluster_partition_handling", "cluster_partition_handling.*"),
  own("Warren joins the nodes itself", "cluster_formation.*"),
  own("a node is rabbit@NAME, by its name in rabbitmq.nodes", "nodename"),
  own("set rabbitmq.cookie instead", "distributed_cookie"),
  own("set rabbitmq.ports.distribution instead", "distribution.listener.*", "erlang.distribution.*"),
  own("set rabbitmq.memoryHighWatermark instead", "vm_memory_high_watermark.*"),
  own("set rabbitmq.memoryLimit instead", "total_memory_available_override_value"),
  own("set rabbitmq.diskFreeLimit instead", "disk_free_limit.*"),
  own("the container's log is the log", "log.console", "log.file"),
  own("the data directory is rabbitmq.dataDirectory", "raft.data_dir"),
  free(
    ...[
      "amqp1_0.*",
      "anonymous_login_*",
      "auth_backends.*",
      "auth_cache.*",
      "auth_http.*",
      "auth_ldap.*",
      "auth_mechanisms.*",
    ],
    ...[
      "auth_oauth2.*",
      "aws.*",
      "background_gc_*",
      "channel_max",
      "channel_max_per_node",
      "classic_queue.*",
      "cluster_keepalive_interval",
    ],
    ...[
      "cluster_queue_limit",
      "cluster_tags.*",
      "collect_statistics",
      "collect_statistics_interval",
      "connection_max",
      "consumer_*",
    ],
    ...[
      "credential_validator.*",
      "default_limits.*",
      "default_policies.*",
      "default_queue_type",
      "default_worker_pool_size",
    ],
    ...[
      "definitions.*",
      "delegate_count",
      "deprecated_features.*",
      "erlang.*",
      "event_exchange.*",
      "frame_max",
      "handshake_timeout",
    ],
    ...[
      "heartbeat",
      "hipe_compile",
      "initial_frame_max",
      "ldap.*",
      "link_max_per_session",
      "listeners.ssl.*",
      "load_definitions",
    ],
    ...[
      "log.*",
      "loopback_users",
      "loopback_users.*",
      "management.*",
      "management_agent.*",
      "max_message_size",
      "memory_monitor_interval",
    ],
    ...[
      "message_interceptors.*",
      "message_store_shutdown_timeout",
      "metadata_store.*",
      "mirroring_sync_*",
      "mnesia_table_*",
      "motd_file",
    ],
    ...[
      "mqtt.*",
      "net_ticktime",
      "node_tags.*",
      "num_acceptors.*",
      "password_hashing_module",
      "product.*",
      "prometheus.*",
    ],
    ...["queue_index_embed_msgs_below", "queue_leader_locator", "queue_master_locator", "quorum_queue.*", "raft.*"],
    ...[
      "ranch_connection_max",
      "reverse_dns_lookups",
      "runtime_parameters.*",
      "session_max_per_connection",
      "shovel.*",
    ],
    ...[
      "socket_writer.*",
      "ssl_*",
      "stomp.*",
      "stream.*",
      "sysmon_handler.*",
      "tcp_listen_options",
      "tcp_listen_options.*",
    ],
    ...[
      "tracing.*",
      "trust_store.*",
      "vhost_max",
      "vhost_restart_strategy",
      "vm_memory_*",
      "web_mqtt.*",
      "web_stomp.*",
    ],
  ),
];

function fits(key: string, pattern: string): boolean {
  return pattern.endsWith("*") ? key.startsWith(pattern.slice(0, -1)) : key === pattern;
}

/** The rule for a key; undefined for one that no rule knows. */
export function settingRule(key: string): Rule | undefined {
  return rules.find(({ keys }) => keys.some((pattern) => fits(key, pattern)));
}

/** The recorded keys of a release series, such as 3.10; none where they are not recorded. */
export function recordedKeys(series: string): string[] {
  return Object.entries(recorded).flatMap(([all, keys]) => (all.split(" ").includes(series) ? keys : []));
}

/** Why a broker of this version does not take a key, as the end of a sentence that begins "must"; nothing if it does, or if that is not known. */
export function unknownSetting(key: string, version: string): string | undefined {
  const series = version.split(".").slice(0, 2).join(".");
  const known = recordedKeys(series);
  if (known.length === 0 || known.some((name) => schemaPattern(name).test(key))) return undefined;
  const near = nearest(key, known);
  return `be a key that RabbitMQ ${series} has${near === undefined ? "" : `: did you mean ${near}?`}`;
}

function schemaPattern(name: string): RegExp {
  const steps = name.split(".").map((step) => (step.startsWith("$") ? "[^.]+" : step.replace(/[$]/g, "\\$")));
  return new RegExp(`^${steps.join("\\.")}$`);
}
