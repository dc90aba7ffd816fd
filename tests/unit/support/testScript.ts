import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";

import { makeDirectory } from "./directory";

const root = join(__dirname, "../../..");

/** What a stand-in for Jest says of one of its projects. */
export interface JestRun {
  /** Jest's report, beside what a good run has in it; a string stands in the report as it is. No report: none is written. */
  report?: object | string;
  code?: number;
}

const good = {
  numPassedTests: 3,
  numFailedTests: 0,
  numRuntimeErrorTestSuites: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  wasInterrupted: false,
  testResults: [] as object[],
};

const ok = "exit 0";
/** A lab is up as long as its state is there. */
const labText = `state=$PWD/state-$LAB
[ "$1" = facts ] && echo "$state" && exit
echo "LAB=$LAB lab $*" >> calls
if [ "$1" = up ]; then mkdir -p "$state"; else rm -r "$state"; fi`;

const tools = { tsc: ok, eslint: ok, prettier: ok };

interface Circumstances {
  jest?: Record<string, JestRun>;
  /** Bash in place of a program, by its path. */
  files?: Record<string, string>;
  /** What LAB is, if anything. */
  lab?: string;
  /** Labs that are up. */
  up?: string[];
}

/** Runs scripts/test.sh in a checkout of its own, where stand-ins take the place of everything that it runs. */
export function runTests(args: string[], { jest = {}, files = {}, lab, up = [] }: Circumstances = {}) {
  const runs = Object.entries(jest).map(([project, { report, code = 0 }]): [string, string] => {
    const text = typeof report === "string" ? report : JSON.stringify({ ...good, ...report });
    const write = report === undefined ? "" : `cat > "$report" <<'END'\n${text}\nEND\n`;
    return [project, `${write}exit ${code}`];
  });
  const jestText = `calls=$PWD/calls
echo "jest $*" >> "$calls"
report=$(sed 's/.*--outputFile \\([^ ]*\\).*/\\1/' <<< "$*")
case "$*" in
${runs.map(([project, text]) => `*"--selectProjects ${project} "*)\n${text} ;;`).join("\n")}
*) cat > "$report" <<'END'
${JSON.stringify(good)}
END
exit 0 ;;
esac`;
  const programs: Record<string, string> = {
    ...Object.fromEntries(Object.entries(tools).map(([name, text]) => [`node_modules/.bin/${name}`, text])),
    "node_modules/.bin/jest": jestText,
    "engine/ensure.sh": ok,
    "engine/test.sh": "echo '  ok    TestEngine (2.50s)'; echo '2 passed, 0 failed, 0 skipped'",
    "lab/lab": labText,
    "lab/test.sh": 'echo "LAB=$LAB lab/test.sh $*" >> calls; echo "ok    a host"; echo "4 passed, 0 failed"',
    "scripts/env.sh": "",
    "scripts/shellcheck.sh": ok,
    ...files,
  };
  const directory = makeDirectory({
    "package-lock.json": "{}",
    "node_modules/.package-lock.json": "{}",
    ...Object.fromEntries(Object.entries(programs).map(([path, text]) => [path, `#!/usr/bin/env bash\n${text}\n`])),
  });
  // The packages are newer, so that none are installed.
  utimesSync(join(directory, "package-lock.json"), 0, 0);
  for (const path of Object.keys(programs)) chmodSync(join(directory, path), 0o755);
  for (const name of ["test.sh", "common.sh", "testReport.mjs"])
    copyFileSync(join(root, "scripts", name), join(directory, "scripts", name));
  for (const name of up) mkdirSync(join(directory, `state-${name}`));
  symlinkSync(process.execPath, join(directory, "node_modules/.bin/node"));
  const run = spawnSync("bash", [join(directory, "scripts/test.sh"), ...args], {
    encoding: "utf8",
    env: { ...process.env, LAB: lab },
  });
  const calls = join(directory, "calls");
  return {
    code: run.status,
    stdout: run.stdout,
    stderr: run.stderr,
    lines: run.stdout.trimEnd().split("\n"),
    /** What was run, without the place of Jest's report. */
    calls: existsSync(calls)
      ? readFileSync(calls, "utf8")
          .replaceAll(/ --json.*/g, "")
          .trimEnd()
          .split("\n")
      : [],
  };
}
