import { editTexts, nameOf, openSecrets, type Deployment, type Resource } from "./deployment";
import { lineDifference } from "./lines";

/*
 * Whether two deployments of one config by one program are alike: the same resources with the same inputs. What each
 * deployment generates, and what each lab has its own of, is replaced by a token before they are compared.
 */

/** Outputs that no two deployments share, by the beginning of a resource's type. */
const ownOutputs: readonly [type: string, outputs: readonly string[]][] = [
  ["random:", ["result"]],
  ["tls:", ["privateKeyPem", "certRequestPem", "certPem"]],
  ["docker:index/remoteImage:RemoteImage", ["imageId"]],
];

type Values = Readonly<Record<string, unknown>>;

/** What is this deployment's own, and the token for it. */
function own(resources: readonly Resource[]): [text: string, token: string][] {
  const named = (resource: Resource, values: Values): [string, string][] =>
    Object.entries(values).flatMap(([key, value]): [string, string][] =>
      typeof value === "string" && value !== "" ? [[value, `{{${nameOf(resource)}.${key}}}`]] : [],
    );
  return (
    resources
      .flatMap((resource) => {
        const outputs = (openSecrets(resource.outputs) ?? {}) as Values;
        const wanted = ownOutputs.find(([type]) => resource.type.startsWith(type))?.[1] ?? [];
        const { id = "" } = resource;
        return [
          ...named(resource, Object.fromEntries(wanted.map((key) => [key, outputs[key]]))),
          // A short one, such as `none`, may stand for something else.
          ...(id.length < 8 ? [] : named(resource, { id })),
          ...(resource.type === "warren:index:Host" ? named(resource, { hostKey: resource.inputs?.["hostKey"] }) : []),
        ];
      })
      // One may be the beginning of another, and two resources may have the same.
      .sort(([a, one], [b, other]) => b.length - a.length || (one < other ? -1 : 1))
  );
}

/** A word that is a text in base64, as files are in a script's input. */
function decoded(word: string): string | undefined {
  const bytes = Buffer.from(word, "base64");
  const text = bytes.toString("utf8");
  return bytes.toString("base64") === word && /^[\t\n\x20-\x7e]*$/.test(text) ? text : undefined;
}

/** Digests and salted hashes: what they were made of is compared where it stands. */
function withoutDigests(text: string): string {
  return text.replace(/"password_hash":"[^"]*"/g, '"password_hash":"…"').replace(/\b[0-9a-f]{16,}\b/g, "{{digest}}");
}

/** Each resource by its name: type, parent and inputs, with tokens. */
function comparable({ deployment }: Deployment, edit: (text: string) => string): Map<string, Values> {
  const resources = deployment.resources ?? [];
  const tokens = own(resources);
  const replaced = (text: string): string =>
    withoutDigests(tokens.reduce((edited, [value, token]) => edited.replaceAll(value, token), edit(text))).replace(
      /[A-Za-z0-9+/]{16,}={0,2}/g,
      (word) => {
        const within = decoded(word);
        return within === undefined ? word : `base64(${replaced(within)})`;
      },
    );
  return new Map(
    resources.map((resource) => {
      const inputs = editTexts(openSecrets(resource.inputs ?? {}), replaced);
      return [nameOf(resource), { type: resource.type, parent: resource.parent, inputs }];
    }),
  );
}

/**
 * Resources that one deployment has and the other has not, or has otherwise: by name, with the lines that differ.
 *
 * @param edit makes a text of the second deployment comparable with one of the first, such as the addresses in it
 */
export function unlike(
  recorded: Deployment,
  found: Deployment,
  edit = (text: string): string => text,
): Record<string, string> {
  const [before, now] = [comparable(recorded, (text) => text), comparable(found, edit)];
  const names = [...new Set([...before.keys(), ...now.keys()])];
  const differing = names.flatMap((name) => {
    const lines = lineDifference(before.get(name), now.get(name));
    return lines === "" ? [] : [[name, lines] as const];
  });
  return Object.fromEntries(differing);
}
