/**
 * How a node, and its CLI, speak TLS with other nodes: an Erlang term (`-ssl_dist_optfile`). Either side shows its
 * certificate and checks the other's against the authority; who connects also looks for the other's name in it.
 * Source: https://www.rabbitmq.com/docs/clustering-ssl
 *
 * @param files paths inside the container; the node's has certificate and key
 * @param versions Erlang's names, such as tlsv1.2
 */
export function distributionConf(files: { authority: string; node: string }, versions: readonly string[]): string {
  const common = [
    `{cacertfile, "${files.authority}"}`,
    `{certfile, "${files.node}"}`,
    `{keyfile, "${files.node}"}`,
    `{versions, [${versions.map((version) => `'${version}'`).join(", ")}]}`,
    "{verify, verify_peer}",
  ];
  const list = (entries: string[]): string => `[\n    ${entries.join(",\n    ")}\n  ]`;
  return `[
  {server, ${list([...common, "{fail_if_no_peer_cert, true}"])}},
  {client, ${list(common)}}
].
`;
}

/** What starts Erlang, the broker's or the CLI's, with these settings. */
export function distributionArguments(path: string): string {
  return `-proto_dist inet_tls -ssl_dist_optfile ${path}`;
}
