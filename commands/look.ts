/** What a host is looked at for. */
export interface Look {
  /** A broker is on it. */
  broker: boolean;
  /** A balancer is on it: the port of its statistics page, and `user:password` for it. */
  balancer?: { port: number; login: string };
  /** Files with certificates, as shell patterns. Of what is in them, certificates alone are printed, and no keys. */
  certificates?: readonly string[];
}

/** Begins a part of what {@link look} prints. */
export const partMark = "== warren: ";

/** Begins a file's certificates, in their part. */
export const fileMark = "-- file: ";

/** Each part is tried by itself: what cannot be told is left out. */
const part = (name: string, command: string): string =>
  `echo '${partMark}${name}'\n{ ${command}; } 2> /dev/null || true`;

/** Script: what can be seen on this host of brokers, balancers and virtual IPs. It changes nothing. */
export function look({ broker, balancer, certificates = [] }: Look): string {
  const state = (container: string): string => `docker inspect -f '{{.State.Status}}' ${container}`;
  const ask = ({ port, login }: { port: number; login: string }): string => {
    const authorization = Buffer.from(login).toString("base64");
    return `exec 3<> /dev/tcp/127.0.0.1/${port} && printf 'GET /;csv HTTP/1.0\\r\\nAuthorization: Basic ${authorization}\\r\\n\\r\\n' >&3 && timeout 5 cat <&3`;
  };
  const read = `for file in ${certificates.join(" ")}; do echo "${fileMark}$file"; sed -n '/^-----BEGIN CERTIFICATE-/,/^-----END CERTIFICATE-/p' "$file"; done`;
  return [
    part("addresses", "ip -4 -o addr show"),
    ...(broker
      ? [
          part("broker", state("rabbitmq")),
          part("cluster", "docker exec -u rabbitmq rabbitmq timeout 30 rabbitmqctl -q cluster_status --formatter json"),
        ]
      : []),
    ...(balancer === undefined
      ? []
      : [
          part("balancer", state("haproxy")),
          part("statistics", ask(balancer)),
          // On the host, or in a container.
          part(
            "keepalived",
            `[ "$(${state("keepalived")})" = running ] && echo active || systemctl is-active keepalived`,
          ),
        ]),
    ...(certificates.length === 0 ? [] : [part("certificates", read)]),
  ].join("\n");
}
