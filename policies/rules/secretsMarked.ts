import type { PolicyResource } from "@pulumi/policy";
import { markedInputs } from "../lib/marks";
import { policy, type Resource } from "../lib/policy";
import { read, section, text, textsWithin } from "../lib/read";
import { carries, credentialsInScript } from "../lib/scripts";
import { shown } from "../lib/shown";
import { types } from "../lib/types";

/** Shorter texts are found by accident. */
const shortestToLookFor = 6;

const watch = "Set the policy secrets-watch back to remediate, by which it changes nothing.";

export const secretsMarked = policy(
  {
    name: "secrets-marked",
    level: "mandatory",
    levelReason: "the state and the preview show what is not marked to everybody who may see them",
    asks: "What is secret is marked as a secret.",
    why: "Pulumi encrypts in its state, and hides in what it prints, only what is marked.",
    mend: "Pass it through pulumi.secret().",
    source: "https://www.pulumi.com/docs/iac/concepts/secrets/",
  },
  {
    resource: (resource, report) => {
      const marked = markedInputs(resource.urn);
      if (!marked) return;
      for (const [input, what] of secretsOf(resource)) {
        if (!marked.has(input)) report(`The input ${input} of ${resource.name} holds ${what} and is not marked.`);
      }
    },
    // Generated passwords have no form of their own; but which inputs were made from them is recorded.
    stack: (resources, report, all) => {
      const unseen = resources.filter((resource) => !markedInputs(resource.urn) && secretsOf(resource).length > 0);
      const [first] = unseen;
      if (first) report(first, `Whether the secrets of ${unseen.length} commands are marked could not be seen.`, watch);
      const given = new Map(resources.map((resource) => [resource.urn, resource]));
      for (const { urn, propertyDependencies } of all) {
        const resource = given.get(urn);
        const marked = markedInputs(urn);
        if (!resource || !marked) continue;
        for (const [input, sources] of Object.entries(propertyDependencies)) {
          // Where marking does not help, secrets-in-commands judges.
          if (marked.has(input) || shown[resource.type]?.includes(input) === true) continue;
          const source = sources.find((from) => carriesResult(resource, input, from));
          if (source)
            report(resource, `The input ${input} of ${resource.name} holds ${source.name} and is not marked.`);
        }
      }
    },
  },
);

/** What a command is given that is secret by its form, and by which input. */
function secretsOf({ type, inputs }: Resource): (readonly [input: string, what: string])[] {
  if (type !== types.command) return [];
  const { privateKey, password } = section(inputs.connection) ?? {};
  return [
    ...credentialsInScript(text(inputs.stdin) ?? "").map((what) => ["stdin", what] as const),
    ...(text(privateKey) ? [["connection", "a private key"] as const] : []),
    ...(text(password) ? [["connection", "a login's password"] as const] : []),
  ];
}

/** Whether a generated password stands in an input as it is. A digest of it, say as a trigger, gives nothing away. */
function carriesResult({ inputs }: Resource, input: string, source: PolicyResource): boolean {
  const result = source.type === types.password ? text(read(source.props).result) : undefined;
  if (result === undefined || result.length < shortestToLookFor) return false;
  return textsWithin(inputs[input]).some((content) => carries(content, result));
}
