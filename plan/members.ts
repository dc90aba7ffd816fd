import { componentPrefix, known } from "./kinds";
import { byName } from "./order";
import type { Preview, Step, Values, Verb } from "./preview";

export interface Place {
  host: string;
  type: string;
  /** RabbitMQ's, where it is known. */
  version?: string;
}

export type Fate =
  | "stays"
  | "restarts"
  | "stops"
  | "starts"
  | "joins"
  | "joins anew"
  | "leaves"
  | "is forgotten"
  | "moves"
  | "changes its type"
  | "is the first";

export interface Member {
  name: string;
  before?: Place;
  after?: Place;
  fate: Fate;
}

/** The component's step, if the stack has one of that type. */
export function component(steps: readonly Step[], type: string): Step | undefined {
  return steps.find((step) => step.type === componentPrefix + type);
}

/** What is done with one of Warren's resources, such as `RabbitNode/container` of `rabbitmq1`. */
export function done(
  steps: readonly Step[],
  key: string,
  of?: string,
): readonly { of: string; verb: Verb; step: Step }[] {
  return steps.flatMap((step) => {
    const its = known(step);
    if (its?.key !== key || step.verb === undefined || (of !== undefined && its.of !== of)) return [];
    return [{ of: its.of, verb: step.verb, step }];
  });
}

/** The members before the update, as the stack's last outputs have them, and after it. */
export function members(preview: Preview): Member[] {
  const { steps, outputs } = preview;
  const cluster = component(steps, "RabbitCluster");
  const running = versions(outputs);
  const first = seedNode(preview);
  const before = new Map(
    places(outputs).map(({ name, ...place }) => {
      const version = running.get(name) ?? text(cluster?.old?.["version"]);
      return [name, version === undefined ? place : { ...place, version }] as const;
    }),
  );
  const kept = cluster?.verb === "delete" ? undefined : cluster?.new;
  const version = text(kept?.["version"]);
  const after = new Map(
    places(kept)
      .filter(({ name }) => !isLost(steps, name))
      .map(({ name, ...place }) => [name, version === undefined ? place : { ...place, version }] as const),
  );
  return [...new Set([...before.keys(), ...after.keys()])].sort(byName).map((name) => {
    const [was, will] = [before.get(name), after.get(name)];
    const own = name === first ? "is the first" : fate(steps, name, was, will);
    return { name, ...(was && { before: was }), ...(will && { after: will }), fate: own };
  });
}

/** Who is the first of a cluster that is not there yet. */
export function seedNode({ steps, outputs }: Preview): string | undefined {
  const cluster = component(steps, "RabbitCluster");
  return cluster?.verb === "create" && places(outputs).length === 0 ? places(cluster.new)[0]?.name : undefined;
}

function fate(steps: readonly Step[], name: string, before?: Place, after?: Place): Fate {
  if (after === undefined) return isLost(steps, name) ? "is forgotten" : "leaves";
  const joins = done(steps, "RabbitNode/join-cluster", name).some(({ verb }) => verb === "create");
  const container = done(steps, "RabbitNode/container", name)[0]?.verb;
  if (before === undefined && (joins || container === "create")) return "joins";
  if (before && before.host !== after.host) return "moves";
  if (before && isAnotherMachine(steps, name)) return "joins anew";
  if (before && before.type !== after.type) return "changes its type";
  const rests = rest(steps, name);
  if (before && rests) return rests;
  return container === "replace" || container === "create" ? "restarts" : "stays";
}

/** Whether another machine takes the place of its own. It is the image that the config's `machine` has pulled anew. */
export function isAnotherMachine(steps: readonly Step[], name: string): boolean {
  return done(steps, "RabbitNode/image", name).some(({ step }) => step.replacedFor.includes("triggers"));
}

/** Whether it is stopped on purpose, or started after that: `rabbitmq.stopped`. */
export function rest(steps: readonly Step[], name: string): "stops" | "starts" | undefined {
  const [container] = done(steps, "RabbitNode/container", name);
  if (container?.verb !== "update") return undefined;
  const [was, will] = [container.step.old, container.step.new].map((inputs) => inputs?.["mustRun"] !== false);
  return was === will ? undefined : will ? "starts" : "stops";
}

/** Whether its machine is gone for good. */
function isLost(steps: readonly Step[], name: string): boolean {
  return steps.some((step) => {
    const its = known(step);
    return step.frozen && its?.key === "RabbitNode/container" && its.of === name;
  });
}

function places(holder: Values | undefined): ({ name: string } & Place)[] {
  const nodes = holder?.["nodes"];
  return (Array.isArray(nodes) ? (nodes as Values[]) : []).flatMap(({ name, host, type }) =>
    typeof name === "string" && typeof host === "string" && typeof type === "string" ? [{ name, host, type }] : [],
  );
}

/** RabbitMQ's version by node, as the members themselves said: `3.8.9 on Erlang 23.2.6`. */
function versions(outputs: Values): Map<string, string> {
  const said = (outputs["members"] as { versions?: Record<string, string> } | undefined)?.versions ?? {};
  return new Map(Object.entries(said).map(([node, version]) => [node.replace(/^.*@/, ""), version.replace(/ .*/, "")]));
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
