import { IPv4 } from "ipaddr.js";
import * as pulumi from "@pulumi/pulumi";

import { waitForBrokers } from "../commands/haproxy";
import { service } from "../commands/service";
import type { StackConfig } from "../config";
import { after } from "./after";
import type { HaproxyPair } from "./haproxyPair";
import type { Host } from "./host";
import type { RabbitCluster } from "./rabbitCluster";
import type { StackTls } from "./stackTls";

interface ServiceParts {
  hosts: ReadonlyMap<string, Host>;
  cluster: RabbitCluster;
  balancers: HaproxyPair;
  tls: StackTls | undefined;
}

/**
 * The end of an update: a client logs in through every virtual IP and every balancer, and each of these uses every broker. It
 * runs on a balancer's host, the last one that is there, which is not the one that holds the virtual IP when all is well.
 */
export function clientLogin(
  config: StackConfig,
  { hosts, cluster, balancers, tls }: ServiceParts,
  opts: pulumi.CustomResourceOptions,
): void {
  const present = config.haproxy.hosts.flatMap((name) => hosts.get(name) ?? []).filter(({ lost }) => !lost);
  const host = present.at(-1);
  if (host === undefined) return;
  const entrances = [
    ...(config.vip?.ips ?? []).map((address) => ({ name: "virtual-ip", address })),
    ...present.map(({ name, address }) => ({ name, address })),
  ];
  const ports = [
    { port: config.haproxy.ports.amqp, allow: config.haproxy.allow.amqp, tls: "" },
    // Without an authority of the stack's own, it cannot be told here whom clients trust.
    ...(tls === undefined
      ? []
      : [{ port: config.haproxy.ports.amqps, allow: config.haproxy.allow.amqps, tls: " tls" }]),
  ];
  // Nobody can log in while the brokers are stopped on purpose.
  const offered = config.rabbitmq.stopped ? [] : ports;
  const doors = offered.flatMap((way) =>
    way.port === undefined || !mayEnter(host.address, way.allow)
      ? []
      : entrances.map(({ name, address }) => `${name} ${address} ${way.port}${way.tls}`),
  );
  host.step(
    "service",
    service,
    {
      doors,
      username: cluster.username,
      password: cluster.password,
      authority: tls?.authority,
      balancers: config.rabbitmq.stopped ? [] : present.map(({ name, address }) => `${name} ${address}`),
      statsPort: config.haproxy.ports.stats,
      configurationPath: balancers.configurationPath,
      statisticsLogin: balancers.statsLogin,
      brokers: balancers.brokers,
      waitSeconds: waitForBrokers(config.haproxy.check),
      after: after([...hosts.values()].flatMap(({ lost, steps }) => (lost ? [] : steps))),
    },
    opts,
  );
}

/** Whether a port that is open to some networks alone is open to this address. */
function mayEnter(address: string, networks: readonly string[] | undefined): boolean {
  return (
    networks === undefined ||
    networks.some((network) =>
      IPv4.parse(address).match(IPv4.parseCIDR(network.includes("/") ? network : `${network}/32`)),
    )
  );
}
