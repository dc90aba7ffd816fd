import type { StackConfig } from "./types";

/**
 * The ports of the CLI tools: what another node has to say to `rabbitmqctl`, such as its part of `list_queues`, it says to
 * the tool itself. Source: https://www.rabbitmq.com/docs/networking#ports
 */
export function cliPorts(distribution: number): { first: number; last: number } {
  return { first: distribution + 10_000, last: distribution + 10_010 };
}

/**
 * The ports on which brokers replicate streams with each other. By default the broker has 501 from 6000 on. Each that a
 * container publishes costs a process on the host, and a port is only in use while a replica starts.
 * Source: https://www.rabbitmq.com/docs/networking#ports
 */
export function streamPorts({ streamReplication: first }: { streamReplication: number }): {
  first: number;
  last: number;
} {
  return { first, last: first + 31 };
}

/** From here on Linux gives ports to connections that a host opens itself (`net.ipv4.ip_local_port_range`). */
const firstOfConnections = 32_768;

/**
 * The ports that containers publish and that a host's own connection might have: ports and ranges, as the kernel reads them.
 * A container whose port is taken does not start.
 */
export function contestedPorts({ rabbitmq, haproxy }: StackConfig): string[] {
  const ranges = [cliPorts(rabbitmq.ports.distribution), streamPorts(rabbitmq.ports)];
  const named = [...Object.values(rabbitmq.ports), ...Object.values(haproxy.ports)];
  const single = [...new Set(named)].filter((port) => port >= firstOfConnections).sort((a, b) => a - b);
  const contested = ranges.filter(({ last }) => last >= firstOfConnections);
  return [...single.map(String), ...contested.map(({ first, last }) => `${first}-${last}`)];
}
