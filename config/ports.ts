import type { StackConfig } from "./types";

/**
 * The ports of the CLI tools: what another node has to say to `rabbitmqctl`, such as its part of `list_queues`, it says to
 * the tool itself. Source: https://www.rabbitmq.com/docs/networking#ports
 */
export function cliPorts(distribution: number): { first: number; last: number } {
  return { first: distribution + 10_000, last: distribution + 10_010 };
}

/** From here on Linux gives ports to connections that a host opens itself (`net.ipv4.ip_local_port_range`). */
const firstOfConnections = 32_768;

/**
 * The ports that containers publish and that a host's own connection might have: ports and ranges, as the kernel reads them.
 * A container whose port is taken does not start.
 */
export function contestedPorts({ rabbitmq, haproxy }: StackConfig): string[] {
  const { first, last } = cliPorts(rabbitmq.ports.distribution);
  const named = [...Object.values(rabbitmq.ports), ...Object.values(haproxy.ports)];
  const single = [...new Set(named)].filter((port) => port >= firstOfConnections).sort((a, b) => a - b);
  return [...single.map(String), ...(last >= firstOfConnections ? [`${first}-${last}`] : [])];
}
