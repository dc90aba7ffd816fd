import type { PolicyResource } from "@pulumi/policy";
import { markedInputs } from "../lib/marks";
import { policy, type Resource } from "../lib/policy";
import { read, section, text, texts, textsWithin, unknown, type Value } from "../lib/read";
import { credentialsIn, isSecretVariable } from "../lib/scripts";
import { shown } from "../lib/shown";
import { types } from "../lib/types";

export const secretsInCommands = policy(
  {
    name: "secrets-in-commands",
    level: "mandatory",
    levelReason: "marking does not help here: errors print the command, and hosts show the environment",
    asks: "No secret stands in a command's text, in an environment or in a label.",
    why: "A command that fails is printed whole, hosts list their processes' arguments, and `docker inspect` shows a container's environment.",
    mend: "Pass it by a secret stdin, or write it to a file that only its reader may read.",
    source: "https://www.rabbitmq.com/docs/clustering#erlang-cookie",
  },
  {
    types: Object.keys(shown),
    resource: (resource, report) => {
      for (const [input, what] of findings(resource)) report(`The input ${input} of ${resource.name} holds ${what}.`);
    },
    // A generated password is not known in a first preview; that an input is made from it is.
    stack: (resources, report, all) => {
      const dependencies = new Map(all.map(({ urn, propertyDependencies }) => [urn, propertyDependencies]));
      for (const resource of resources) {
        const judged = new Set(findings(resource).map(([input]) => input));
        for (const input of (shown[resource.type] ?? []).filter((key) => !judged.has(key))) {
          const sources = dependencies.get(resource.urn)?.[input] ?? [];
          const source = sources.find((from) => isMadeFrom(resource.inputs[input], from));
          if (source) report(resource, `The input ${input} of ${resource.name} holds ${source.name}.`);
        }
      }
    },
  },
);

/** What is found by its form, by its variable's name, or by its mark. */
function findings({ type, urn, inputs }: Resource): [input: string, what: string][] {
  const marked = markedInputs(urn);
  return (shown[type] ?? []).flatMap((input) => {
    const value = inputs[input];
    const found = [
      ...secretVariables(input, value).map((name) => `the variable ${name}`),
      ...textsWithin(value).flatMap(credentialsIn),
    ];
    const what = found[0] ?? (marked?.has(input) === true ? "what is marked as a secret" : undefined);
    return what === undefined ? [] : [[input, what]];
  });
}

/** The names of variables that hold a secret by their name; those without a value, which the host's own gives, do not. */
function secretVariables(input: string, value: Value | undefined): string[] {
  const variables =
    input === "environment"
      ? Object.entries(section(value) ?? {}).map(([name, content]) => [name, text(content) ?? ""] as const)
      : input === "envs"
        ? texts(value).map((line) => [line.split("=", 1)[0] ?? "", line.replace(/^[^=]*=?/, "")] as const)
        : [];
  return variables.filter(([name, content]) => content !== "" && isSecretVariable(name)).map(([name]) => name);
}

function isMadeFrom(value: Value | undefined, source: PolicyResource): boolean {
  if (source.type !== types.password) return false;
  const result = text(read(source.props).result);
  if (result === undefined) return holdsUnknown(value);
  return textsWithin(value).some((content) => content.includes(result));
}

function holdsUnknown(value: Value | undefined): boolean {
  if (value === unknown) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(holdsUnknown);
}
