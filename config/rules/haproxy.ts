import { X509Certificate, createPrivateKey } from "node:crypto";
import type { Report } from "../errors";
import { absolutePath, readText, type Places } from "../files";
import type { Sections } from "../schema";
import type { HaproxyConfig } from "../types";

type Haproxy = Sections["haproxy"];

export function resolveHaproxy(haproxy: Haproxy, places: Places, report: Report): HaproxyConfig {
  const { hosts, ports, tls, maxConnections, maxConnectionsPerFrontend } = haproxy;
  for (const [index, host] of hosts.entries()) {
    if (hosts.indexOf(host) < index) report(["haproxy", "hosts", index], host, "must be named once only");
  }
  if (maxConnectionsPerFrontend > maxConnections) {
    const rule = `must not be more than warren:haproxy.maxConnections (${maxConnections})`;
    report(["haproxy", "maxConnectionsPerFrontend"], maxConnectionsPerFrontend, rule);
  }
  if (tls && ports.amqps === undefined) {
    report(["haproxy", "ports", "amqps"], undefined, "must be given where warren:haproxy.tls is");
  }
  if (!tls && ports.amqps !== undefined) {
    report(["haproxy", "tls"], undefined, "must be given where warren:haproxy.ports.amqps is");
  }
  if (!tls) return haproxy;
  const certificateFile = absolutePath(tls.certificateFile, places);
  const rule = certificateFault(certificateFile);
  if (rule !== undefined) report(["haproxy", "tls", "certificateFile"], tls.certificateFile, rule);
  return { ...haproxy, tls: { certificateFile } };
}

/** The rule that a certificate's file breaks, if any. */
function certificateFault(path: string): string | undefined {
  const pem = readText(path);
  if (pem === undefined) return "must be a file that can be read";
  try {
    if (new X509Certificate(pem).checkPrivateKey(createPrivateKey(pem))) return undefined;
    return "must hold the private key of its first certificate";
  } catch {
    return "must hold, as PEM, a certificate and its private key without a passphrase";
  }
}
