import { unknown, type Report } from "./judge";

/** A table with its columns aligned. */
function table(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** The report, to be read by people. */
export function shown({ stack, virtualIps, balancers, nodes, notes, faults }: Report): string {
  const names = nodes.map(({ name }) => name);
  const tables = [
    [
      ["VIRTUAL IP", "HELD BY", "PREFERRED"],
      ...virtualIps.map(({ address, heldBy, preferred }) => [address, heldBy.join(", ") || "nobody", preferred]),
    ],
    [
      ["BALANCER", "STATE", "KEEPALIVED", ...names],
      ...balancers.map(({ host, state, keepalived, sees }) => [
        host,
        state,
        keepalived,
        ...names.map((name) => sees[name] ?? unknown),
      ]),
    ],
    [
      ["NODE", "HOST", "STATE", "TYPE", "VERSION", "ALARMS", "PARTITIONED"],
      ...nodes.map(({ name, host, state, type, version, alarms, partitioned }) => [
        name,
        host,
        state,
        type,
        version,
        alarms === 0 ? "none" : String(alarms),
        partitioned ? "yes" : "no",
      ]),
    ],
  ].filter((rows) => rows.length > 1);
  const verdict =
    faults.length === 0
      ? [`${stack}: all is well.`]
      : [
          `${stack}: ${faults.length === 1 ? "1 fault" : `${faults.length} faults`}`,
          ...faults.map((fault) => `  ${fault}`),
        ];
  const blocks = [...tables.map(table), notes, verdict].filter((lines) => lines.length > 0);
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}
