import * as pulumi from "@pulumi/pulumi";

import type { StackConfig } from "../config";
import type { Deployment } from "../facts/last";
import type { HaproxyPair } from "./haproxyPair";
import type { ClusterMembers } from "./clusterMembers";
import type { RabbitCluster } from "./rabbitCluster";
import type { StackTls } from "./stackTls";

/** What a stack hands to applications. Names and types are a contract. */
export interface ServiceOutputs {
  /** The virtual IP; absent in a stack without one. */
  vip?: string;
  /** All virtual IPs, that one first; absent in a stack without one. */
  vips?: string[];
  /** Ports at the virtual IP; `metrics`, and `management` where the balancers do not offer it, on every node's host. */
  ports: {
    amqp: number;
    amqps?: number;
    management: number;
    managementTls?: number;
    stats: number;
    metrics: number;
    /** The balancers' metrics, and through them each broker's. */
    balancerMetrics?: number;
    mqtt?: number;
    stomp?: number;
    stream?: number;
  };
  /** With username and password; a secret. */
  amqpUrl: pulumi.Output<string>;
  managementUrl: string;
  statsUrl: string;
  vhost: string;
  /** The administrator's newest login. */
  username: string;
  /** A secret. */
  password: pulumi.Output<string>;
  /** The newest login of each of the applications' users, by the user's name; the passwords are secrets. */
  users: Record<string, { username: string; password: pulumi.Output<string> }>;
  /** The statistics page's login; the password is a secret. */
  stats: { username: string; password: pulumi.Output<string> };
  /**
   * Every node whose machine is not lost; `machine` tells that from another one in its place, `root` the node that the
   * others join, `version` which RabbitMQ its data are of.
   */
  nodes: { name: string; host: string; type: "disc" | "ram"; machine: string; root: boolean; version: string }[];
  /** What the brokers do over TLS; absent in a stack without `warren:tls`. */
  tls?: { clients: boolean; management: boolean; nodes: boolean };
  /**
   * PEM: the certificates of the authority that signed the brokers', and the balancers' where theirs is made; absent in a
   * stack without `warren:tls`.
   */
  certificateAuthority?: pulumi.Output<string>;
  /** The cluster as it says of itself. */
  members: pulumi.Output<ClusterMembers>;
}

export interface StackOutputs extends ServiceOutputs {
  /** For Warren's own next update: which deployment owns the hosts, and what has run on them. */
  deployment: pulumi.Output<Deployment>;
}

/** The outputs of a service, once everything that they promise is there. */
export function serviceOutputs(
  config: StackConfig,
  cluster: RabbitCluster,
  balancers: HaproxyPair,
  tls: StackTls | undefined,
): ServiceOutputs {
  const { rabbitmq, haproxy, vip } = config;
  const present = (names: string[]) => names.flatMap((name) => config.hosts[name] ?? []).filter(({ lost }) => !lost);
  const firstBalancer = present(haproxy.hosts)[0]?.address;
  const firstNode = present(rabbitmq.nodes.map(({ host }) => host))[0]?.address;
  const entrance = vip?.ip ?? firstBalancer;
  const { amqp, stats, amqps, management, managementTls, metrics, mqtt, stomp, stream } = haproxy.ports;
  const managementUrl = (): string => {
    if (managementTls !== undefined) return `https://${entrance}:${managementTls}/`;
    if (management !== undefined) return `http://${entrance}:${management}/`;
    return rabbitmq.ports.managementTls === undefined
      ? `http://${firstNode}:${rabbitmq.ports.management}/`
      : `https://${firstNode}:${rabbitmq.ports.managementTls}/`;
  };
  return {
    ...(vip === undefined ? {} : { vip: vip.ip, vips: vip.ips }),
    ports: {
      amqp,
      stats,
      management: management ?? rabbitmq.ports.managementTls ?? rabbitmq.ports.management,
      metrics: rabbitmq.ports.metrics,
      ...given({ amqps, managementTls, balancerMetrics: metrics, mqtt, stomp, stream }),
    },
    amqpUrl: pulumi.interpolate`amqp://${encodeURIComponent(cluster.username)}:${cluster.password.apply(encodeURIComponent)}@${entrance}:${amqp}/${encodeURIComponent(rabbitmq.vhost)}`,
    managementUrl: managementUrl(),
    statsUrl: `http://${entrance}:${stats}/`,
    vhost: rabbitmq.vhost,
    username: cluster.username,
    password: cluster.password,
    users: cluster.users,
    stats: { username: haproxy.stats.username, password: balancers.statsPassword },
    nodes: rabbitmq.nodes.flatMap(({ name, host, type }) => {
      const machine = present([host])[0]?.machine;
      const { version } = rabbitmq;
      return machine === undefined ? [] : [{ name, host, type, machine, root: name === cluster.seed, version }];
    }),
    ...(tls === undefined
      ? {}
      : {
          tls: { clients: tls.clients, management: tls.management, nodes: tls.distribution },
          certificateAuthority: tls.authority,
        }),
    members: cluster.members,
  };
}

/** The ports that there are. */
function given<T extends string>(ports: Record<T, number | undefined>): Partial<Record<T, number>> {
  return Object.fromEntries(Object.entries(ports).filter(([, port]) => port !== undefined)) as Partial<
    Record<T, number>
  >;
}
