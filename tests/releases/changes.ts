import { known } from "../../plan/kinds";
import { readPreview, type Verb } from "../../plan/preview";
import { nameOf, openSecrets, type Deployment, type Resource } from "./deployment";
import { lineDifference } from "./lines";

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

/** One input that differs. A side that does not have it, or cannot know it before the run, is undefined. */
export interface Difference {
  input: string;
  before?: unknown;
  after?: unknown;
}

type Inputs = Readonly<Record<string, unknown>>;

function change(
  verb: Verb,
  resource: Pick<Resource, "urn" | "type"> & { inputs?: Inputs },
  old: Inputs,
  inputs: Difference[],
): Change {
  const name = nameOf(resource);
  const component = resource.urn.split("::")[2]?.split("$").at(-2) ?? "";
  const kind =
    known({ component, name, old, new: resource.inputs ?? old })?.key ??
    `${component.split(":").at(-1) ?? ""}/${resource.type}`;
  const type = resource.type;
  return { verb, name, type, kind, inputs, endsOnHost: old["delete"] !== undefined };
}

function differences(before: Inputs, after: Inputs): Difference[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((input) => JSON.stringify(before[input]) !== JSON.stringify(after[input]))
    .map((input) => ({ input, before: before[input], after: after[input] }));
}

/** What stands in a preview for a value that only the run will bring (source: pulumi's sdk/go/common/resource/plugin/rpc.go). */
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const inputsOf = (resource: Resource | undefined): Inputs => openSecrets(resource?.inputs ?? {}) as Inputs;

/** What stays the same where a resource gets another parent, as an alias allows. */
const identity = (resource: Resource): string => `${resource.type}::${nameOf(resource)}`;

/** What a run did: the states before and after it. */
export function changesBetween(before: Deployment, after: Deployment): Change[] {
  const byIdentity = ({ deployment }: Deployment) =>
    new Map(deployment.resources?.filter(({ external }) => external !== true).map((each) => [identity(each), each]));
  const [old, now] = [byIdentity(before), byIdentity(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) => {
    const [was, is] = [old.get(key), now.get(key)];
    const resource = is ?? was;
    if (resource === undefined) return [];
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
    const { adds = {}, updates = {}, deletes = [] } = resourcePlans[step.urn]?.goal?.inputDiff ?? {};
    const told = openSecrets({ ...adds, ...updates }) as Inputs;
    const after = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== unknown));
    const named = [...Object.keys(told), ...deletes, ...step.differing];
    const old = inputsOf(resources.get(step.urn));
    const before = Object.fromEntries(Object.entries(old).filter(([input]) => named.includes(input)));
    const now = step.new === undefined ? {} : { inputs: step.new };
    return [change(step.verb, { urn: step.urn, type: step.type, ...now }, old, differences(before, after))];
  });
}

/** A line for each kind of change: how many, of which inputs, and to which resources. */
export function listing(changes: readonly Change[]): string {
  const lines = new Map<string, string[]>();
  for (const { verb, kind, inputs, name } of changes) {
    const differing = inputs.map(({ input }) => input).sort();
    const what = `${verb} ${kind} (${differing.join(", ")})`;
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

/** For each kind of change one resource's inputs, before and after, line by line. */
export function details(changes: readonly Change[]): string {
  const examples = new Map(changes.map((each) => [`${each.verb} ${each.kind}`, each]));
  return [...examples]
    .map(([what, { name, inputs }]) => {
      const shown = inputs.map((each) => `  ${each.input}:\n${inputDifference(each)}`);
      return `${what}, for example ${name}:\n${shown.join("")}`;
    })
    .join("\n");
}

function inputDifference({ before, after }: Difference): string {
  if (before === undefined) return "    is new\n";
  if (after === undefined) return "    is not known before the run, or gone after it\n";
  return lineDifference(before, after).replaceAll(unknown, "(not known before the run)");
}
