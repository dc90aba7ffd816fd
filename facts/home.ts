import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The operator's home directory, in which ssh keeps its open connections: in `.ssh`, where nobody else may come near them. */
export function operatorHome(): string {
  const home = homedir();
  mkdirSync(join(home, ".ssh"), { recursive: true, mode: 0o700 });
  return home;
}
