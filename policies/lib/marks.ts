import { Secret, type ResourceValidationPolicy } from "@pulumi/policy";

/*
 * A policy that validates is shown plain values: the SDK takes the secret marks off. Only one that remediates gets at them.
 * This one looks, changes nothing, and remembers; the engine calls it for each resource before any policy validates it.
 */

const marks = new Map<string, ReadonlySet<string>>();

export const secretsWatch: ResourceValidationPolicy = {
  name: "secrets-watch",
  description: "Looks which inputs are marked as secrets, for the other policies. It changes and reports nothing.",
  enforcementLevel: "remediate",
  remediateResource: ({ urn, props }) => {
    marks.set(urn, new Set(Object.keys(props).filter((key) => holdsSecret(unwrapped(props, key)))));
  },
};

/** The inputs of a resource in which something is marked as a secret; nothing where the watch is switched off. */
export function markedInputs(urn: string): ReadonlySet<string> | undefined {
  return marks.get(urn);
}

/** What is really there: reading it in the ordinary way gives a secret's value, and throws where that is unknown. */
function unwrapped(holder: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(holder, key)?.value;
}

function holdsSecret(value: unknown): boolean {
  if (value instanceof Secret) return true;
  return (
    typeof value === "object" && value !== null && Object.keys(value).some((key) => holdsSecret(unwrapped(value, key)))
  );
}
