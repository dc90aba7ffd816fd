import { makeDirectory } from "../../unit/support/directory";
import { runLibrary } from "../support/library";

/* Waits end: with the condition, or with the time. */

test("goes on as soon as the condition holds", async () => {
  const directory = makeDirectory();
  const { stdout, stderr } = await runLibrary(`tries=0
third() { tries=$((tries + 1)); [ $tries -ge 3 ]; }
wait_until 600 1 third && echo "after $tries" > ${directory}/log
cat ${directory}/log`);
  expect([stdout, stderr]).toEqual(["after 3\n", ""]);
});

test("fails when the time is over, and not before", async () => {
  // At 0, 100, 200 and 300 s.
  const { code, stdout, stderr } = await runLibrary(`tries=0
never() { tries=$((tries + 1)); return 1; }
wait_until 300 1 never || { echo "$tries"; die "it did not come"; }`);
  expect([code, stdout, stderr]).toEqual([1, "4\n", "it did not come\n"]);
});

test("sleeps between two tries as long as it is told", async () => {
  const { stdout } = await runLibrary(`sleep() { echo "$1"; SECONDS=$((SECONDS + 100)); }
wait_until 150 0.25 false || true`);
  expect(stdout).toBe("0.25\n0.25\n");
});
