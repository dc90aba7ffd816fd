import { mountedDirectory } from "../commands/haproxy";
import { certificateDirectory } from "../commands/rabbitmq/certificates";
import type { StackConfig } from "../config";
import type { Looks } from "../facts/ask";

/** How the balancers' statistics pages are reached. */
export interface Statistics {
  port: number;
  /** `user:password`. */
  login: string;
}

/** What only the check asks a host for. */
export function looksAt({ rabbitmq, haproxy, vip, tls }: StackConfig, statistics: Statistics, host: string): Looks {
  const nodes = rabbitmq.nodes.filter((node) => node.host === host);
  const balanced = haproxy.hosts.includes(host);
  const secured = tls === undefined ? [] : nodes;
  const directories = [
    ...secured.map(({ name }) => certificateDirectory({ directory: `${rabbitmq.dataDirectory}/${name}` })),
    ...(balanced && (tls !== undefined || haproxy.tls.certificates.length > 0)
      ? [mountedDirectory({ directory: `${haproxy.directory}/${host}` })]
      : []),
  ];
  return {
    broker: nodes.length > 0,
    ...(balanced ? { statsPort: statistics.port, statsLogin: statistics.login } : {}),
    keepalived: vip?.hosts.includes(host) === true,
    certificates: directories.map((directory) => `${directory}/*.pem`),
  };
}
