import { steps } from "../../../commands/steps";
import { readPreview, type Preview } from "../../../plan/preview";

type Values = Record<string, unknown>;

/** A step as a digest has it, of a resource in one of Warren's components (or of none). */
export interface RawStep {
  op: string;
  urn: string;
  oldState?: Values;
  newState?: Values;
  diffReasons?: string[];
  replaceReasons?: string[];
}

const types: Record<string, string> = {
  container: "docker:index/container:Container",
  image: "docker:index/remoteImage:RemoteImage",
  password: "random:index/randomPassword:RandomPassword",
  docker: "pulumi:providers:docker",
};

export function urn(component: string, name: string): string {
  const type = types[name.split("-").at(-1) ?? ""] ?? "command:remote:Command";
  return `urn:pulumi:test::warren::warren:index:${component}$${type}::${name}`;
}

const tools: Record<string, string> = {
  RabbitNode: "rabbitmq/",
  RabbitCluster: "rabbitmq/",
  HaproxyPair: "haproxy/",
  KeepalivedVip: "keepalived/",
};

/** The inputs of a resource that runs a step, as `Host.step` makes them; nothing for another resource. */
function command(component: string, name: string): Values {
  if (!urn(component, name).includes("$command:")) return {};
  const plain = name.replace(/\.\d+$/, "");
  const path = (word: string): string => `${tools[component] ?? ""}${word}`;
  const known = steps.map((each) => each.name).filter((each) => each.startsWith(tools[component] ?? ""));
  // `rabbitmq-user-web` is of the step `user`: the word before whom it is for.
  const words = plain.split("-").map((_, index, all) => all.slice(index).join("-"));
  const found =
    words.map(path).find((each) => known.includes(each)) ??
    known.find((each) => plain.includes(`${each.replace(tools[component] ?? "", "")}-`)) ??
    path(words.at(-1) ?? "");
  return { create: `/usr/local/lib/warren/current/warren create ${found} ${name}` };
}

interface Given {
  old?: Values;
  new?: Values;
  /** URNs. */
  needs?: string[];
  differing?: string[];
  replacedFor?: string[];
  provider?: string;
}

/** A resource of a component: `step("replace", "RabbitNode", "rabbitmq1-container", …)`. */
export function step(op: string, component: string, name: string, given: Given = {}): RawStep {
  const inputs = command(component, name);
  return raw(op, urn(component, name), {
    ...given,
    old: { ...inputs, ...given.old },
    new: { ...inputs, ...given.new },
  });
}

/** A component itself. */
export function group(op: string, type: string, name: string, given: Given = {}): RawStep {
  return raw(op, `urn:pulumi:test::warren::warren:index:${type}::${name}`, given);
}

export function raw(op: string, of: string, given: Given = {}): RawStep {
  const { needs = [], differing, replacedFor, provider } = given;
  const state = (inputs: Values | undefined) => ({ inputs: inputs ?? {}, dependencies: needs, provider });
  return {
    op,
    urn: of,
    ...(op !== "create" && { oldState: state(given.old) }),
    ...(op !== "delete" && { newState: state(given.new) }),
    ...(differing && { diffReasons: differing }),
    ...(replacedFor && { replaceReasons: replacedFor }),
  };
}

export const members = (...kinds: ("disc" | "ram")[]) =>
  kinds.map((type, index) => ({ name: `rabbitmq${index + 1}`, host: `host${index + 1}`, type }));

/** The stack's own step, with the outputs of its last update. */
export function stack(outputs: Values): RawStep {
  return { op: "same", urn: "urn:pulumi:test::warren::pulumi:pulumi:Stack::warren-test", oldState: { outputs } };
}

/** A preview of these steps, read as the engine writes it. */
export function preview(steps: RawStep[], events: Values[] = [], diagnostics: Values[] = []): Preview {
  const log = events.map((event) => JSON.stringify(event)).join("\n");
  return readPreview("test", JSON.stringify({ steps, diagnostics }), log);
}

/** A policy's word, as the event log has it. */
export function violation(policyName: string, enforcementLevel: string, message: string, name = "rabbitmq"): Values {
  const resourceUrn = `urn:pulumi:test::warren::warren:index:RabbitCluster::${name}`;
  return { policyEvent: { resourceUrn, message: `What it asks.\n${message}\n`, policyName, enforcementLevel } };
}
