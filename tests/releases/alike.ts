import { editTexts, nameOf, openSecrets, type Deployment, type Resource } from "./deployment";

/*
 * Whether two deployments of one config by one program are alike: the same resources with the same inputs. What each
 * deployment generates, and what each lab has its own of, is replaced by a token before they are compared.
 */

/** Outputs that no two deployments share, by the beginning of a resource's type. */
const ownOutputs: readonly [type: string, outputs: readonly string[]][] = [
  ["random:", ["result"]],
  ["tls:", ["privateKeyPem", "certRequestPem", "certPem"]],
  ["docker:index/remoteImage:RemoteImage", ["imageId", "repoDigest"]],
  ["warren:index:Host", ["address"]],
];
const ownInputs: readonly [type: string, inputs: readonly string[]][] = [["warren:index:Host", ["hostKey"]]];

type Values = Readonly<Record<string, unknown>>;

/** What is this deployment's own, and the token for it; the longest first, since one may be the beginning of another. */
function own(resources: readonly Resource[]): [text: string, token: string][] {
  const found = (resource: Resource, names: typeof ownOutputs, values: unknown): [string, string][] => {
    const wanted = names.find(([type]) => resource.type.startsWith(type))?.[1] ?? [];
    return Object.entries((values ?? {}) as Values).flatMap(([key, value]): [string, string][] =>
      wanted.includes(key) && typeof value === "string" ? [[value, `{{${nameOf(resource)}.${key}}}`]] : [],
    );
  };
  return resources
    .flatMap((resource) => [
      ...found(resource, ownOutputs, openSecrets(resource.outputs)),
      ...found(resource, ownInputs, openSecrets(resource.inputs)),
    ])
    .sort(([a], [b]) => b.length - a.length);
}

/** A word that is a text in base64, as files are in a script's input. */
function decoded(word: string): string | undefined {
  const bytes = Buffer.from(word, "base64");
  const text = bytes.toString("utf8");
  return bytes.toString("base64") === word && /^[\t\n\x20-\x7e]*$/.test(text) ? text : undefined;
}

/** Each resource by its name: type, parent and inputs, with tokens. */
function comparable({ deployment }: Deployment): Map<string, Values> {
  const resources = deployment.resources ?? [];
  const tokens = own(resources);
  const replaced = (text: string): string =>
    tokens
      .reduce((edited, [value, token]) => edited.replaceAll(value, token), text)
      .replace(/[A-Za-z0-9+/]{16,}={0,2}/g, (word) => {
        const within = decoded(word);
        return within === undefined ? word : `base64(${replaced(within)})`;
      });
  return new Map(
    resources.map((resource) => {
      const inputs = editTexts(openSecrets(resource.inputs ?? {}), replaced);
      return [nameOf(resource), { type: resource.type, parent: resource.parent, inputs }];
    }),
  );
}

/** Names of the resources that one deployment has and the other has not, or has otherwise; with both, for a reader. */
export function unlike(one: Deployment, other: Deployment): Record<string, { one: unknown; other: unknown }> {
  const [ours, theirs] = [comparable(one), comparable(other)];
  const names = [...new Set([...ours.keys(), ...theirs.keys()])];
  return Object.fromEntries(
    names.flatMap((name) => {
      const [a, b] = [ours.get(name), theirs.get(name)];
      return JSON.stringify(a) === JSON.stringify(b) ? [] : [[name, { one: a, other: b }]];
    }),
  );
}
