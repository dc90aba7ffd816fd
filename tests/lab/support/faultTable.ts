import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "./hosts";

/** What came of one fault, time after time. */
export interface FaultFigures {
  fault: string;
  /** The longest time without a confirm, of each round, in seconds. */
  gaps: number[];
  /** Confirmed messages that never came out again, of all rounds. */
  lost: number;
  /** The longest time for which two hosts held the virtual IP, in seconds. */
  doubleHeld: number;
}

const markers = ["<!-- faults: made by the lab's tests -->", "<!-- end of faults -->"] as const;
const header = ["Fault", "Rounds", "Median gap", "Worst gap", "Lost", "Held twice"];

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[middle - (sorted.length % 2 === 0 ? 1 : 0)], sorted[middle]];
  return (low + high) / 2;
}

const seconds = (value: number): string => `${value.toFixed(1)} s`;

function cells({ fault, gaps, lost, doubleHeld }: FaultFigures): string[] {
  const worst = Math.max(...gaps);
  return [fault, `${gaps.length}`, seconds(median(gaps)), seconds(worst), `${lost}`, seconds(doubleHeld)];
}

/** The page's text with these figures as its table, as Prettier lays it out. */
export function withFaults(text: string, figures: readonly FaultFigures[]): string {
  const [before = "", after = ""] = text.split(markers[0]);
  const [, rest] = after.split(markers[1]);
  if (rest === undefined) throw new Error(`the page has no place for figures: ${markers.join(" … ")}`);
  const rows = [header, ...figures.map(cells)];
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (row: string[]): string[] =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)));
  const rule = widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  const [first = [], ...others] = rows.map(pad);
  const lines = [first, rule, ...others].map((row) => `| ${row.join(" | ")} |`);
  return `${before}${markers[0]}\n\n${lines.join("\n")}\n\n${markers[1]}${rest}`;
}

/** With `WARREN_FIGURES=1` the figures go into docs/watching.md. */
export function recordFaults(figures: readonly FaultFigures[]): void {
  console.log(figures.map((figure) => cells(figure).join("  ")).join("\n"));
  if (process.env["WARREN_FIGURES"] !== "1") return;
  const page = join(root, "docs/watching.md");
  writeFileSync(page, withFaults(readFileSync(page, "utf8"), figures));
}
