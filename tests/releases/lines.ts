import { diff } from "node:util";

const shownLines = 40;

/** The lines by which two values differ, without those that they share. */
export function lineDifference(before: unknown, after: unknown): string {
  const differing = diff(lines(before), lines(after)).flatMap(([side, line]) =>
    side === 0 ? [] : [`    ${side > 0 ? "-" : "+"} ${line}\n`],
  );
  const more = differing.length - shownLines;
  return [...differing.slice(0, shownLines), more > 0 ? `    … and ${more} lines more\n` : ""].join("");
}

function lines(value: unknown): string[] {
  const text = typeof value === "string" ? value : (JSON.stringify(value, null, 1) as string | undefined);
  // Scripts within a larger value are shown by their own lines.
  return (text ?? "(absent)").replaceAll("\\n", "\n").split("\n");
}
