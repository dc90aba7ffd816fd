import type { Report } from "../errors";
import { absolutePath, readText, type Places } from "../files";
import type { Sections } from "../schema";
import type { HaproxyConfig } from "../types";
import { certificateFault } from "./certificates";

type Haproxy = Sections["haproxy"];

/** @param made certificates are made for the stack, and so is the balancers' where they need one and are given none */
export function resolveHaproxy(haproxy: Haproxy, made: boolean, places: Places, report: Report): HaproxyConfig {
  const { hosts, ports, tls, maxConnections, maxConnectionsPerFrontend } = haproxy;
  for (const [index, host] of hosts.entries()) {
    if (hosts.indexOf(host) < index) report(["haproxy", "hosts", index], host, "must be named once only");
  }
  if (maxConnectionsPerFrontend > maxConnections) {
    const rule = `must not be more than warren:haproxy.maxConnections (${maxConnections})`;
    report(["haproxy", "maxConnectionsPerFrontend"], maxConnectionsPerFrontend, rule);
  }
  for (const name of Object.keys(haproxy.allow) as (keyof typeof ports)[]) {
    if (ports[name] !== undefined) continue;
    report(
      ["haproxy", "allow", name],
      haproxy.allow[name],
      `must be left out, or warren:haproxy.ports.${name} be given`,
    );
  }
  checkTls(haproxy, made, report);
  const own = tls === undefined ? [] : certificates(tls, places, report);
  const passThrough = tls?.endsAt === "brokers";
  const ownMade = made && endsTls(haproxy) && own.length === 0;
  return { ...haproxy, tls: { certificates: own, passThrough, ...(ownMade && { made: true }) } };
}

/** Every certificate with its key, as PEM; what is wrong with one is reported where it stands. */
function certificates(tls: NonNullable<Haproxy["tls"]>, places: Places, report: Report): string[] {
  const { certificate, certificateFile, moreCertificateFiles } = tls;
  const files = [
    ...(certificateFile === undefined ? [] : [{ file: certificateFile, key: ["certificateFile"] }]),
    ...moreCertificateFiles.map((file, index) => ({ file, key: ["moreCertificateFiles", index] })),
  ];
  const given = [
    ...(certificate === undefined ? [] : [{ pem: certificate, value: certificate, key: ["certificate"] }]),
    ...files.map(({ file, key }) => ({ pem: readText(absolutePath(file, places)), value: file, key })),
  ];
  for (const { pem, value, key } of given) {
    const rule = certificateFault(pem);
    if (rule !== undefined) report(["haproxy", "tls", ...key], value, rule);
  }
  return given.map(({ pem = "" }) => pem);
}

/** Whether the balancers end TLS on one of their ports. */
function endsTls({ ports, tls }: Haproxy): boolean {
  return (ports.amqps !== undefined && tls?.endsAt !== "brokers") || ports.managementTls !== undefined;
}

/** Where TLS ends, and with what. */
function checkTls(haproxy: Haproxy, made: boolean, report: Report): void {
  const { ports, tls } = haproxy;
  const at = (...path: string[]) => ["haproxy", ...path];
  if (!tls) {
    for (const name of ["amqps", "managementTls"] as const) {
      if (ports[name] !== undefined && !made) {
        const rule = `must be given where warren:haproxy.ports.${name} is: add warren:tls, for certificates that are made, or warren:haproxy.tls with your own`;
        report(at("tls"), undefined, rule);
      }
    }
    return;
  }
  if (ports.amqps === undefined && ports.managementTls === undefined) {
    report(at("ports", "amqps"), undefined, "must be given where warren:haproxy.tls is");
  }
  const ends = endsTls(haproxy);
  const first = tls.certificate ?? tls.certificateFile;
  if (tls.certificate !== undefined && tls.certificateFile !== undefined) {
    const rule = "must be left out where warren:haproxy.tls.certificate is";
    report(at("tls", "certificateFile"), tls.certificateFile, rule);
  }
  if (ends && first === undefined && !made) {
    report(at("tls", "certificateFile"), undefined, "must be given where the balancers end TLS");
  }
  if (!ends && tls.endsAt === "brokers" && first !== undefined) {
    const rule = "must be left out where TLS ends at the brokers: they have the certificates";
    report(at("tls", tls.certificate === undefined ? "certificateFile" : "certificate"), first, rule);
  }
  if (first === undefined && tls.moreCertificateFiles.length > 0) {
    const rule = "must be left out without warren:haproxy.tls.certificateFile";
    report(at("tls", "moreCertificateFiles"), tls.moreCertificateFiles, rule);
  }
}
