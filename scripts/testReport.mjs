// Reads Jest's report: prints how many tests have passed and failed, and adds how long each took to a file.
//   node scripts/testReport.mjs REPORT TIMES
import { appendFileSync, readFileSync } from "node:fs";
import { relative } from "node:path";

const [reportFile, timesFile] = process.argv.slice(2);
const report = JSON.parse(readFileSync(reportFile, "utf8"));
const complaints = [];
// A test that is skipped, by a `test.only` beside it for example, proves nothing.
const skipped = report.numPendingTests + report.numTodoTests;
if (skipped > 0) complaints.push(`${skipped} tests were skipped`);
if (report.wasInterrupted) complaints.push("the run was interrupted");
if (report.numPassedTests + report.numFailedTests === 0) complaints.push("no test was run");
for (const complaint of complaints) console.error(`Jest: ${complaint}`);

/** A test's own time, and what its file took besides: setting up, loading. */
const times = report.testResults.flatMap(({ name, startTime, endTime, assertionResults }) => {
  const file = relative(process.cwd(), name);
  const tests = assertionResults.map(({ fullName, duration }) => [(duration ?? 0) / 1000, `${file}: ${fullName}`]);
  const rest = (endTime - startTime) / 1000 - tests.reduce((sum, [seconds]) => sum + seconds, 0);
  return [...tests, [Math.max(0, rest), `${file}: before and between its tests`]];
});
appendFileSync(
  timesFile,
  times.map(([seconds, name]) => `${seconds.toFixed(3)}\t${name.replace(/\s+/g, " ")}\n`).join(""),
);
console.log(report.numPassedTests, report.numFailedTests + report.numRuntimeErrorTestSuites + complaints.length);
