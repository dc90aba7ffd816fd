import { isComponent, known, type Known } from "./kinds";
import { done, seedNode, isAnotherMachine, rest } from "./members";
import { byName, turns } from "./order";
import type { Preview, Step } from "./preview";

/** Something that happens to one or more nodes, balancers or hosts at the same point of the update. */
export interface Act {
  turn: number;
  says: string;
  /** Names of those it happens to; the words stand for themselves where there are none. */
  of: string[];
}

/** Inputs of a container whose change replaces it, in a reader's words. */
const reasons: Readonly<Record<string, string>> = {
  image: "image",
  labels: "settings or plugins",
  envs: "ports or TLS between nodes, environment or time zone",
  ports: "ports",
  ulimits: "open files",
  volumes: "directories",
  hostname: "name",
};

/** All that happens, in the order in which it will: what stands at one point may happen side by side. */
export function acts(preview: Preview): Act[] {
  const { steps } = preview;
  const turn = turns(steps);
  const first = seedNode(preview);
  const changing = steps.filter((step) => step.verb !== undefined && !isComponent(step));
  const places = new Map(changing.flatMap((step) => place(step)));
  const merged = new Map<string, Act>();
  for (const step of changing) {
    const its = known(step);
    // Told with another one that is there as well.
    const special = its && inPlaceOf(steps, step, its);
    const within = step.verb === "delete" || special !== undefined ? [] : (its?.kind.within ?? []);
    if (within.some((key) => places.has(`${key} ${its?.of ?? ""}`))) continue;
    // The first of all has nobody to join.
    if (its?.key === "RabbitNode/join-cluster" && its.of === first) continue;
    const own = special === undefined || !its ? words(step, its) : { says: special, of: [its.of] };
    if (own.says === "") continue;
    // Scripts that find everything done may as well be told at once.
    const act = { turn: own.says === otherLogin ? 0 : (turn.get(step.urn) ?? 0), ...own };
    const key = `${act.turn} ${act.says}`;
    const same = merged.get(key);
    if (same) same.of.push(...act.of);
    else merged.set(key, act);
  }
  for (const act of merged.values()) act.of = [...new Set(act.of)].sort(byName);
  return [...merged.values()].sort(
    (a, b) => a.turn - b.turn || byName(a.of[0] ?? "", b.of[0] ?? "") || byName(a.says, b.says),
  );
}

/** What a node's step means where the whole node is stopped or started, or another machine takes the place of its own. */
function inPlaceOf(steps: readonly Step[], { verb }: Step, { key, of }: Known): string | undefined {
  const rests = rest(steps, of);
  if (rests !== undefined) return { "RabbitNode/container": "", "RabbitNode/member": `**${rests}**` }[key];
  const stops = done(steps, "RabbitNode/container").some((node) => rest(steps, node.of) === "stops");
  // A cluster that is to stand still is not waited for.
  if (key === "RabbitCluster/formed" && stops) return "";
  if (!isAnotherMachine(steps, of)) return undefined;
  return {
    "RabbitNode/files": "configuration and cookie are written on the other machine",
    "RabbitNode/container": verb === "replace" ? "starts on the other machine, blank" : undefined,
    "RabbitNode/join-cluster": "**joins** the cluster, which forgets its former member of that name",
  }[key];
}

const otherLogin = "login changes: scripts run once more and find everything done";

function place(step: Step): [string, Step][] {
  const its = known(step);
  return its ? [[`${its.key} ${its.of}`, step]] : [];
}

function words(step: Step, its: Known | undefined): Omit<Act, "turn"> {
  const { verb, differing, name, type } = step;
  if (verb === undefined) return { says: "", of: [] };
  const says = its?.kind.says[verb];
  if (its === undefined || says === undefined) return { says: `is ${past[verb]} (${type})`, of: [name] };
  if (verb === "update" && differing.length > 0 && differing.every((input) => input === "connection")) {
    return { says: otherLogin, of: [its.of] };
  }
  return { says: says + because(step), of: [its.of] };
}

const past = { create: "created", update: "updated", replace: "replaced", delete: "deleted" } as const;

function because({ verb, type, replacedFor }: Step): string {
  if (verb !== "replace" || !type.startsWith("docker:index/container")) return "";
  // The label with the digest of all settings changes with each of them; an image is none of them.
  const others = replacedFor.filter((input) => input !== "labels");
  const told = others.some((input) => input !== "image") ? others : replacedFor;
  const named = [...new Set(told.map((input) => reasons[input] ?? input))].sort(byName);
  return named.length === 0 ? "" : ` (for: ${named.join(", ")})`;
}
