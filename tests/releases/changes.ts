import { diff } from "node:util";

import { known } from "../../plan/kinds";
import { readPreview, type Verb } from "../../plan/preview";
import { nameOf, openSecrets, type Deployment, type Resource } from "./deployment";

/*
 * What a run changes in a stack, seen in a preview or in the states before and after it.
 */

/** One resource that does not stay as it is. */
export interface Change {
  verb: Verb;
  name: string;
  type: string;
  /** Which of Warren's resources it is, such as `RabbitNode/gate`. */
  kind: string;
  inputs: Difference[];
  /** Ending it, or replacing it, runs a script on a host. */
  endsOnHost: boolean;
}

/** One input that differs. A side that does not have it, or does not know it yet, is undefined. */
export interface Difference {
  input: string;
  before?: unknown;
  after?: unknown;
}

type Inputs = Readonly<Record<string, unknown>>;

function change(verb: Verb, resource: Pick<Resource, "urn" | "type">, old: Inputs, inputs: Difference[]): Change {
  const name = nameOf(resource);
  const component = resource.urn.split("::")[2]?.split("$").at(-2) ?? "";
  const kind = known({ component, name })?.key ?? `${component.split(":").at(-1) ?? ""}/${resource.type}`;
  const type = resource.type;
  return { verb, name, type, kind, inputs, endsOnHost: old["delete"] !== undefined };
}

function differences(before: Inputs, after: Inputs): Difference[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((input) => JSON.stringify(before[input]) !== JSON.stringify(after[input]))
    .map((input) => ({ input, before: before[input], after: after[input] }));
}

const inputsOf = (resource: Resource | undefined): Inputs => openSecrets(resource?.inputs ?? {}) as Inputs;

/** What a run did: the states before and after it. */
export function changesBetween(before: Deployment, after: Deployment): Change[] {
  const byUrn = ({ deployment }: Deployment) =>
    new Map(deployment.resources?.filter(({ external }) => external !== true).map((each) => [each.urn, each]));
  const [old, now] = [byUrn(before), byUrn(after)];
  return [...old.values(), ...[...now.values()].filter(({ urn }) => !old.has(urn))].flatMap((resource) => {
    const [was, is] = [old.get(resource.urn), now.get(resource.urn)];
    const inputs = differences(inputsOf(was), inputsOf(is));
    const one = (verb: Verb) => [change(verb, resource, inputsOf(was), inputs)];
    if (!was) return one("create");
    if (!is) return one("delete");
    if (was.created !== is.created) return one("replace");
    return was.modified === is.modified ? [] : one("update");
  });
}

/** A file that `pulumi preview --save-plan --show-secrets` wrote, as far as it says which inputs would be others. */
interface SavedPlan {
  resourcePlans: Record<string, { goal?: { inputDiff?: { adds?: Inputs; updates?: Inputs; deletes?: string[] } } }>;
}

/**
 * What a preview says a run would do.
 *
 * @param state the stack's state, which the preview was made of
 * @param digest what `pulumi preview --json` printed
 * @param plan what it saved: the digest does not show inputs that are secrets
 */
export function changesAhead(state: Deployment, digest: string, plan: string): Change[] {
  const { resourcePlans } = JSON.parse(plan) as SavedPlan;
  const resources = new Map(state.deployment.resources?.map((each) => [each.urn, each]));
  return readPreview("", digest, "").steps.flatMap((step) => {
    if (step.verb === undefined) return [];
    const old = inputsOf(resources.get(step.urn));
    const { adds = {}, updates = {}, deletes = [] } = resourcePlans[step.urn]?.goal?.inputDiff ?? {};
    const after = openSecrets({ ...adds, ...updates }) as Inputs;
    const told = [...Object.keys(after), ...deletes].map((input) => ({
      input,
      before: old[input],
      after: after[input],
    }));
    const rest = step.differing
      .filter((input) => !told.some((each) => each.input === input))
      .map((input) => ({ input, before: old[input] }));
    return [change(step.verb, { urn: step.urn, type: step.type }, old, [...told, ...rest])];
  });
}

/** A line for each kind of change: how many, of which inputs, and to which resources. */
export function listing(changes: readonly Change[]): string {
  const lines = new Map<string, string[]>();
  for (const { verb, kind, inputs, name } of changes) {
    const what = `${verb} ${kind} (${inputs
      .map(({ input }) => input)
      .sort()
      .join(", ")})`;
    lines.set(what, [...(lines.get(what) ?? []), name]);
  }
  const sorted = [...lines].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([what, names]) => `${names.length} × ${what}: ${names.sort().join(" ")}\n`).join("");
}

/** Kinds of changes that a run made and a written listing does not have. */
export function unforeseen(changes: readonly Change[], written: string): string[] {
  const foreseen = [...written.matchAll(/^\d+ × (\w+ \S+) /gm)].map(([, kind]) => kind);
  return [...new Set(changes.map(({ verb, kind }) => `${verb} ${kind}`))].filter((kind) => !foreseen.includes(kind));
}

/**
 * Changes that an upgrade of Warren alone must not make: containers stay the same ones, what was generated stays, and
 * nothing is ended on a host.
 */
export function harmful(changes: readonly Change[]): Change[] {
  const kept = ["docker:index/container:Container", "random:", "tls:"];
  return changes.filter(({ verb, type, endsOnHost }) => {
    if (verb === "delete" || verb === "replace") return endsOnHost || kept.some((prefix) => type.startsWith(prefix));
    return verb === "create" && type === kept[0];
  });
}

const shownLines = 40;

/** For each kind of change one resource's inputs, before and after, line by line. */
export function details(changes: readonly Change[]): string {
  const examples = new Map(changes.map((each) => [`${each.verb} ${each.kind}`, each]));
  return [...examples]
    .map(([what, { name, inputs }]) => {
      const shown = inputs.map(({ input, before, after }) => `  ${input}:\n${lineDifference(before, after)}`);
      return `${what}, for example ${name}:\n${shown.join("")}`;
    })
    .join("\n");
}

function lineDifference(before: unknown, after: unknown): string {
  const lines = (value: unknown): string[] => {
    if (value === undefined) return ["(absent, or not known before the run)"];
    return (typeof value === "string" ? value : JSON.stringify(value, null, 1)).split("\n");
  };
  const differing = diff(lines(before), lines(after)).flatMap(([side, line]) => {
    return side === 0 ? [] : [`    ${side > 0 ? "-" : "+"} ${line}\n`];
  });
  const more = differing.length - shownLines;
  return [...differing.slice(0, shownLines), more > 0 ? `    … and ${more} lines more\n` : ""].join("");
}
