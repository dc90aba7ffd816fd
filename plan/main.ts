import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";

import { readPreview } from "./preview";
import { plan, type Status } from "./render";

/*
 * npm run plan: runs one preview, with the policy pack, and prints it as Markdown. The preview's document is read, never the
 * text that it shows to people.
 */

const usage = `npm run plan -- [--stack STACK] [--policy-levels FILE] [--no-policies]

Prints, as Markdown, what \`pulumi up\` would do with a stack: members before and after, joins and restarts in
their order, what clients notice, and what the policies say. It touches no host and no state.

--stack STACK          default: the selected one
--policy-levels FILE   levels of policies, as docs/policies.md has them; default: policies/STACK.json, if it exists
--no-policies          without the policy pack

Exit status: 0 nothing changes, 2 something does, 1 an error, or a mandatory policy is broken.
`;

const root = join(__dirname, "..");

async function main(): Promise<Status> {
  const { values: options } = parseArgs({
    options: {
      stack: { type: "string", short: "s" },
      "policy-levels": { type: "string" },
      "no-policies": { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (options.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const stack = options.stack ?? (await run(["stack", "--show-name"])).output.trim();
  const levels = options["policy-levels"] ?? join(root, "policies", `${stack.split("/").at(-1) ?? ""}.json`);
  const pack = [
    "--policy-pack",
    join(root, "policies"),
    ...(options["policy-levels"] !== undefined || existsSync(levels) ? ["--policy-pack-config", levels] : []),
  ];
  const directory = mkdtempSync(join(tmpdir(), "warren-plan-"));
  try {
    const log = join(directory, "events");
    const { output, errors, code } = await run([
      "preview",
      "--json",
      "--show-sames",
      "--stack",
      stack,
      "--event-log",
      log,
      ...(options["no-policies"] === true ? [] : pack),
    ]);
    if (!output.trimStart().startsWith("{")) throw new Error(errors.trim() || "the preview said nothing");
    const events = existsSync(log) ? readFileSync(log, "utf8") : "";
    const preview = readPreview(stack, output, events);
    const failed = code !== 0 && preview.errors.length === 0;
    const { markdown, status } = plan(
      failed ? { ...preview, errors: [errors.trim() || "the preview failed"] } : preview,
    );
    process.stdout.write(markdown);
    return status;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Runs Pulumi, whose event log is an option for tools (the Automation API's), shown with this variable only. */
async function run(args: string[]): Promise<{ output: string; errors: string; code: number }> {
  const env = { ...process.env, PULUMI_DEBUG_COMMANDS: "true" };
  const pulumi = spawn("pulumi", ["--non-interactive", ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  const [output, errors, code] = await Promise.all([
    text(pulumi.stdout),
    text(pulumi.stderr),
    new Promise<number>((resolve, reject) => {
      pulumi.on("error", reject);
      pulumi.on("exit", (status) => {
        resolve(status ?? 1);
      });
    }),
  ]);
  if (code !== 0 && output === "") throw new Error(errors.trim() || `pulumi ${args[0] ?? ""} ended with ${code}`);
  return { output, errors, code };
}

main()
  .then((status) => {
    process.exitCode = status;
  })
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
