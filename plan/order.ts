import type { Step } from "./preview";

/** Names in the order in which people count: `host2` before `host10`. */
export const byName = new Intl.Collator("en", { numeric: true }).compare;

/**
 * When each changing step's turn comes, by URN: the number of changing steps that have to be done one after another before
 * it. What is deleted goes after all that is made or changed, and in the opposite direction: first what needs the others.
 */
export function turns(steps: readonly Step[]): Map<string, number> {
  const byUrn = new Map(steps.map((step) => [step.urn, step]));
  const isDeleted = (step: Step) => step.verb === "delete";
  const needed = turnsAlong(steps, (step) =>
    isDeleted(step) ? [] : step.needs.map((urn) => byUrn.get(urn)).filter((other) => other && !isDeleted(other)),
  );
  const made = Math.max(0, ...steps.filter((step) => !isDeleted(step)).map((step) => needed.get(step.urn) ?? 0));
  const dependants = new Map<string, Step[]>();
  for (const step of steps.filter(isDeleted)) {
    for (const urn of step.needs) dependants.set(urn, [...(dependants.get(urn) ?? []), step]);
  }
  const deleted = turnsAlong(steps.filter(isDeleted), (step) => dependants.get(step.urn) ?? []);
  return new Map(
    steps.map((step) => [
      step.urn,
      isDeleted(step) ? made + (deleted.get(step.urn) ?? 0) : (needed.get(step.urn) ?? 0),
    ]),
  );
}

/** The longest way of changing steps that leads to each one, itself included. */
function turnsAlong(
  steps: readonly Step[],
  before: (step: Step) => readonly (Step | undefined)[],
): Map<string, number> {
  const found = new Map<string, number>();
  const turn = (step: Step): number => {
    const known = found.get(step.urn);
    if (known !== undefined) return known;
    // The engine's graph has no circle; a document that has one is no reason to go round for ever.
    found.set(step.urn, 0);
    const last = Math.max(0, ...before(step).map((other) => (other ? turn(other) : 0)));
    const own = last + (step.verb === undefined ? 0 : 1);
    found.set(step.urn, own);
    return own;
  };
  steps.forEach(turn);
  return found;
}
