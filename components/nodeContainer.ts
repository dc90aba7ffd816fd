import type * as pulumi from "@pulumi/pulumi";

import * as rabbitmq from "../commands/rabbitmq";
import type { HostFile } from "../commands/step";
import { cliPorts, streamPorts } from "../config/ports";
import { advancedConfig } from "../templates/advancedConfig";
import { distributionArguments } from "../templates/distributionConf";
import { enabledPlugins, rabbitmqConf, type RabbitmqConf } from "../templates/rabbitmqConf";
import { containerDefaults, containerDigest } from "./container";
import type { StackTls } from "./stackTls";

/*
 * What a node's container is made of: its settings, its files, and what of them replaces it when it changes.
 */

/** The ports on which a node is published, on its host. */
export interface RabbitNodePorts {
  epmd: number;
  distribution: number;
  amqp: number;
  amqps: number;
  management: number;
  /** Published where the management page is by HTTPS. */
  managementTls?: number;
  metrics: number;
  /** Of plugins: published where they are enabled. */
  mqtt?: number;
  stomp?: number;
  stream?: number;
  /** The first of those on which streams are replicated. */
  streamReplication: number;
}

/** What goes into `rabbitmq.conf`, without what the component itself knows. */
export type NodeConf = Omit<RabbitmqConf, "password" | "ports" | "tls">;

/** What all nodes of a cluster share. */
export interface RabbitNodeSettings {
  image: string;
  conf: NodeConf;
  password: pulumi.Input<string>;
  cookie: pulumi.Input<string>;
  /** Every node of the cluster, for name resolution. */
  peers: { name: string; address: string }[];
  /** Names of the nodes whose machines are gone for good. */
  lost: string[];
  ports: RabbitNodePorts;
  /** The broker's version has streams, which brokers replicate by ports of their own. */
  streams: boolean;
  directory: string;
  /** Further environment variables of the container, by name. */
  environment: Readonly<Record<string, string>>;
  /** Of the container, in megabytes. Default: the host's. */
  memoryLimitMegabytes?: number;
  /** Limit of open files, or `inherit`: the Docker daemon's own. */
  openFiles: number | "inherit";
  stopGraceSeconds: number;
  /** Queues may be without a majority while a node restarts. Default: they may not. */
  mayInterrupt?: boolean;
  /** The brokers are to stand still. */
  stopped: boolean;
  timezone?: string;
  /** Absent: none. */
  tls?: StackTls | undefined;
}

/** Ports inside the container. Nodes tell each other the other two, epmd and distribution, which are the same outside. */
export const innerPorts = {
  amqp: 5672,
  amqps: 5671,
  management: 15672,
  metrics: 15692,
  mqtt: 1883,
  stomp: 61613,
  stream: 5552,
  managementTls: 15671,
} as const;

/** A node's certificates, inside its container. */
export const innerTlsFiles = {
  authority: `${rabbitmq.tlsMount}/${rabbitmq.tlsFiles.authority}`,
  node: `${rabbitmq.tlsMount}/${rabbitmq.tlsFiles.node}`,
};

/** Name of a node's container on its host. */
export const rabbitContainer = "rabbitmq";

/** Where a node lives on its host, in the cluster's `directory` there. */
export function nodePlace(name: string, directory: string): rabbitmq.NodePlace {
  return { name, container: rabbitContainer, directory: `${directory}/${name}` };
}

/** The files that a node's container has mounted. */
export function nodeFiles({ directory }: rabbitmq.NodePlace, args: RabbitNodeSettings, password: string): HostFile[] {
  const own = (path: string, mode: string, content: string): HostFile => ({
    path: `${directory}/${path}`,
    mode,
    owner: "container",
    content,
  });
  return [
    own("conf/enabled_plugins", "0640", enabledPlugins(args.conf.plugins)),
    own("conf/rabbitmq.conf", "0440", conf(args.conf, args.tls, password)),
    ...(args.streams ? [own("conf/advanced.config", "0440", advancedConfig(streamPorts(args.ports)))] : []),
  ];
}

/** With HTTPS on the network, the page without it is for the host alone, whose scripts ask it. */
function portPairs(ports: RabbitNodePorts): { internal: number; external: number; ip?: string }[] {
  const pairs = Object.entries({ ...ports, ...innerPorts }).flatMap(([key, internal]) => {
    // A range, which not every container has.
    if (key === "streamReplication") return [];
    const external = ports[key as keyof RabbitNodePorts];
    const local = key === "management" && ports.managementTls !== undefined ? { ip: "127.0.0.1" } : {};
    return external === undefined ? [] : [{ internal, external, ...local }];
  });
  const { first, last } = cliPorts(ports.distribution);
  return [...pairs, ...range(first, last).map((port) => ({ internal: port, external: port }))];
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
}

function conf(settings: NodeConf, tls: StackTls | undefined, password: string): string {
  const broker = tls && {
    clients: tls.clients,
    management: tls.management,
    ports: innerPorts,
    versions: tls.versions,
    files: innerTlsFiles,
  };
  return rabbitmqConf({ ...settings, password, ports: innerPorts, ...(broker && { tls: broker }) });
}

/**
 * Everything that replaces a node's container when it changes, beside its image and what it reads when it starts: by form, up
 * to 0.1.0 and since.
 */
export function containerSpecs(place: rabbitmq.NodePlace, args: RabbitNodeSettings) {
  const spec = firstSpec(place, args);
  const { first, last } = streamPorts(args.ports);
  const replication = args.streams ? range(first, last).map((port) => ({ internal: port, external: port })) : [];
  const now = {
    ...spec,
    volumes: undefined,
    ports: [...spec.ports, ...replication],
    mounts: containerMounts(place),
  };
  return [spec, now] as const;
}

/** The order of its keys counts: containers carry the digest of it. */
function firstSpec({ name, directory }: rabbitmq.NodePlace, args: RabbitNodeSettings) {
  const { openFiles, timezone, memoryLimitMegabytes: memory } = args;
  return {
    ...containerDefaults,
    name: rabbitContainer,
    hostname: name,
    envs: [
      ...fixedEnvironment(args.ports),
      ...(timezone === undefined ? [] : [`TZ=${timezone}`]),
      ...(args.tls?.distribution === true ? distributionEnvironment() : []),
      ...Object.entries(args.environment).map(([key, value]) => `${key}=${value}`),
    ],
    // Without swap: a broker that is swapped out is slower than one that holds publishers back.
    ...(memory === undefined ? {} : { memory, memorySwap: memory }),
    ports: portPairs(args.ports),
    volumes: [
      { hostPath: `${directory}/data`, containerPath: rabbitmq.dataMount },
      { hostPath: `${directory}/conf`, containerPath: "/etc/rabbitmq" },
      { hostPath: `${directory}/hosts`, containerPath: "/etc/hosts" },
    ],
    ...(openFiles === "inherit" ? {} : { ulimits: [{ name: "nofile", soft: openFiles, hard: openFiles }] }),
  };
}

/**
 * The same directories as bind mounts, which the container gets in place of its volumes: where a volume's directory is missing,
 * because its disk is not mounted, Docker makes an empty one, and the broker would start blank in it; with a bind mount it does
 * not start. The last one is missing where a disk is mounted at the data directory itself and is not there.
 */
function containerMounts({ directory }: rabbitmq.NodePlace) {
  const bind = (source: string, target: string) => ({ type: "bind", source: `${directory}/${source}`, target });
  return [
    bind("data", rabbitmq.dataMount),
    bind("conf", "/etc/rabbitmq"),
    bind("hosts", "/etc/hosts"),
    { ...bind("data/.warren", "/run/warren/data"), readOnly: true },
  ];
}

/** Has the broker, and its CLI, speak TLS with other nodes. */
function distributionEnvironment(): string[] {
  const erlang = distributionArguments(`${rabbitmq.tlsMount}/${rabbitmq.tlsFiles.distribution}`);
  return ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "RABBITMQ_CTL_ERL_ARGS"].map((name) => `${name}=${erlang}`);
}

/** What every node of a cluster has alike and none may change. */
export function fixedEnvironment(ports: RabbitNodePorts): string[] {
  return [`ERL_EPMD_PORT=${ports.epmd}`, `RABBITMQ_DIST_PORT=${ports.distribution}`];
}

/**
 * What the broker reads only when it starts: without the first user, who counts on a blank database alone, and without what
 * a running member takes up.
 */
function startupFiles(settings: NodeConf, tls: StackTls | undefined): string {
  const running = { plugins: [], memoryHighWatermark: 0, diskFreeLimit: "", partitionHandling: "ignore" } as const;
  return conf({ ...settings, ...running, username: "", vhost: "" }, tls, "");
}

/** Changes with whatever needs a new container, beside the image. */
export function settingsDigest(
  spec: object,
  { conf, tls }: Pick<RabbitNodeSettings, "conf" | "tls">,
  machine: string,
): string {
  return containerDigest(spec, startupFiles(conf, tls), machine);
}
