import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { onHost, root } from "./hosts";
import type { TrafficReport } from "./traffic";

/** The changes that have a row in the table of docs/operations.md, in its order. */
export const changes = [
  "Nothing changes",
  "A disc node joins",
  "A RAM node joins",
  "A node is taken out",
  "The root is taken out",
  "A dead host is replaced",
  "Disc becomes RAM, and back",
  "A setting changes",
  "A plugin is enabled",
  "The broker is upgraded",
  "The Erlang cookie is rotated",
  "The administrator's password is rotated",
  "The keepalived password is rotated",
  "The cluster is stopped and started",
  "The cluster is stopped and started by hand",
  "Power loss of all hosts",
  "Power loss, the node that stopped last is lost",
  "A node is cut off (pause_minority)",
  "A node is cut off (autoheal)",
  "A cluster built by hand is adopted",
  "First up, killed at every step",
  "A setting changes, killed at every step",
  "A node joins, killed at every step",
  "A node is taken out, killed at every step",
] as const;

/** A row of the table: what a change did to live traffic. */
export interface Figure {
  change: (typeof changes)[number];
  /** The broker's version, or from which to which. */
  broker: string;
  traffic: Pick<TrafficReport, "confirmed" | "lost" | "longestGapSeconds">;
  /** Nodes whose container was restarted or replaced. */
  restarted: number;
}

const markers = ["<!-- figures: made by the lab's tests -->", "<!-- end of figures -->"] as const;
const header = ["Change", "Broker", "Confirmed", "Lost", "Longest gap", "Nodes restarted"];
/** From this column on they are numbers, which stand on the right. */
const firstNumber = 2;
const page = join(root, "docs/operations.md");

function cells({ change, broker, traffic, restarted }: Figure): string[] {
  const { confirmed, lost, longestGapSeconds } = traffic;
  return [change, broker, `${confirmed}`, `${lost}`, `${longestGapSeconds.toFixed(1)} s`, `${restarted}`];
}

/** By change, in the order of the list, then by broker. */
function compare([a, brokerA = ""]: string[], [b, brokerB = ""]: string[]): number {
  const place = (change?: string): number => changes.findIndex((known) => known === change);
  return place(a) - place(b) || brokerA.localeCompare(brokerB, "en", { numeric: true });
}

/** The rows as a table, as Prettier lays it out. */
function layOut(rows: string[][]): string {
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => (row[column] ?? "").length)));
  const rule = widths.map((width, column) => (column < firstNumber ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  const pad = (row: string[]): string[] =>
    row.map((cell, column) =>
      column < firstNumber ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
  return [pad(header), rule, ...rows.map(pad)].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** The page's text with this row in its table, in place of the one that the same change on the same broker had. */
export function withFigure(text: string, figure: Figure): string {
  const [before = "", after = ""] = text.split(markers[0]);
  const [table = "", rest] = after.split(markers[1]);
  if (rest === undefined) {
    throw new Error(`the page has no place for figures: ${markers.join(" … ")}`);
  }
  const others = table
    .split("\n")
    .filter((row) => row.startsWith("|"))
    .map((row) =>
      row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .slice(2)
    .filter(([change, broker]) => change !== figure.change || broker !== figure.broker);
  const rows = [...others, cells(figure)].sort(compare);
  return `${before}${markers[0]}\n\n${layOut(rows)}\n\n${markers[1]}${rest}`;
}

/**
 * Keeps a run's figures, each in a file of its own; with `WARREN_FIGURES=1` they go into the table of docs/operations.md as
 * well.
 */
export function record(figure: Figure): void {
  const directory = process.env["WARREN_FIGURES_DIR"] ?? join(homedir(), ".cache/warren/figures");
  mkdirSync(directory, { recursive: true });
  const name = `${figure.change} ${figure.broker}`.replace(/[^A-Za-z0-9.]+/g, "-").toLowerCase();
  writeFileSync(join(directory, `${name}.json`), `${JSON.stringify(figure, null, 2)}\n`);
  if (process.env["WARREN_FIGURES"] === "1") {
    writeFileSync(page, withFigure(readFileSync(page, "utf8"), figure));
  }
}

/** Which broker containers there are, and since when they run: by host. */
export type BrokerStarts = ReadonlyMap<string, string>;

export async function brokerStarts(hosts: readonly string[]): Promise<BrokerStarts> {
  const look = "docker inspect -f '{{.Id}} {{.State.StartedAt}}' rabbitmq 2> /dev/null || true";
  return new Map(
    await Promise.all(hosts.map(async (host): Promise<[string, string]> => [host, await onHost(host, look)])),
  );
}

/** How many of the brokers that ran at first have been restarted, or replaced, since. One that is gone is neither. */
export function restarted(before: BrokerStarts, after: BrokerStarts): number {
  return [...before].filter(([host, start]) => start !== "" && !["", start].includes(after.get(host) ?? "")).length;
}
