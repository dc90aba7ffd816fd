import { readFileSync, readdirSync } from "node:fs";

/** The children of a process, their children, and so on. */
function descendants(pid: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name): [number, number] => {
      try {
        // The command's name, in parentheses, may hold anything.
        const [, parent] = readFileSync(`/proc/${name}/stat`, "utf8")
          .replace(/^.*\) /s, "")
          .split(" ");
        return [Number(name), Number(parent)];
      } catch {
        return [Number(name), 0]; // ended in the meantime
      }
    });
  const of = (parent: number): number[] =>
    parents.filter(([, p]) => p === parent).flatMap(([child]) => [child, ...of(child)]);
  return of(pid);
}

/** Ends a run as a power cut does: the CLI, its language host and its plugins, none of which gets to do anything more. */
export function kill(pid: number): void {
  for (const each of [pid, ...descendants(pid)]) {
    try {
      process.kill(each, "SIGKILL");
    } catch {
      // ended in the meantime
    }
  }
}
