import type { Report } from "../errors";
import { absolutePath, readText, type Places } from "../files";
import type { Sections } from "../schema";
import type { TlsConfig } from "../types";
import { authorityFault, certificateFault, nodeCertificateFault } from "./certificates";

type Tls = NonNullable<Sections["tls"]>;
type Given = NonNullable<Tls["certificates"]>;

/** The section, with the text of the files that it names. */
export function resolveTls(
  tls: Tls,
  rabbitmq: Sections["rabbitmq"] | undefined,
  places: Places,
  report: Report,
): TlsConfig {
  const { certificates, ...rest } = tls;
  if (tls.renewDays >= tls.validityDays) {
    report(["tls", "renewDays"], tls.renewDays, `must be less than warren:tls.validityDays (${tls.validityDays})`);
  }
  if (rabbitmq) checkBroker(tls, rabbitmq, report);
  if (certificates === undefined) return rest;
  checkMade(tls, report);
  const names = rabbitmq?.nodes.map(({ name }) => name) ?? [];
  return { ...rest, certificates: resolveGiven(certificates, names, places, report) };
}

/** What counts for made certificates alone. */
function checkMade(tls: Tls, report: Report): void {
  const refuse = (key: "names" | "rotation"): void => {
    report(["tls", key], tls[key], "must be left out where warren:tls.certificates is given: it is for made ones");
  };
  if (tls.names.length > 0) refuse("names");
  if (tls.rotation !== 1) refuse("rotation");
}

/** The keys of rabbitmq.conf, and the variables, that the section's parts write themselves. */
const own = {
  clients: { settings: ["listeners.ssl.", "ssl_options."], environment: [] },
  management: { settings: ["management.ssl."], environment: [] },
  nodes: { settings: [], environment: ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "RABBITMQ_CTL_ERL_ARGS"] },
} as const;

function checkBroker(tls: Tls, { nodes, settings, environment }: Sections["rabbitmq"], report: Report): void {
  for (const [part, written] of Object.entries(own)) {
    if (!tls[part as keyof typeof own]) continue;
    const rule = `must not be set here: warren:tls.${part} sets it`;
    for (const [key, value] of Object.entries(settings)) {
      if (written.settings.some((start) => key.startsWith(start))) report(["rabbitmq", "settings", key], value, rule);
    }
    for (const [key, value] of Object.entries(environment)) {
      if (written.environment.some((name) => name === key)) report(["rabbitmq", "environment", key], value, rule);
    }
  }
  const adopting = nodes.find(({ adopt }) => adopt !== undefined);
  if (tls.nodes && adopting !== undefined) {
    const rule = `must be false while ${adopting.name} adopts a container: that one does not speak TLS with the others`;
    report(["tls", "nodes"], tls.nodes, rule);
  }
}

/** One of two keys says it: the file, or the text itself. */
function readOne(
  { file, pem, key }: { file: string | undefined; pem: string | undefined; key: string },
  at: readonly (string | number)[],
  places: Places,
  report: Report,
): { pem: string | undefined; path: (string | number)[]; value: string } | undefined {
  const [fileKey, pemKey] = [`${key}File`, key];
  if (file !== undefined && pem !== undefined) {
    report([...at, fileKey], file, `must be left out where ${pemKey} is given`);
    return undefined;
  }
  if (pem !== undefined) return { pem, path: [...at, pemKey], value: pem };
  if (file !== undefined) return { pem: readText(absolutePath(file, places)), path: [...at, fileKey], value: file };
  report([...at, fileKey], undefined, `must be given, or ${pemKey} in its place`);
  return undefined;
}

function resolveGiven(
  { authority: pem, authorityFile: file, nodes }: Given,
  names: readonly string[],
  places: Places,
  report: Report,
): NonNullable<TlsConfig["certificates"]> {
  const at = ["tls", "certificates"];
  const authority = readOne({ file, pem, key: "authority" }, at, places, report);
  const fault = authority && authorityFault(authority.pem);
  if (authority && fault !== undefined) report(authority.path, authority.value, fault);
  for (const name of Object.keys(nodes).filter((node) => !names.includes(node))) {
    report([...at, "nodes", name], name, `must be one of the nodes (${names.join(", ")})`);
  }
  const found: Record<string, string> = {};
  for (const name of names) {
    const path = [...at, "nodes", name];
    const given = nodes[name];
    if (given === undefined) {
      report(path, undefined, "must be given: each node has a certificate of its own");
      continue;
    }
    const { certificateFile, certificate } = given;
    const own = readOne({ file: certificateFile, pem: certificate, key: "certificate" }, path, places, report);
    if (own === undefined) continue;
    const text = own.pem ?? "";
    const trusted = fault === undefined ? authority?.pem : undefined;
    const wrong =
      certificateFault(own.pem) ??
      (trusted === undefined ? undefined : nodeCertificateFault(text, name, trusted, new Date()));
    if (wrong !== undefined) report(own.path, own.value, wrong);
    found[name] = text;
  }
  return { authority: authority?.pem ?? "", nodes: found };
}
