import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { holders, onHost, resetLab, root, until } from "../lab/support/hosts";
import { connect } from "../lab/support/client";
import { Stack } from "../lab/support/stack";
import { joinsInParallel, versionOfImage } from "../../config/versions";

/** Everything but the figures, such as the brokers' warnings. It is kept, and named, when a round fails. */
const logDirectory = mkdtempSync(join(tmpdir(), "warren-bench-"));
const logFile = join(logDirectory, "log");
const log = openSync(logFile, "a");

/** Seconds that something takes. */
async function seconds(work: () => unknown): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** The first article's steps by hand, on bare hosts with the images on them. */
async function byHand(how: "parallel" | "sequential", image: string): Promise<number> {
  await resetLab();
  const joins = joinsInParallel(versionOfImage(image) ?? "") ? "parallel" : "serial";
  return seconds(() => {
    execFileSync(join(root, "tests/bench/byHand.sh"), [how, image], {
      stdio: ["ignore", log, log],
      env: { ...process.env, JOINS: joins },
    });
  });
}

/** `pulumi up` on the same hosts, and what a stack that is up costs. */
async function byWarren(image: string): Promise<Record<"up" | "again" | "preview" | "failover", number>> {
  await resetLab();
  const stack = new Stack("bench", (config) => {
    config["warren:rabbitmq"].image = image;
  });
  try {
    await stack.init();
    const up = await seconds(() => stack.up());
    const again = await seconds(() => stack.up("--expect-no-changes"));
    const preview = await seconds(() => stack.pulumi("preview"));
    const outputs = await stack.outputs();
    const failover = await seconds(async () => {
      await onHost("host4", "docker kill haproxy");
      await until("the other host serves", async () => {
        if ((await holders()).join() !== "host5") return false;
        await (await connect(outputs)).close();
        return true;
      });
    });
    return { up, again, preview, failover };
  } finally {
    appendFileSync(log, stack.log);
    stack.remove();
  }
}

async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 3);
  const images = process.argv[3] ? [process.argv[3]] : ["rabbitmq:3.8.9-management", "rabbitmq:3.10.8-management"];
  for (const image of images) {
    const figures: Record<string, number[]> = {};
    const note = (name: string, value: number): void => {
      (figures[name] ??= []).push(value);
      console.log(`  ${name.padEnd(28)} ${value.toFixed(1)} s`);
    };
    for (let round = 1; round <= rounds; round++) {
      console.log(`${image}, round ${round} of ${rounds}`);
      note("by hand, in parallel", await byHand("parallel", image));
      const warren = await byWarren(image);
      note("pulumi up", warren.up);
      note("up that changes nothing", warren.again);
      note("preview", warren.preview);
      note("failover", warren.failover);
      if (round === 1) note("by hand, one by one", await byHand("sequential", image));
    }
    console.log(`\n${image}, medians of ${rounds}`);
    for (const [name, values] of Object.entries(figures)) {
      console.log(`  ${name.padEnd(28)} ${median(values).toFixed(1)} s`);
    }
    const ratio = (name: string): string =>
      (median(figures["pulumi up"] ?? []) / median(figures[name] ?? [])).toFixed(2);
    console.log(`  pulumi up : by hand, in parallel   ${ratio("by hand, in parallel")}`);
    console.log(`  pulumi up : by hand, one by one    ${ratio("by hand, one by one")}\n`);
  }
  // Otherwise `npm start` would meet the containers made by hand.
  await resetLab();
}

main()
  .then(() => {
    rmSync(logDirectory, { recursive: true });
  })
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    console.error(`\nThe bench ended early. Everything that its steps printed: ${logFile}`);
    process.exitCode = 1;
  });
