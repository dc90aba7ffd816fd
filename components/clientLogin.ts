import { IPv4 } from "ipaddr.js";
import * as pulumi from "@pulumi/pulumi";

import { service } from "../commands/service";
import type { StackConfig } from "../config";
import { after } from "./after";
import type { Host } from "./host";
import type { RabbitCluster } from "./rabbitCluster";
import type { StackTls } from "./stackTls";

/**
 * The end of an update: a client logs in through every virtual IP and every balancer. It runs on a balancer's host, the last
 * one that is there, which is not the one that holds the virtual IP when all is well.
 */
export function clientLogin(
  config: StackConfig,
  { hosts, cluster, tls }: { hosts: ReadonlyMap<string, Host>; cluster: RabbitCluster; tls: StackTls | undefined },
  dependsOn: pulumi.Resource[],
): void {
  const balancers = config.haproxy.hosts.flatMap((name) => hosts.get(name) ?? []).filter(({ lost }) => !lost);
  const host = balancers.at(-1);
  if (host === undefined) return;
  const entrances = [
    ...(config.vip?.ips ?? []).map((address) => ({ name: "virtual-ip", address })),
    ...balancers.map(({ name, address }) => ({ name, address })),
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
      after: after([...hosts.values()].flatMap(({ lost, steps }) => (lost ? [] : steps))),
    },
    { dependsOn },
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
