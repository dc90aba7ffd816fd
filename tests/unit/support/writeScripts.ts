import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { scriptInput } from "../../../commands/shell";
import { scripts } from "./scripts";

/* Writes every script to a file of the directory named by the argument, for scripts/shellcheck.sh. */

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error("usage: writeScripts.ts DIRECTORY");

for (const [name, script] of Object.entries(scripts)) {
  writeFileSync(join(directory, `${name.replace(/[^\w]+/g, "-")}.bash`), scriptInput({ create: script }));
}
