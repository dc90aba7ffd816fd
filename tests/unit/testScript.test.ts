import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import jestConfig from "../../jest.config";
import { runTests, type JestRun } from "./support/testScript";

/* npm test and npm run test:full: what is in each, and how they end. */

/** The one line with the count, which has to be the last one, and the only one. */
function count({ lines, stdout }: ReturnType<typeof runTests>): string | undefined {
  expect(stdout.match(/^\d+ passed, \d+ failed.*$/gm)).toHaveLength(1);
  expect(stdout.endsWith("\n")).toBe(true);
  return lines.at(-1);
}

describe("a tier", () => {
  test("npm test: static, unit, engine, and the daily scenarios, side by side in two labs", () => {
    const run = runTests([]);
    // Five checks, Jest's three for each of three projects, the engine's two, and three for what scenarios need.
    expect([count(run), run.code]).toEqual(["19 passed, 0 failed", 0]);
    expect(run.stderr).not.toContain("failed");
    expect(run.calls).toEqual([
      "jest --selectProjects unit --maxWorkers=100%",
      "jest --selectProjects engine",
      "LAB=test1 lab up",
      "LAB=test2 lab up",
      "jest --selectProjects lab --testPathPatterns /tests/lab/daily/ --maxWorkers=2 --verbose",
      "LAB=test1 lab down",
      "LAB=test2 lab down",
    ]);
  });

  test("npm run test:full: every scenario, one after the other, and the lab's own tests", () => {
    const run = runTests(["--full"]);
    expect([count(run), run.code]).toEqual(["26 passed, 0 failed", 0]);
    expect(run.calls).toEqual([
      "jest --selectProjects unit --maxWorkers=100%",
      "jest --selectProjects engine",
      "LAB=test1 lab up --all",
      "jest --selectProjects lab --maxWorkers=1 --verbose",
      "jest --selectProjects chaos --maxWorkers=1 --verbose",
      "LAB=test1 lab up",
      "LAB=test1 lab/test.sh --full",
      "LAB=test1 lab down",
    ]);
  });

  test.each([
    [["unit"], ["jest --selectProjects unit --maxWorkers=100%"]],
    [
      ["--full", "selftest"],
      ["LAB=test1 lab up", "LAB=test1 lab/test.sh --full", "LAB=test1 lab down"],
    ],
  ])("the named parts alone: %s", (args, calls) => {
    expect(runTests(args).calls).toEqual(calls);
  });

  test("a lab that was up before stays up", () => {
    expect(runTests(["lab"], { up: ["test2"] }).calls).toEqual([
      "LAB=test1 lab up",
      "LAB=test2 lab up",
      "jest --selectProjects lab --testPathPatterns /tests/lab/daily/ --maxWorkers=2 --verbose",
      "LAB=test1 lab down",
    ]);
  });

  test.each(["mine", ""])("LAB=%s: every scenario is run there", (lab) => {
    expect(runTests(["lab"], { lab, up: [lab] }).calls).toEqual([
      `LAB=${lab} lab up`,
      "jest --selectProjects lab --testPathPatterns /tests/lab/daily/ --maxWorkers=1 --verbose",
    ]);
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

const seconds = (duration: number) => duration * 1000;
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
  ["npm test", ["lab"], 3],
  ["npm run test:full", ["--full", "lab"], 2],
])("a bad end makes the exit status of %s 1", (command, args, ready) => {
  /** The last line, with the tests that passed beside what scenarios need. */
  const ended = (passed: number, failed: number) => `${ready + passed} passed, ${failed} failed`;

  const bad: [string, JestRun, number][] = [
    ["a scenario fails", { report: { numFailedTests: 1 }, code: 1 }, 3],
    ["a scenario fails, and Jest ends well", { report: { numFailedTests: 1 } }, 3],
    ["a file cannot be run", { report: { numRuntimeErrorTestSuites: 1 }, code: 1 }, 3],
    ["Jest crashes without a report", { code: 134 }, 0],
    ["Jest ends well without a report", {}, 0],
    ["the report is cut off", { report: '{"numPassedTests": 3,' }, 0],
    ["Jest crashes after its report", { report: {}, code: 139 }, 3],
    ["no test is run", { report: { numPassedTests: 0 } }, 0],
    ["tests are skipped", { report: { numPendingTests: 2 } }, 3],
    ["the run is interrupted", { report: { wasInterrupted: true } }, 3],
  ];

  test.each(bad)("%s", (_what, lab, passed) => {
    const run = runTests(args, { jest: { lab } });
    expect([count(run), run.code]).toEqual([ended(passed, 1), 1]);
    expect(run.calls.at(-1)).toMatch(/^LAB=test\d lab down$/);
    expect(run.stderr).toMatch(/^failed: jest: lab/m);
  });

  test("the engine cannot be had: no scenario is begun", () => {
    const run = runTests(args, { files: { "engine/ensure.sh": "exit 1" } });
    expect([count(run), run.code]).toEqual(["0 passed, 2 failed", 1]);
    expect(run.stderr).toContain("failed: the engine is there\nfailed: lab: not begun\n");
    expect(run.calls.join()).not.toContain("jest");
  });

  test("a lab does not come up: no scenario is begun", () => {
    const run = runTests(args, { files: { "lab/lab": '[ "$LAB $1" != "test1 up" ]' } });
    expect([count(run), run.code]).toEqual([`${ready - 1} passed, 2 failed`, 1]);
    expect(run.stderr).toContain("failed: lab test1 comes up\nfailed: lab: not begun\n");
    expect(run.calls.join()).not.toContain("jest");
  });

  test("the engine's environment cannot be had: no scenario is begun", () => {
    const run = runTests(args, { files: { "scripts/env.sh": "return 3" } });
    expect([count(run), run.code]).toEqual([ended(0, 2), 1]);
    expect(run.stderr).toContain("failed: scripts/env.sh\nfailed: lab: not begun\n");
  });

  test("the run itself ends early", () => {
    const run = runTests(args, { files: { "scripts/env.sh": "exit 0" } });
    expect([count(run), run.code]).toEqual([ended(0, 1), 1]);
    expect(run.stderr).toContain(`failed: ${command} ended before its last test\n`);
    expect(run.calls.at(-1)).toMatch(/^LAB=test\d lab down$/);
  });
});

describe("a part beside Jest makes the exit status 1", () => {
  test.each([
    ["a test fails", "echo '2 passed, 1 failed, 0 skipped'; exit 1", "6 passed, 1 failed"],
    ["a test fails, and it ends well", "echo '2 passed, 1 failed, 0 skipped'", "6 passed, 1 failed"],
    ["it ends badly after its count", "echo '2 passed, 0 failed, 0 skipped'; exit 1", "6 passed, 1 failed"],
    ["it has no count", "echo hello", "4 passed, 1 failed"],
    ["it runs no test", "echo '0 passed, 0 failed, 3 skipped'", "4 passed, 1 failed"],
  ])("engine: %s", (_what, text, last) => {
    const run = runTests(["engine"], { files: { "engine/test.sh": text } });
    expect([count(run), run.code]).toEqual([last, 1]);
    expect(run.stderr).toContain("failed: engine");
  });

  test("static: a check fails, and the others are run all the same", () => {
    const run = runTests(["static"], { files: { "node_modules/.bin/eslint": "echo a fault; exit 2" } });
    expect([count(run), run.code]).toEqual(["4 passed, 1 failed", 1]);
    expect(run.stdout).toMatch(/^a fault$/m);
    expect(run.stderr).toContain("failed: lint\n");
  });
});

test("each of Jest's projects is in a tier", () => {
  const projects = (jestConfig.projects ?? []).map((project) =>
    typeof project === "string" ? project : String(project.displayName),
  );
  const selected = runTests(["--full"]).calls.flatMap((call) => /--selectProjects (\w+)/.exec(call)?.[1] ?? []);
  expect(selected.sort()).toEqual(projects.sort());
});

describe("every scenario on hosts", () => {
  const root = join(__dirname, "../..");
  const list = execFileSync(process.execPath, [join(root, "scripts/scenarios.mjs")], { encoding: "utf8" });
  const folders = ["tests/lab/daily", "tests/lab/full", "tests/chaos"];

  const scenarios = (folder: string, recursive = false) =>
    readdirSync(join(root, folder), { recursive, encoding: "utf8" })
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => `${folder}/${name}`);

  test("is in one of the tiers' folders", () => {
    const all = ["tests/lab", "tests/chaos"].flatMap((folder) => scenarios(folder, true));
    expect(folders.flatMap((folder) => scenarios(folder)).sort()).toEqual(all.sort());
  });

  test.each(folders.flatMap((folder) => scenarios(folder)))("%s is listed with its tier", (path) => {
    const tier = path.includes("/daily/") ? "daily" : "full";
    const own = list.split(`\n${tier}  ${path}\n`)[1]?.split("\n\n")[0] ?? "";
    const calls = readFileSync(join(root, path), "utf8").match(/^ *test(?:\.each(?:<.*>)?\(|\()/gm) ?? [];
    expect(calls.length).toBeGreaterThan(0);
    expect(own.match(/^ {2}- /gm)).toHaveLength(calls.length);
  });
});
