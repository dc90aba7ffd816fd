/*
 * What a preview says, read from the engine's two documents of it: the digest (`pulumi preview --json`, with the states and
 * their dependencies) and the event log (one JSON object a line, with what the policies say).
 * Source: pulumi's pkg/display/json.go and sdk/go/common/apitype/events.go.
 */

export type Verb = "create" | "update" | "replace" | "delete";

export type Values = Readonly<Record<string, unknown>>;

/** What is done with one resource; without a verb, it stays as it is. */
export interface Step {
  urn: string;
  /** Unique within a Warren stack: its resources' names are. */
  name: string;
  type: string;
  /** Type of the component that it is part of. */
  component: string;
  verb?: Verb;
  /** Inputs that differ; of those that are not known yet, none. */
  differing: readonly string[];
  /** The inputs for which it is replaced. */
  replacedFor: readonly string[];
  /** Before, and as they will be. Secrets are blinded. */
  old?: Values;
  new?: Values;
  /** It stays in the state whatever is asked of it, as all resources of a lost machine do. */
  frozen: boolean;
  /** URNs of what has to be there before it. */
  needs: readonly string[];
}

export interface Violation {
  policy: string;
  level: string;
  /** Name of the resource it is about. */
  resource: string;
  message: string;
}

export interface Preview {
  stack: string;
  steps: readonly Step[];
  /** The stack's outputs after its last update that ended; none before it. */
  outputs: Values;
  violations: readonly Violation[];
  /** Whether a policy pack judged it. */
  judged: boolean;
  errors: readonly string[];
  warnings: readonly string[];
}

interface State {
  inputs?: Values;
  outputs?: Values;
  dependencies?: string[];
  propertyDependencies?: Record<string, string[]>;
  provider?: string;
  ignoreChanges?: string[];
}

interface Digest {
  steps?: {
    op: string;
    urn: string;
    oldState?: State;
    newState?: State;
    diffReasons?: string[];
    replaceReasons?: string[];
  }[];
  diagnostics?: { message: string; severity: string }[];
}

interface EngineEvent {
  policyLoadEvent?: object;
  policyEvent?: { resourceUrn?: string; message: string; policyName: string; enforcementLevel: string };
}

/** What the engine calls its steps (source: pulumi's pkg/resource/deploy/step.go); the others change nothing. */
const verbs: Readonly<Record<string, Verb>> = {
  create: "create",
  import: "create",
  update: "update",
  replace: "replace",
  "create-replacement": "replace",
  "import-replacement": "replace",
  delete: "delete",
  "delete-replaced": "delete",
};

/** @param digest the digest's text, @param events the event log's */
export function readPreview(stack: string, digest: string, events: string): Preview {
  // Most of the log is steps, which the digest has with more of their states.
  const told = events
    .split("\n")
    .filter((line) => /"policy(?:Load)?Event":/.test(line))
    .map((line) => JSON.parse(line) as EngineEvent);
  const { steps = [], diagnostics = [] } = JSON.parse(digest) as Digest;
  const said = (severity: string) =>
    [...new Set(diagnostics.filter((each) => each.severity === severity).map(({ message }) => message.trim()))].sort();
  const root = steps.find(({ urn }) => typeOf(urn) === "pulumi:pulumi:Stack");
  return {
    stack,
    steps: merged(steps.map(readStep)),
    outputs: root?.oldState?.outputs ?? {},
    violations: told.flatMap(violation),
    judged: told.some(({ policyLoadEvent }) => policyLoadEvent !== undefined),
    errors: said("error"),
    warnings: said("warning"),
  };
}

function readStep(step: NonNullable<Digest["steps"]>[number]): Step {
  const { urn, oldState, newState } = step;
  const verb = verbs[step.op];
  const state = newState ?? oldState ?? {};
  // A provider is named by its URN and its id.
  const provider = state.provider?.replace(/::[^:]*$/, "");
  const needs = [
    ...(state.dependencies ?? []),
    ...Object.values(state.propertyDependencies ?? {}).flat(),
    ...(provider === undefined || provider === "" ? [] : [provider]),
  ];
  return {
    urn,
    name: nameOf(urn),
    type: typeOf(urn),
    component: urn.split("::")[2]?.split("$").at(-2) ?? "",
    ...(verb && { verb }),
    differing: step.diffReasons ?? [],
    replacedFor: step.replaceReasons ?? [],
    ...(oldState && { old: oldState.inputs ?? {} }),
    ...(newState && { new: newState.inputs ?? {} }),
    frozen: newState?.ignoreChanges?.includes("*") === true,
    needs: [...new Set(needs)],
  };
}

/** One step for each resource: what is left of one that was replaced before goes without a word where it is made anew. */
function merged(steps: readonly Step[]): Step[] {
  const byUrn = new Map<string, Step>();
  for (const step of steps) {
    const other = byUrn.get(step.urn);
    if (other?.verb === undefined || other.verb === "delete") byUrn.set(step.urn, step);
  }
  return [...byUrn.values()];
}

function violation({ policyEvent }: EngineEvent): Violation[] {
  if (!policyEvent) return [];
  const { policyName, enforcementLevel, message, resourceUrn } = policyEvent;
  // The SDK puts the policy's description on a line before what was found.
  const found = message.trim().split("\n").slice(1).join(" ") || message.trim();
  return [{ policy: policyName, level: enforcementLevel, resource: nameOf(resourceUrn ?? ""), message: found }];
}

export function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::") || "the stack";
}

function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}
