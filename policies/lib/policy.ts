import type {
  PolicyResource,
  ReportViolation,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidation,
} from "@pulumi/policy";
import { read, type Inputs } from "./read";

/** A policy in words. A message is made of them, and so is the table in docs/policies.md. */
export interface Rule {
  name: string;
  level: "mandatory" | "advisory";
  /** Why it is that level by default. */
  levelReason: string;
  /** What is asked for, in one sentence. */
  asks: string;
  /** Why, in one sentence. */
  why: string;
  /** How to mend it, in one sentence, unless a check says it better. */
  mend: string;
  /** Where the reason comes from. */
  source: string;
}

/** A resource as it is registered, before anything is done with it. */
export interface Resource {
  type: string;
  name: string;
  urn: string;
  inputs: Inputs;
  additionalSecretOutputs: readonly string[];
  /** The inputs of its provider. */
  provider?: Inputs;
}

/** Reports a violation: what is wrong, with name and value, never a secret's; how to mend it, if not as the rule says. */
export type Report = (what: string, mend?: string) => void;

export interface Checks {
  /** The types that concern the policy; without, all. */
  types?: readonly string[];
  /** Judges one resource by itself, before it is made. */
  resource?: (resource: Resource, report: Report) => void;
  /** Judges the resources of those types together, at the end of the preview or update. `all` have their outputs. */
  stack?: (
    resources: readonly Resource[],
    report: (resource: Resource, ...violation: Parameters<Report>) => void,
    all: readonly PolicyResource[],
  ) => void;
}

export interface WarrenPolicy extends ResourceValidationPolicy {
  rule: Rule;
  validateStack?: StackValidation;
}

export function policy(rule: Rule, { types, resource, stack }: Checks): WarrenPolicy {
  const { name, level, asks, why, mend, source } = rule;
  const message = (what: string, otherMend = mend) => `${what} ${why} ${otherMend}`;
  // What a component was given is not among its outputs, which are all that a stack's policy is shown.
  const seen = new Map<string, Resource>();
  const validateStack: StackValidation = (args, reportViolation) => {
    stack?.(
      [...seen.values()],
      (about, what, otherMend) => {
        reportViolation(message(what, otherMend), about.urn);
      },
      args.resources,
    );
    seen.clear();
  };
  return {
    rule,
    name,
    description: asks,
    enforcementLevel: level,
    remediationSteps: mend,
    url: source,
    validateResource: (args: ResourceValidationArgs, reportViolation: ReportViolation) => {
      if (types && !types.includes(args.type)) return;
      const about = resourceOf(args);
      if (stack) seen.set(about.urn, about);
      resource?.(about, (what, otherMend) => {
        reportViolation(message(what, otherMend));
      });
    },
    ...(stack && { validateStack }),
  };
}

function resourceOf({ type, name, urn, props, opts, provider }: ResourceValidationArgs): Resource {
  const { additionalSecretOutputs } = opts;
  return {
    type,
    name,
    urn,
    inputs: read(props),
    additionalSecretOutputs,
    ...(provider && { provider: read(provider.props) }),
  };
}
