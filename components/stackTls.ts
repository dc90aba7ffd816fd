import * as pulumi from "@pulumi/pulumi";

import type { StackConfig } from "../config";
import { tlsVersions } from "../config/versions";
import { Certificates, type Holder, type StackCertificates } from "./certificates";

/** TLS of a stack's brokers, and what it takes from the balancers. */
export interface StackTls extends StackCertificates {
  clients: boolean;
  management: boolean;
  /** Between nodes. */
  distribution: boolean;
  /** Versions that brokers speak, by Erlang's names. */
  versions: string[];
}

/**
 * The TLS that the config asks for, with certificates that it gives or that are made; nothing where it asks for none.
 *
 * @param stack the stack's name, which a made authority gets; it must not change with the stack's
 * @param opts of the certificates that are made
 */
export function stackTls(
  config: StackConfig,
  stack: string,
  opts: pulumi.ComponentResourceOptions,
): StackTls | undefined {
  if (config.tls === undefined) return undefined;
  const { clients, management, nodes: distribution, certificates } = config.tls;
  return {
    clients,
    management,
    distribution,
    versions: tlsVersions(config.rabbitmq.version),
    ...(certificates === undefined ? made(config, config.tls, stack, opts) : given(certificates)),
  };
}

function given({ authority, nodes }: { authority: string; nodes: Record<string, string> }): StackCertificates {
  const secrets = Object.entries(nodes).map(([name, pem]) => [name, pulumi.secret(pem)]);
  return { authority: pulumi.output(authority), nodes: Object.fromEntries(secrets) as StackCertificates["nodes"] };
}

/**
 * Clients come to a node by its address or by a virtual IP; balancers and other nodes by its name. The balancers' certificate
 * has their addresses.
 */
function made(
  { hosts, rabbitmq, haproxy, vip }: StackConfig,
  { names, validityDays, renewDays, rotation }: NonNullable<StackConfig["tls"]>,
  stack: string,
  opts: pulumi.ComponentResourceOptions,
): StackCertificates {
  const ips = vip?.ips ?? [];
  const addresses = (of: string[]): string[] => of.flatMap((name) => hosts[name]?.address ?? []);
  const nodes = rabbitmq.nodes.map(({ name, host }): Holder => {
    return { name, dnsNames: [name, ...names], ipAddresses: [...addresses([host]), ...ips] };
  });
  const balancers: Holder = {
    name: names[0] ?? "balancers",
    dnsNames: names,
    ipAddresses: [...ips, ...addresses(haproxy.hosts)],
  };
  const more = haproxy.tls.made === true ? { balancers } : {};
  return new Certificates("tls", { stack, nodes, validityDays, renewDays, rotation, ...more }, opts);
}
