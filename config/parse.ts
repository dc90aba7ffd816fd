import type { z } from "zod";
import { ConfigError, unknownKeyRule, unprinted, type Path, type Problem, type Report } from "./errors";
import type { Places } from "./files";
import { resolveHaproxy } from "./rules/haproxy";
import { resolveHosts } from "./rules/hosts";
import { checkPlacement, type Readable } from "./rules/placement";
import { resolveRabbitmq } from "./rules/rabbitmq";
import { checkRotations } from "./rules/rotation";
import { resolveTls } from "./rules/tls";
import { resolveVip } from "./rules/vip";
import { sections } from "./schema";
import type { StackConfig } from "./types";

export interface ParseOptions extends Places {
  /** The stack's name, for the error. */
  stack: string;
}

/**
 * A stack's config, checked whole: first each section by its schema, then what depends on more than one value, as far as
 * the sections it concerns could be read. Reads the files that the config names, and nothing else.
 *
 * @param raw the values of the `warren:` keys, by key
 * @throws ConfigError with every problem
 */
export function parseConfig(raw: Readonly<Record<string, unknown>>, options: ParseOptions): StackConfig {
  const problems: Problem[] = [];
  const report: Report = (path, value, rule) => problems.push({ path, value, rule });
  for (const key of Object.keys(raw).filter((name) => !Object.hasOwn(sections, name))) {
    report([key], unprinted.unknownKey, unknownKeyRule(key, Object.keys(sections)));
  }

  const faulty: Path[] = [];
  const read = readSections(raw, (path, value, rule) => {
    faulty.push(path);
    report(path, value, rule);
  });
  const fromHere = problems.length;
  const { ssh, prepare } = read;
  const hosts = read.hosts && ssh && resolveHosts(read.hosts, ssh, options, report);
  const rabbitmq = read.rabbitmq && resolveRabbitmq(read.rabbitmq, read.tls, report);
  const made = raw["tls"] !== undefined && read.tls?.certificates === undefined;
  const haproxy = read.haproxy && resolveHaproxy(read.haproxy, made, options, report);
  const tls = read.tls && resolveTls(read.tls, read.rabbitmq, options, report);
  const vip = read.vip && resolveVip(read.vip, read.haproxy?.hosts, report);
  checkPlacement(read, report);
  checkRotations(read, report);

  // What a rule finds where a value was left out for its own fault is no fault of its own.
  problems.push(...problems.splice(fromHere).filter((problem) => !faulty.some((at) => comesOf(problem, at))));

  if (problems.length > 0 || !hosts || !prepare || !rabbitmq || !haproxy) {
    throw new ConfigError(options.stack, inOrder(problems));
  }
  const { firewall } = read;
  return { hosts, prepare, rabbitmq, haproxy, ...(vip && { vip }), ...(firewall && { firewall }), ...(tls && { tls }) };
}

/** Sections whose absence means that there is none of it. */
const optional: ReadonlySet<string> = new Set(["vip", "firewall", "tls"]);

/**
 * The sections, as far as they keep their schema; what does not is reported. A section with faults is read without them, so that
 * the rules between values are checked in the same run.
 */
function readSections(raw: Readonly<Record<string, unknown>>, report: Report): Readable {
  const readable: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(sections)) {
    if (optional.has(name) && raw[name] === undefined) continue;
    const result = schema.safeParse(raw[name]);
    if (result.success) {
      readable[name] = result.data;
      continue;
    }
    for (const issue of result.error.issues) reportIssue(name, raw[name], issue, report);
    const rest = schema.safeParse(without(raw[name], result.error.issues));
    if (rest.success) readable[name] = rest.data;
  }
  return readable;
}

/** A section's value without what is at fault. */
function without(section: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy = structuredClone(section);
  for (const { path, ...issue } of issues) {
    const steps = path.map((step) => (typeof step === "number" ? step : String(step)));
    const paths = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...steps, key]) : [steps];
    for (const at of paths) {
      const holder = valueAt(copy, at.slice(0, -1));
      const last = at.at(-1);
      // An entry of a list stays: the places of those behind it stand in other errors.
      if (typeof holder === "object" && holder !== null && typeof last === "string") {
        Reflect.deleteProperty(holder, last);
      }
    }
  }
  return copy;
}

/** Whether a problem is there only because the value at a path was left out: it is about that value, or misses one next to it. */
function comesOf({ path, value }: Problem, at: Path): boolean {
  const outer = value === undefined ? at.slice(0, -1) : at;
  return outer.every((step, index) => path[index] === step);
}

function reportIssue(section: string, value: unknown, issue: z.core.$ZodIssue, report: Report): void {
  const steps = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
  const path: Path = [section, ...steps];
  if (issue.code === "unrecognized_keys") {
    // The section has written one rule for each key (schema/fields.ts).
    const rules = issue.message.split("\n");
    for (const [index, key] of issue.keys.entries()) report([...path, key], unprinted.unknownKey, rules[index] ?? "");
  } else if (issue.code === "invalid_key") {
    // The name of an entry is at fault, not what stands under it.
    report(path, steps.at(-1), issue.issues[0]?.message ?? issue.message);
  } else {
    const found = valueAt(value, steps);
    // Text where a section or a list belongs may hold anything that should stand inside it.
    const misplaced = issue.code === "invalid_type" && typeof found === "string" && !scalars.has(issue.expected);
    report(path, misplaced ? unprinted.text : found, issue.message);
  }
}

const scalars: ReadonlySet<string> = new Set(["string", "number", "int", "boolean"]);

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, step) =>
      typeof inner === "object" && inner !== null ? (inner as Record<string | number, unknown>)[step] : undefined,
    value,
  );
}

/** By section: unknown ones, then in the schema's order; within a section as found. */
function inOrder(problems: readonly Problem[]): Problem[] {
  const order = Object.keys(sections);
  const rank = ({ path }: Problem) => order.indexOf(String(path[0]));
  return [...problems].sort((a, b) => rank(a) - rank(b));
}
