/**
 * The calls of a script, with each question to the broker about its queues (`rabbitmqctl eval`, a page of Erlang) as one
 * line: `queues WHICH NODE`, and the other nodes where the question is about them; and that to start their members that do not
 * run as `recover members`.
 */
export function brief(calls: readonly string[]): string[] {
  const question =
    /^docker exec -u rabbitmq \S+ rabbitmqctl -q eval N = '([^']+)', R = \[(.*)\], [\s\S]*?, Tell\((\w+)\), ok\.$/gm;
  const recovery = /^docker exec -u rabbitmq \S+ rabbitmqctl -q eval Here = [\s\S]*?, ok\.$/gm;
  return calls
    .join("\n")
    .replace(recovery, "recover members")
    .replace(question, (_, node: string, others: string, which: string) =>
      `queues ${which} ${node} ${others.replaceAll("'", "")}`.trim(),
    )
    .split("\n")
    .filter((call) => call !== "");
}
