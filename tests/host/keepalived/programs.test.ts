import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { runProgram } from "../../unit/support/bash";
import { makeDirectory } from "../../unit/support/directory";
import { serve } from "../../unit/support/web";
import { library } from "../support/step";

/* The programs that keepalived runs: the look at its balancer, and the note of a change. */

const program = (name: string): string => join(library, "keepalived", name);

describe("the look at a balancer", () => {
  const look = (root: string) =>
    runProgram(program("warren-serves"), [`${root}/health-port`, "/healthz"], { env: { WARREN_ROOT: root } });

  test.each<[string, number, Record<string, string>, number]>([
    ["can serve", 200, {}, 0],
    ["has no broker", 503, {}, 1],
    ["is about to be replaced", 200, { "run/warren/balancer-leaves": "" }, 1],
  ])("a balancer that %s: exit status", async (_title, status, files, code) => {
    const port = await serve({ "/healthz": status });
    const outcome = await look(makeDirectory({ ...files, "health-port": `${port}\n` }));
    expect([outcome.code, outcome.stdout, outcome.stderr]).toEqual([code, "", ""]);
  });

  test("a balancer that has never served does not count", async () => {
    expect((await look(makeDirectory())).code).toBe(1);
  });

  test("nor does one that is gone", async () => {
    expect((await look(makeDirectory({ "health-port": "1\n" }))).code).toBe(1);
  });
});

describe("the note of a change", () => {
  test("is a line, and hands keepalived's own words to the user's program", async () => {
    const directory = makeDirectory({ hook: '#!/bin/sh\necho "$@"\n' });
    chmodSync(join(directory, "hook"), 0o755);
    const words = ["INSTANCE", "VI_51", "MASTER", "101"];
    const outcome = await runProgram(program("warren-changed"), [`${directory}/log`, `${directory}/hook`, ...words]);
    expect(outcome.stdout).toBe("INSTANCE VI_51 MASTER 101\n");
    expect(readFileSync(join(directory, "log"), "utf8")).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} VI_51 MASTER\n$/,
    );
  });

  test("does without such a program", async () => {
    const directory = makeDirectory();
    const words = ["INSTANCE", "VI_51", "FAULT", "101"];
    expect((await runProgram(program("warren-changed"), [`${directory}/log`, "-", ...words])).code).toBe(0);
  });
});
