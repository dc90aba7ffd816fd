import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { render, type Action, type Step } from "../../../commands/step";
import { runProgram, type Outcome, type Stubs } from "../../unit/support/bash";
import { makeDirectory } from "../../unit/support/directory";

/** The repository's own directory `host/`. */
export const library = join(__dirname, "../../../host");

export const deployment = "3f0c2b5e-0000-4000-8000-000000000001";

export interface Circumstances {
  /** Stand-ins for programs. */
  stubs?: Stubs;
  /** Files that are on the host already, by absolute path. */
  files?: Record<string, string>;
  /** Default: create. */
  part?: Action;
  /** Bash that is run after the library and before the step: it may replace the library's functions. */
  before?: string;
  /** The directory of an earlier run, so that a step runs again on the same host. */
  root?: string;
  /** Whether waits take no time while their clock goes on. Default: true. */
  noWaiting?: boolean;
}

export interface StepOutcome extends Outcome {
  /** The host's root directory. */
  root: string;
  /** Text of a file on the host; nothing where there is none. */
  read: (path: string) => string | undefined;
  /** Lines of what the step has recorded. */
  record: () => string[];
}

const waitsTakeNoTime = "sleep() { SECONDS=$((SECONDS + 100)); }\n";

/** Runs a step of the library as `host/warren` does on a host, on a host's root directory of its own. */
export async function runStep<Data extends object>(
  { name }: Step<Data>,
  data: Data,
  {
    stubs = {},
    files = {},
    part = "create",
    before = "",
    root = makeDirectory(),
    noWaiting = true,
  }: Circumstances = {},
): Promise<StepOutcome> {
  const path = (file: string): string => join(root, file);
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(path(file)), { recursive: true });
    writeFileSync(path(file), text);
  };
  write("/etc/warren/owner", `${deployment}\norganization/warren/test\n`);
  mkdirSync(path("/run/lock"), { recursive: true });
  for (const [file, text] of Object.entries(files)) write(file, text);
  const copy = path("/usr/local/lib/warren/current");
  cpSync(library, copy, { recursive: true });
  // The last file of the library that is read.
  writeFileSync(join(copy, "lib/zz-test.sh"), `${noWaiting ? waitsTakeNoTime : ""}${before}\n`);
  const outcome = await runProgram(join(copy, "warren"), [part, name, "test"], {
    stubs,
    input: render({ deployment, ...data }),
    env: { WARREN_ROOT: root },
  });
  const read = (file: string): string | undefined =>
    existsSync(path(file)) ? readFileSync(path(file), "utf8") : undefined;
  const record = (): string[] => (read("/var/lib/warren/steps/test") ?? "").split("\n").filter((line) => line !== "");
  return { ...outcome, root, read, record };
}
