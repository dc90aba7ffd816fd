/**
 * The broker's settings that `rabbitmq.conf` has no keys for, as an Erlang term. A replica of a stream listens on one of these
 * ports until the leader has connected to it; the broker never takes the first one.
 */
export function advancedConfig({ first, last }: { first: number; last: number }): string {
  return [
    "%% Written by Warren. Change the stack's config instead: the next `pulumi up` overwrites this file.",
    `[{osiris, [{port_range, {${first}, ${last}}}]}].`,
    "",
  ].join("\n");
}
