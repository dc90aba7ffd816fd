import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";

import { makeDirectory } from "./support/directory";

/* scripts/test.sh in a checkout of its own, where stand-ins take the place of everything that it runs. */

const root = join(__dirname, "../..");

/** What a stand-in for Jest says of one of its projects. */
interface JestRun {
  /** Jest's report, beside what a good run has in it; a string stands in the report as it is. No report: none is written. */
  report?: object | string;
  code?: number;
}

const seconds = (duration: number) => duration * 1000;
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
const tools = { tsc: ok, eslint: ok, prettier: ok };

interface Circumstances {
  jest?: Record<string, JestRun>;
  /** Bash in place of a program, by its path. */
  files?: Record<string, string>;
}

function runTests(args: string[], { jest = {}, files = {} }: Circumstances = {}) {
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
    "lab/lab": 'echo "lab $*" >> calls',
    "lab/test.sh": 'echo "lab/test.sh $*" >> calls; echo "ok    a host"; echo "4 passed, 0 failed"',
    "scripts/env.sh": "",
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
  symlinkSync(process.execPath, join(directory, "node_modules/.bin/node"));
  const run = spawnSync("bash", [join(directory, "scripts/test.sh"), ...args], { encoding: "utf8" });
  const calls = join(directory, "calls");
  return {
    code: run.status,
    stdout: run.stdout,
    stderr: run.stderr,
    lines: run.stdout.trimEnd().split("\n"),
    calls: existsSync(calls) ? readFileSync(calls, "utf8").trimEnd().split("\n") : [],
  };
}

/** The one line with the count, which has to be the last one, and the only one. */
function count({ lines, stdout }: ReturnType<typeof runTests>): string | undefined {
  expect(stdout.match(/^\d+ passed, \d+ failed.*$/gm)).toHaveLength(1);
  expect(stdout.endsWith("\n")).toBe(true);
  return lines.at(-1);
}

describe("a tier", () => {
  test("npm test: static, unit, engine, and the lab's daily scenarios", () => {
    const run = runTests([]);
    // Five checks, Jest's three twice, the engine's two, and two for what tests on hosts need.
    expect([count(run), run.code, run.stderr]).toEqual([
      "15 passed, 0 failed",
      0,
      expect.not.stringContaining("failed"),
    ]);
    expect(run.calls.map((call) => call.replace(/ --json.*/, ""))).toEqual([
      "jest --selectProjects unit --maxWorkers=100%",
      "lab up --all",
      "jest --selectProjects lab --testPathPatterns /tests/lab/daily/ --runInBand --verbose",
    ]);
  });

  test("npm run test:full: every scenario as well, and the lab's own tests", () => {
    const run = runTests(["--full"]);
    expect([count(run), run.code]).toEqual(["22 passed, 0 failed", 0]);
    expect(run.calls.map((call) => call.replace(/ --json.*/, ""))).toEqual([
      "jest --selectProjects unit --maxWorkers=100%",
      "lab up --all",
      "jest --selectProjects lab --runInBand --verbose",
      "jest --selectProjects chaos --runInBand --verbose",
      "lab/test.sh --full",
    ]);
  });

  test.each([
    [["unit"], ["jest --selectProjects unit --maxWorkers=100%"]],
    [["--full", "selftest"], ["lab/test.sh --full"]],
  ])("the named parts alone: %s", (args, calls) => {
    expect(runTests(args).calls.map((call) => call.replace(/ --json.*/, ""))).toEqual(calls);
  });

  test.each([
    [["unit", "units"], "no such part: units (see npm test -- --help)\n"],
    [["--full", "units"], "no such part: units (see npm run test:full -- --help)\n"],
    [["chaos"], "chaos is only in the full tier: npm run test:full -- chaos\n"],
  ])("a part that it does not have is refused before anything is run: %s", (args, said) => {
    expect(runTests(args)).toMatchObject({ code: 2, stdout: "", stderr: said, calls: [] });
  });

  test.each([[["--help"]], [["--full", "--help"]]])("%s says what is in each tier, and runs nothing", (args) => {
    const { code, stdout, calls } = runTests(args);
    expect([code, calls]).toEqual([0, []]);
    for (const part of ["static", "unit", "engine", "lab", "chaos", "selftest"])
      expect(stdout).toMatch(new RegExp(`^${part}  `, "m"));
  });
});

/** A test of Jest's report, so many seconds long. */
const entry = (fullName: string, duration: number) => ({ fullName, duration: seconds(duration) });
const file = (name: string, from: number, to: number, assertionResults: object[]) => ({
  name: `/x/${name}`,
  startTime: seconds(from),
  endTime: seconds(to),
  assertionResults,
});

test("the slowest twenty tests are printed, with what their files took besides", () => {
  const many = Array.from({ length: 30 }, (_, index) => entry(`test ${index + 1}`, index + 1));
  const testResults = [file("a.test.ts", 100, 600, many), file("b.test.ts", 0, 2, [entry("short", 0.1)])];
  const { lines } = runTests(["unit"], { jest: { unit: { report: { testResults } } } });
  const start = lines.indexOf("The slowest tests:") + 1;
  const slowest = lines.slice(start, lines.indexOf("", start));
  expect(slowest).toHaveLength(20);
  expect(slowest.slice(0, 2).map((line) => line.replaceAll(/\S*a\.test\.ts/g, "a.test.ts"))).toEqual([
    "    35.0 s  a.test.ts: before and between its tests",
    "    30.0 s  a.test.ts: test 30",
  ]);
});

test("the engine's own tests are among the slowest", () => {
  expect(runTests(["engine"]).stdout).toContain("     2.5 s  engine: TestEngine\n");
});

describe.each([
  ["daily", ["lab"]],
  ["full", ["--full", "lab"]],
])("a bad end makes the exit status 1, in the %s tier", (_tier, args) => {
  const bad: [string, JestRun, string][] = [
    ["a scenario fails", { report: { numFailedTests: 1 }, code: 1 }, "5 passed, 1 failed"],
    ["a scenario fails, and Jest ends well", { report: { numFailedTests: 1 } }, "5 passed, 1 failed"],
    ["a file cannot be run", { report: { numRuntimeErrorTestSuites: 1 }, code: 1 }, "5 passed, 1 failed"],
    ["Jest crashes without a report", { code: 134 }, "2 passed, 1 failed"],
    ["Jest ends well without a report", {}, "2 passed, 1 failed"],
    ["the report is cut off", { report: '{"numPassedTests": 3,' }, "2 passed, 1 failed"],
    ["Jest crashes after its report", { report: {}, code: 139 }, "5 passed, 1 failed"],
    ["no test is run", { report: { numPassedTests: 0 } }, "2 passed, 1 failed"],
    ["tests are skipped", { report: { numPendingTests: 2 } }, "5 passed, 1 failed"],
    ["the run is interrupted", { report: { wasInterrupted: true } }, "5 passed, 1 failed"],
  ];

  test.each(bad)("%s", (_what, lab, last) => {
    const run = runTests(args, { jest: { lab } });
    expect([count(run), run.code]).toEqual([last, 1]);
    expect(run.stderr).toMatch(/^failed: jest: lab/m);
  });

  test.each([
    ["engine/ensure.sh", "the engine is there", "1 passed, 2 failed"],
    ["lab/lab", "the lab comes up", "1 passed, 2 failed"],
  ])("%s fails: no scenario is begun", (path, name, last) => {
    const run = runTests(args, { files: { [path]: "exit 1" } });
    expect([count(run), run.code]).toEqual([last, 1]);
    expect(run.stderr).toContain(`failed: ${name}\nfailed: lab: not begun\n`);
    expect(run.calls.join()).not.toContain("jest");
  });

  test("the engine's environment fails: no scenario is begun", () => {
    const run = runTests(args, { files: { "scripts/env.sh": "return 3" } });
    expect([count(run), run.code]).toEqual(["2 passed, 2 failed", 1]);
    expect(run.stderr).toContain("failed: scripts/env.sh\nfailed: lab: not begun\n");
  });

  test("the run itself ends early", () => {
    const run = runTests(args, { files: { "scripts/env.sh": "exit 0" } });
    expect([count(run), run.code]).toEqual(["2 passed, 1 failed", 1]);
    expect(run.stderr).toMatch(/failed: npm .* ended before its last test\n/);
  });
});

describe("a part beside Jest makes the exit status 1", () => {
  test.each([
    ["a test fails", "echo '2 passed, 1 failed, 0 skipped'; exit 1", "2 passed, 1 failed"],
    ["a test fails, and it ends well", "echo '2 passed, 1 failed, 0 skipped'", "2 passed, 1 failed"],
    ["it ends badly after its count", "echo '2 passed, 0 failed, 0 skipped'; exit 1", "2 passed, 1 failed"],
    ["it has no count", "echo hello", "0 passed, 1 failed"],
    ["it runs no test", "echo '0 passed, 0 failed, 3 skipped'", "0 passed, 1 failed"],
  ])("engine: %s", (_what, text, last) => {
    const run = runTests(["engine"], { files: { "engine/test.sh": text } });
    expect([count(run), run.code]).toEqual([last, 1]);
    expect(run.stderr).toContain("failed: engine");
  });

  test("static: a check fails, and the others are run all the same", () => {
    const run = runTests(["static"], { files: { "node_modules/.bin/eslint": "exit 2" } });
    expect([count(run), run.code]).toEqual(["4 passed, 1 failed", 1]);
  });
});

describe("every scenario on hosts", () => {
  const folders = ["tests/lab/daily", "tests/lab/full", "tests/chaos"];

  test("is in one of the tiers' folders", () => {
    const found = folders.flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".test.ts"))
        .map((name) => `${folder}/${name}`),
    );
    const all = ["lab", "chaos"].flatMap((folder) =>
      readdirSync(join(root, "tests", folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".test.ts"))
        .map((name) => `tests/${folder}/${name}`),
    );
    expect(found.sort()).toEqual(all.sort());
  });

  test("is listed with its tier", () => {
    const list = execFileSync(process.execPath, [join(root, "scripts/scenarios.mjs")], { encoding: "utf8" });
    for (const folder of folders) {
      const tier = folder.endsWith("daily") ? "daily" : "full";
      for (const name of readdirSync(join(root, folder)).filter((name) => name.endsWith(".test.ts"))) {
        const own = list.split(`\n${tier}  ${folder}/${name}\n`)[1]?.split("\n\n")[0] ?? "";
        const text = readFileSync(join(root, folder, name), "utf8");
        const calls = text.match(/^ *test(?:\.each\(|\()/gm) ?? [];
        expect({ name, listed: own.match(/^ {2}- /gm)?.length }).toEqual({ name, listed: calls.length });
      }
    }
  });
});
