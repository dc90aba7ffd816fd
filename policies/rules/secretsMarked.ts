import type { PolicyResource } from "@pulumi/policy";
import { markedInputs } from "../lib/marks";
import { policy, type Resource } from "../lib/policy";
import { read, section, text, textsWithin } from "../lib/read";
import { carries, credentialsInScript } from "../lib/scripts";
import { shown } from "../lib/shown";
import { types } from "../lib/types";

/** Shorter texts are found by accident. */
const shortestToLookFor = 6;

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
    resource: ({ type, name, urn, inputs }, report) => {
      if (type !== types.command) return;
      const secrets = [
        ...credentialsInScript(text(inputs.stdin) ?? "").map((what) => ["stdin", what] as const),
        ...loginSecrets(inputs.connection).map((what) => ["connection", what] as const),
      ];
      const marked = markedInputs(urn);
      for (const [input, what] of secrets) {
        if (marked?.has(input) === true) continue;
        if (marked) report(`The input ${input} of ${name} holds ${what} and is not marked.`);
        else {
          const unseen = `Whether the input ${input} of ${name}, which holds ${what}, is marked could not be seen.`;
          report(unseen, "Set the policy secrets-watch back to remediate, which changes nothing, or disable this one.");
        }
      }
    },
    // Generated passwords have no form of their own; but which inputs were made from them is recorded.
    stack: (resources, report, all) => {
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

function loginSecrets(connection: Resource["inputs"][string]): string[] {
  const { privateKey, password } = section(connection) ?? {};
  return [...(text(privateKey) ? ["a private key"] : []), ...(text(password) ? ["a login's password"] : [])];
}

/** Whether a generated password stands in an input as it is. A digest of it, say as a trigger, gives nothing away. */
function carriesResult({ inputs }: Resource, input: string, source: PolicyResource): boolean {
  const result = source.type === types.password ? text(read(source.props).result) : undefined;
  if (result === undefined || result.length < shortestToLookFor) return false;
  return textsWithin(inputs[input]).some((content) => carries(content, result));
}
