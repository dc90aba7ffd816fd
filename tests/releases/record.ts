import { mkdirSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { resetLab, root } from "../lab/support/hosts";
import { withoutOperator, type Deployment, type Operator } from "./deployment";
import { files, labOperator, ReleaseProgram, stackInLab, stacksOf, type RecordedStack } from "./release";

/*
 * Records a release's stacks: has the release's own program deploy each of them to the lab's hosts, and keeps the state that
 * comes of it. scripts/record-release.sh runs it.
 */

/** What must not stand in a recorded state: paths of this machine, and the key that logs in to its lab. */
function personal(text: string, { privateKey }: Operator): string[] {
  const [, firstLine = privateKey] = privateKey.split("\n");
  const own = [`${homedir()}/.`, root, join(tmpdir(), "warren-release-"), "warren-stack-", firstLine];
  return own.filter((each) => text.includes(each));
}

async function record(recorded: RecordedStack, program: string): Promise<void> {
  const stack = stackInLab(recorded);
  try {
    stack.runFrom(program);
    await stack.init();
    await stack.up();
    await stack.up("--expect-no-changes");
    const operator = labOperator();
    const text = JSON.stringify(withoutOperator(JSON.parse(await stack.export("plain")) as Deployment, operator));
    const found = personal(text, operator);
    if (found.length > 0) throw new Error(`the state of ${recorded.name} has this machine's own: ${found.join(", ")}`);
    mkdirSync(recorded.directory, { recursive: true });
    writeFileSync(join(recorded.directory, files.state), gzipSync(text, { level: 9 }));
    await stack.destroy();
  } finally {
    stack.remove();
  }
}

async function main(): Promise<void> {
  const [release, ...names] = process.argv.slice(2);
  if (release === undefined) throw new Error("which release? scripts/record-release.sh says how this is run");
  const program = new ReleaseProgram(release);
  try {
    for (const recorded of stacksOf(release).filter(({ name }) => names.length === 0 || names.includes(name))) {
      process.stderr.write(`\n==> ${release}, stack ${recorded.name}\n`);
      await resetLab();
      await record(recorded, program.directory);
    }
  } finally {
    program.remove();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
