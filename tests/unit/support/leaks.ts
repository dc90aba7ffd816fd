import { unsealed } from "./mocks";

/** All text that stands in a value, with the way to it; what stands in a secret's envelope is told apart. */
function* texts(
  value: unknown,
  path: string,
  secret: boolean,
): Generator<{ path: string; text: string; secret: boolean }> {
  const inner = unsealed(value);
  if (inner !== undefined) {
    yield* texts(inner, path, true);
  } else if (typeof value === "string") {
    yield { path, text: value, secret };
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      yield { path, text: key, secret };
      yield* texts(item, `${path}.${key}`, secret);
    }
  }
}

/** A text with everything in it that is base64 read as well. */
function withDecoded(text: string): string {
  const words = text.match(/[A-Za-z0-9+/]{12,}={0,2}/g) ?? [];
  return [text, ...words.map((word) => Buffer.from(word, "base64").toString())].join("\n");
}

/**
 * Where secrets stand, plain or in base64: `open` to everybody who may read a state, `sealed` as Pulumi's secrets. By the
 * secret's own name.
 */
export function whereabouts(
  values: Record<string, unknown>,
  secrets: Record<string, string>,
): { open: string[]; sealed: Record<string, string[]> } {
  const open = new Set<string>();
  const sealed = new Map<string, Set<string>>();
  for (const [name, value] of Object.entries(values)) {
    for (const { path, text, secret } of texts(value, name, false)) {
      const whole = withDecoded(text);
      for (const title of Object.keys(secrets).filter((key) => whole.includes(secrets[key] ?? ""))) {
        if (!secret) open.add(`${title}: ${path}`);
        else sealed.set(title, (sealed.get(title) ?? new Set()).add(path));
      }
    }
  }
  const lists = [...sealed].map(([title, paths]): [string, string[]] => [title, [...paths].sort()]);
  return { open: [...open].sort(), sealed: Object.fromEntries(lists) };
}
