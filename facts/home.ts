import { mkdirSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

/**
 * The operator's home directory, in which ssh keeps its open connections: in `.ssh`, where nobody else may come near them. It is
 * the one that ssh means by `~`, whatever the environment variable HOME says.
 */
export function operatorHome(): string {
  const home = userInfo().homedir;
  mkdirSync(join(home, ".ssh"), { recursive: true, mode: 0o700 });
  return home;
}
