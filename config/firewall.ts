import type { Door, FirewallNft } from "../templates/firewallNft";
import { cliPorts, streamPorts } from "./ports";
import type { StackConfig } from "./types";
import { hasStreams } from "./versions";

/** Hosts by name; a name that no host has counts for nothing. */
const addressesOf = ({ hosts }: StackConfig, names: readonly string[]): string[] =>
  [...new Set(names)].flatMap((name) => hosts[name]?.address ?? []).sort();

/**
 * What the firewall of each host lets in, for the hosts that need one. Members may reach each other's clustering ports; one
 * that is about to leave (`leaving`: its host) may as well, since it has to take its leave.
 */
export function firewalls(config: StackConfig, leaving: readonly string[] = []): Record<string, FirewallNft> {
  const { firewall, rabbitmq, haproxy, vip } = config;
  if (firewall === undefined) return {};
  const nodes = rabbitmq.nodes.map(({ host }) => host);
  const members = addressesOf(config, [...nodes, ...leaving]);
  const inside = addressesOf(config, [...nodes, ...leaving, ...haproxy.hosts]);
  const { epmd, distribution, management, managementTls, metrics, streamReplication, ...clients } = rabbitmq.ports;
  const between = [
    cliPorts(distribution),
    ...(hasStreams(rabbitmq.version) ? [streamPorts({ streamReplication })] : []),
  ];
  const brokerDoors: Door[] = [
    {
      name: "clustering",
      ports: [epmd, distribution, ...between.map(({ first, last }) => `${first}-${last}`)],
      from: members,
    },
    { name: "clients", ports: Object.values(clients), from: [...inside, ...firewall.clients] },
    {
      name: "management",
      ports: [management, ...(managementTls === undefined ? [] : [managementTls])],
      from: [...inside, ...firewall.management],
    },
    { name: "metrics", ports: [metrics], from: [...inside, ...firewall.metrics] },
  ];
  const names = Object.keys(config.hosts).filter(
    (name) => nodes.includes(name) || leaving.includes(name) || vip?.hosts.includes(name),
  );
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        doors: nodes.includes(name) || leaving.includes(name) ? brokerDoors : [],
        vrrpPeers: vip?.hosts.includes(name) ? addressesOf(config, vip.hosts) : [],
      },
    ]),
  );
}
