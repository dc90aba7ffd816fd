import { readFileSync, statSync } from "node:fs";

/** Waits until a condition holds. */
export async function waitFor(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`this did not come about within 20 s: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether a process waits for the lock on a file. */
export function isAwaited(file: string): boolean {
  const { ino } = statSync(file);
  return readFileSync("/proc/locks", "utf8")
    .split("\n")
    .some((line) => line.includes("->") && line.includes(`:${ino} `));
}
