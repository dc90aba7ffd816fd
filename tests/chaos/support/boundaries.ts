import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { kill } from "../../lab/support/kill";
import type { Stack } from "../../lab/support/stack";

/** What of the engine's event log is read. */
interface EngineEvent {
  resourcePreEvent?: { metadata: { op: string; urn: string; type: string } };
}

/** The steps that a run has begun so far, each as operation and resource. */
function stepsBegun(log: string): string[] {
  if (!existsSync(log)) {
    return [];
  }
  const lines = readFileSync(log, "utf8").split("\n").slice(0, -1);
  return lines.flatMap((line) => {
    const step = (JSON.parse(line) as EngineEvent).resourcePreEvent?.metadata;
    // A component has no step of its own, and nothing is done to what stays the same.
    return step === undefined ||
      step.op === "same" ||
      step.type.startsWith("warren:") ||
      step.type === "pulumi:pulumi:Stack"
      ? []
      : [`${step.op} ${step.urn.replace(/^.*::/, "")}`];
  });
}

async function tick(): Promise<boolean> {
  return new Promise((resolve) => setTimeout(resolve, 5, false));
}

/** Of the steps, at every so many one is killed. `WARREN_KILL_EVERY=1`: at each, which takes most of an hour. */
export const killEvery = Number(process.env["WARREN_KILL_EVERY"] ?? 8);

/**
 * Runs `up` again and again, and kills each run as soon as it begins a step that no run before it has begun, until one
 * comes to its end. Gives the steps at which runs were killed.
 */
export async function killAtEveryStep(stack: Stack): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), "warren-events-"));
  // The event log is one of the engine's options for debugging.
  process.env["PULUMI_DEBUG_COMMANDS"] = "true";
  const begun = new Set<string>();
  const killedAt: string[] = [];
  /** The first step to kill at among those of a run. Steps that began after it are left to the next run. */
  const choose = (steps: string[]): string | undefined =>
    steps.find((step) => !begun.has(step) && begun.add(step).size % killEvery === 0);
  try {
    for (;;) {
      await stack.pulumi("cancel", "--yes");
      const log = join(directory, `${killedAt.length}.json`);
      const run = stack.start("up", "--yes", "--skip-preview", "--parallel", "32", "--event-log", log);
      const ended = run.ended.then(() => true);
      let step: string | undefined;
      while (step === undefined && !(await Promise.race([ended, tick()]))) {
        step = choose(stepsBegun(log));
      }
      if (step === undefined || run.process.pid === undefined) {
        const { code, output } = await run.ended;
        if (code !== 0) {
          throw new Error(`a run after ${killedAt.length} killed ones ended with ${code}:\n${output}`);
        }
        return killedAt;
      }
      kill(run.process.pid);
      killedAt.push(step);
      await run.ended;
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}
