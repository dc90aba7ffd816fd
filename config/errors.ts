/** Where a value stands: the section, then keys and list positions. */
export type Path = readonly (string | number)[];

export interface Problem {
  path: Path;
  /** The value as it was given, `undefined` where nothing was, or one of `unprinted`. */
  value: unknown;
  /** One sentence that begins with "must". */
  rule: string;
}

/** How a rule reports what it found. */
export type Report = (path: Path, value: unknown, rule: string) => void;

/** Stands for a value that is not printed, because it is not known what it was meant for: its password, perhaps. */
export const unprinted = { unknownKey: Symbol("unknown key"), text: Symbol("text") } as const;

/** A config that breaks rules. The message names all of them. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(
    stack: string,
    readonly problems: readonly Problem[],
  ) {
    // The same fault can be met on more than one way through the schema.
    const lines = [...new Set(problems.map(line))];
    const count = lines.length === 1 ? "1 error" : `${lines.length} errors`;
    super([`Stack "${stack}": ${count} in its configuration. Nothing was touched.`, ...lines].join("\n"));
  }
}

function line({ path, value, rule }: Problem): string {
  return `  ${pathText(path)}: ${valueText(path, value)} - ${rule}`;
}

/** `warren:rabbitmq.nodes[2].host`, `warren:rabbitmq.settings["log.exchange"]`. */
export function pathText([section, ...rest]: Path): string {
  const steps = rest.map((step) => {
    if (typeof step === "number") return `[${step}]`;
    return /^[\w-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  });
  return `warren:${String(section)}${steps.join("")}`;
}

/** Secrets are told by their key, so that one which stands where it should not is not printed either. */
const secretKey = /pass|secret|cookie|token|credential|^certificate$|^authority$/i;

function valueText(path: Path, value: unknown): string {
  if (typeof value === "symbol") return value.description ?? "";
  if (value === undefined) return "not given";
  if (value === null || value === "") return "empty";
  if (path.some((step) => typeof step === "string" && secretKey.test(step))) return "[secret]";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return Object.keys(value).length === 0 ? "an empty section" : "a section";
  return JSON.stringify(value);
}

/** The rule for a key that `known` does not hold; it names the nearest one, or all where none is near. */
export function unknownKeyRule(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return near === undefined ? `must be one of ${known.join(", ")}` : `must be a known key: did you mean ${near}?`;
}

/** The name that a misspelt one was probably meant to be, if one is near enough. */
export function nearest(key: string, known: readonly string[]): string | undefined {
  const distances = known.map((name) => ({ name, distance: editDistance(key.toLowerCase(), name.toLowerCase()) }));
  const best = distances.sort((a, b) => a.distance - b.distance)[0];
  return best && best.distance <= Math.max(2, key.length / 3) ? best.name : undefined;
}

/** Levenshtein's distance: letters to add, drop or change. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(b).entries()) {
      const change = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
