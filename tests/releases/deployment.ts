/*
 * What `pulumi stack export --show-secrets` prints, as data. A secret in it is an object with a mark of Pulumi's and its
 * value as JSON text (source: pulumi's sdk/go/common/resource/sig.go).
 */

const mark = "4dabf18193072939515e22adb298388d";
const secretMark = "1b47061264138c4ac30d75fd1eb44270";

/** One resource of a stack's state, as far as tests look at it. */
export interface Resource {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  parent?: string;
  /** It is read, and not the stack's own. */
  external?: boolean;
  /** When it was created, and when it was last changed. */
  created?: string;
  modified?: string;
}

/** A stack's exported state. */
export interface Deployment {
  version: number;
  deployment: { resources?: Resource[] };
}

/** JSON text of a secret's value. */
function secretText(value: object): string | undefined {
  const { [mark]: kind, plaintext } = value as Record<string, unknown>;
  return kind === secretMark && typeof plaintext === "string" ? plaintext : undefined;
}

/** The same value with each of its texts edited; those within secrets as well. */
export function editTexts(value: unknown, edit: (text: string) => string): unknown {
  if (typeof value === "string") return edit(value);
  if (Array.isArray(value)) return value.map((item) => editTexts(item, edit));
  if (typeof value !== "object" || value === null) return value;
  const secret = secretText(value);
  if (secret !== undefined) return { ...value, plaintext: JSON.stringify(editTexts(JSON.parse(secret), edit)) };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, editTexts(item, edit)]));
}

/** The same value with each secret replaced by what it holds. */
export function openSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(openSecrets);
  if (typeof value !== "object" || value === null) return value;
  const secret = secretText(value);
  if (secret !== undefined) return openSecrets(JSON.parse(secret));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, openSecrets(item)]));
}

/** What a state says of the machine that made it. Later machines have other paths, and each lab has a key of its own. */
export interface Operator {
  /** Text of the private key that logs in to the hosts. */
  privateKey: string;
  privateKeyFile: string;
  /** Directory of the SSH client's control sockets. */
  controlDirectory: string;
}

const placeholders = (operator: Operator): [placeholder: string, text: string][] => [
  ["{{privateKey}}", operator.privateKey],
  ["{{privateKeyFile}}", operator.privateKeyFile],
  ["{{controlDirectory}}", operator.controlDirectory],
];

/** A state with placeholders for what is the operator's, and without the lines of the program that declared resources. */
export function withoutOperator(state: Deployment, operator: Operator): Deployment {
  const edited = editTexts(state, (text) =>
    placeholders(operator).reduce((edited, [placeholder, own]) => edited.replaceAll(own, placeholder), text),
  ) as Deployment;
  const resources = edited.deployment.resources?.map((resource) =>
    Object.fromEntries(Object.entries(resource).filter(([key]) => !["sourcePosition", "stackTrace"].includes(key))),
  ) as Resource[] | undefined;
  return { ...edited, deployment: { ...edited.deployment, ...(resources && { resources }) } };
}

/** A recorded state as this operator would have made it. */
export function forOperator(state: Deployment, operator: Operator): Deployment {
  return editTexts(state, (text) =>
    placeholders(operator).reduce((edited, [placeholder, own]) => edited.replaceAll(placeholder, () => own), text),
  ) as Deployment;
}

/**
 * The same state with certificates that end far from now. A record is used for years, and a certificate that is near its end
 * would be renewed by the preview.
 */
export function withLastingCertificates(state: Deployment): Deployment {
  const resources = state.deployment.resources?.map((resource) =>
    resource.outputs?.["validityEndTime"] === undefined
      ? resource
      : { ...resource, outputs: { ...resource.outputs, validityEndTime: "9999-01-01T00:00:00Z" } },
  );
  return { ...state, deployment: { ...state.deployment, ...(resources && { resources }) } };
}

/** A resource's name, which is unique within a Warren stack. */
export function nameOf({ urn }: Pick<Resource, "urn">): string {
  return urn.split("::").slice(3).join("::");
}
