import { runProgram, type Outcome, type Stubs } from "../../unit/support/bash";
import { makeDirectory } from "../../unit/support/directory";
import { library } from "./step";

/** Runs bash with the library's functions, as a step has them; waits take no time while their clock goes on. */
export function runLibrary(
  text: string,
  { stubs = {}, root = makeDirectory() }: { stubs?: Stubs; root?: string } = {},
): Promise<Outcome> {
  const input = `set -euo pipefail
library=${library}
for file in "$library"/lib/*.sh; do . "$file"; done
sleep() { SECONDS=$((SECONDS + 100)); }
${text}
`;
  return runProgram("bash", ["-s"], { stubs, input, env: { WARREN_ROOT: root } });
}
