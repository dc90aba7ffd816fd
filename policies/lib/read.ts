import { UnknownValueError } from "@pulumi/policy";

export class Unknown {
  // Makes it a type of its own: without a member, every object would pass for one.
  declare protected readonly kind: "unknown";
}

/** Stands for a value that a preview cannot know yet. */
export const unknown = new Unknown();

export type Value = string | number | boolean | null | Unknown | Value[] | Inputs;

/** What a resource was given, as plain data. */
export interface Inputs {
  readonly [key: string]: Value | undefined;
}

/**
 * A plain copy of a resource's properties. The SDK's own object throws where a value is unknown, and the SDK then says in a
 * warning that the policy could not run: with one value of many unknown, the others would go unjudged.
 */
export function read(props: object): Inputs {
  return Object.fromEntries(Object.keys(props).map((key) => [key, valueOf(props, key)]));
}

function valueOf(holder: object, key: string): Value {
  let value: unknown;
  try {
    value = (holder as Record<string, unknown>)[key];
  } catch (error) {
    if (error instanceof UnknownValueError) return unknown;
    throw error;
  }
  if (Array.isArray(value)) return Object.keys(value).map((index) => valueOf(value, index));
  if (typeof value === "object" && value !== null) return read(value);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}

// Each of these gives nothing where the value is absent, unknown or of another kind: a policy then has nothing to say.

export function text(value: Value | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function number(value: Value | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

export function section(value: Value | undefined): Inputs | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Unknown) return undefined;
  return value;
}

export function list(value: Value | undefined): Value[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** A list's sections; the unknown ones are left out. */
export function sections(value: Value | undefined): Inputs[] {
  return (list(value) ?? []).map(section).filter((item) => item !== undefined);
}

/** A list's texts; the unknown ones are left out. */
export function texts(value: Value | undefined): string[] {
  return (list(value) ?? []).flatMap((item) => text(item) ?? []);
}

/** A list of numbers, all of them known. */
export function numbers(value: Value | undefined): number[] | undefined {
  const items = list(value)?.map(number);
  return items?.every((item) => item !== undefined) === true ? items : undefined;
}

/** Whether nothing was given, which a value that is only unknown yet does not mean. */
export function isAbsent(value: Value | undefined): value is undefined | null {
  return value === undefined || value === null;
}

/** Every text in a value, however deep. */
export function textsWithin(value: Value | undefined): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsWithin);
}
