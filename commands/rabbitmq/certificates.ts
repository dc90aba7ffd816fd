import { writeFiles, type HostFile } from "../files";
import { quote, waitUntil } from "../shell";
import { cli, dataMount, type NodePlace } from "./place";

/** The directory of a node's certificates, in the container. */
export const tlsMount = "/etc/rabbitmq/tls";

/** Its files: the authorities' certificates; the node's own with its chain and key; how nodes speak TLS with each other. */
export const tlsFiles = { authority: "authority.pem", node: "node.pem", distribution: "distribution.config" } as const;

/** A node's certificates, PEM. */
export interface NodeCertificates {
  authority: string;
  /** With its chain and its private key. */
  node: string;
}

/**
 * Longest wait for a running broker to forget the old certificates. Its CLI may be unable to say so, where nodes speak TLS
 * and the old ones have expired; Erlang by itself looks at changed files every two minutes.
 */
const patienceSeconds = 180;

/** The same directory, on the host. */
export function certificateDirectory({ directory }: Pick<NodePlace, "directory">): string {
  return `${directory}/conf/tls`;
}

/** Erlang keeps the certificates that it has read, and reads them anew for the next connection after this. */
const forget = "[ssl:clear_pem_cache() || lists:keymember(ssl, 1, application:which_applications())].";

/**
 * Script: a node's certificates are these, and a broker that runs shows them to whoever connects from now on; connections
 * that are open stay as they are. Certificate and key are one file, so that nobody reads the one without the other. A run
 * that was cut off before the broker had taken them up is finished by the next.
 */
export function writeCertificates(
  place: NodePlace,
  { authority, node }: NodeCertificates,
  distribution: string | undefined,
): string {
  const home = certificateDirectory(place);
  const file = (name: string, mode: string, content: string): HostFile => ({
    path: `${home}/${name}`,
    mode,
    owner: "container",
    content,
  });
  const taken = `${place.directory}/certificates`;
  const found = `{{.State.Running}}{{range .Mounts}}{{if eq .Destination "${dataMount}"}} {{.Source}}{{end}}{{end}}`;
  return `mkdir -p ${home}
chown "$container_owner" ${home}
chmod 750 ${home}
${writeFiles([
  file(tlsFiles.authority, "0440", authority),
  file(tlsFiles.node, "0400", node),
  ...(distribution === undefined ? [] : [file(tlsFiles.distribution, "0440", distribution)]),
])}
digest=$(cat ${home}/${tlsFiles.authority} ${home}/${tlsFiles.node} | sha256sum)
if [ "$(cat ${taken} 2> /dev/null)" != "$digest" ]; then
  broker_runs() { [ "$(docker inspect -f '${found}' ${place.container} 2> /dev/null)" = "true ${place.directory}/data" ]; }
  taken_up() { ! broker_runs || ${cli(place, "rabbitmqctl", `eval ${quote(forget)}`)} > /dev/null 2>&1; }
${waitUntil("taken_up", patienceSeconds, `${place.name} runs, but it did not take its new certificates up: its CLI does not answer. They are in ${home}; run pulumi up again`, 1)}
  printf '%s\\n' "$digest" > ${taken}
fi`;
}

/** Script: a node's certificates are gone from its host. */
export function removeCertificates(place: NodePlace): string {
  return `rm -rf ${certificateDirectory(place)} ${place.directory}/certificates`;
}
