/**
 * The calls of a script, with each page of Erlang for the broker as one line:
 *
 * - `queues WHICH NODE`: what it asks about its queues, or has done to them; with the other nodes, and with the hashes of the
 *   queues' names, where it is about some alone
 * - `coordinator WHAT`: what is done in the coordinator of streams
 * - `recover members`: those of quorum queues that do not run are started
 */
export function brief(calls: readonly string[]): string[] {
  const evaluation = (file: string) => new RegExp(`^docker exec -u rabbitmq \\S+ rabbitmqctl -q eval ${file}$`, "gm");
  const queues = evaluation(
    String.raw`N = '([^']+)', R = \[(.*)\], H = (\S+),\s+Kind = [\s\S]*?, (?:List|Do)\((\w+).*\), ok\.`,
  );
  const coordinator = evaluation(String.raw`N = '[^']+',\s+Coordinator = [\s\S]*?, (\w+)\(\)\.`);
  const recovery = evaluation(String.raw`Here = [\s\S]*?,\s+ok\.`);
  return calls
    .join("\n")
    .replace(recovery, "recover members")
    .replace(coordinator, "coordinator $1")
    .replace(queues, (_, node: string, others: string, hashes: string, which: string) =>
      ["queues", which, node, others.replaceAll("'", ""), hashes === "all" ? "" : hashes]
        .filter((word) => word !== "")
        .join(" "),
    )
    .split("\n")
    .filter((call) => call !== "");
}
