import { step, type HostFile } from "../step";
import type { NodePlace } from "./place";

/** The directory of a node's certificates, in the container. */
export const tlsMount = "/etc/rabbitmq/tls";

/** Its files: the authorities' certificates; the node's own with its chain and key; how nodes speak TLS with each other. */
export const tlsFiles = { authority: "authority.pem", node: "node.pem", distribution: "distribution.config" } as const;

/** The same directory, on the host. */
export function certificateDirectory({ directory }: Pick<NodePlace, "directory">): string {
  return `${directory}/conf/tls`;
}

/** A node's certificates, PEM. */
export interface NodeCertificates {
  authority: string;
  /** With its chain and its private key. */
  node: string;
  /** How nodes speak TLS with each other; absent where they do not. */
  distribution?: string | undefined;
}

/** Data of `host/rabbitmq/tls.sh`. */
export interface TlsData extends NodePlace {
  image: string;
  /** See {@link certificateFiles}. */
  files: readonly HostFile[];
}

/** A node's certificates, as files in its container's directory. */
export function certificateFiles(
  place: Pick<NodePlace, "directory">,
  { authority, node, distribution }: NodeCertificates,
): HostFile[] {
  const file = (name: string, mode: string, content: string): HostFile => ({
    path: `${certificateDirectory(place)}/${name}`,
    mode,
    owner: "container",
    content,
  });
  return [
    file(tlsFiles.authority, "0440", authority),
    file(tlsFiles.node, "0400", node),
    ...(distribution === undefined ? [] : [file(tlsFiles.distribution, "0440", distribution)]),
  ];
}

/** A node's certificates, which a broker that runs shows to whoever connects from then on. */
export const tls = step<TlsData>("rabbitmq/tls", {
  create: "certificate is written",
  update: "certificate is written anew, and taken up without a restart",
  delete: "certificate is deleted",
});
