import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

import { runBash, type Outcome, type Stubs } from "./support/bash";

const root = join(__dirname, "../..");
const file = join(root, "docs/examples/plan.yml");
const text = readFileSync(file, "utf8");

interface Workflow {
  on: unknown;
  jobs: { plan: { steps: { name?: string; id?: string; uses?: string; run?: string }[] } };
}
const workflow = parse(text) as Workflow;

/** What GitHub's own parser finds wrong. It is an ES module, which Jest does not load. */
function faults(content: string): string[] {
  const script = `
    import { registerHooks } from "node:module";
    // It imports its JSON as bundlers have it, without saying that it is JSON.
    const resolve = (specifier, context, next) => {
      const found = next(specifier, context);
      return found.url.endsWith(".json") ? { ...found, importAttributes: { type: "json" } } : found;
    };
    registerHooks({ resolve });
    const { NoOperationTraceWriter, parseWorkflow, convertWorkflowTemplate } = await import("@actions/workflow-parser");
    const { context, value } = parseWorkflow({ name: "plan.yml", content: process.argv[1] }, new NoOperationTraceWriter());
    if (value) await convertWorkflowTemplate(context, value);
    console.log(JSON.stringify(context.errors.getErrors().map(({ message }) => message)));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script, content], {
    cwd: root,
    encoding: "utf8",
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as string[];
}

describe("docs/examples/plan.yml", () => {
  test("is a workflow to GitHub's own parser", () => {
    expect(faults(text)).toEqual([]);
  });

  test.each([
    ["a key that there is not", text.replace("runs-on:", "runs-in:"), /runs-in/],
    ["an event that there is not", text.replace("pull_request:", "pull_requests:"), /pull_requests/],
    ["an expression that is none", text.replace("github.token", "github.token +"), /Unexpected symbol/],
    ["a step without anything to do", text.replace("uses: actions/checkout@v4", "name: nothing"), /uses|run/],
  ])("which finds %s", (_fault, content, message) => {
    expect(content).not.toBe(text);
    expect(faults(content).join("\n")).toMatch(message);
  });
});

describe("its steps", () => {
  const step = (name: string) => workflow.jobs.plan.steps.find((each) => each.name === name)?.run ?? "";

  /** Runs a step's text as GitHub does. */
  function run(name: string, environment: Record<string, string>, stubs: Stubs = {}): Promise<Outcome> {
    const variables = Object.entries(environment).map(([key, value]) => `export ${key}='${value}'`);
    const before = [
      "set -e",
      "cd $(mktemp -d)",
      "export HOME=$PWD GITHUB_OUTPUT=$PWD/out GITHUB_STEP_SUMMARY=$PWD/summary",
    ];
    return runBash([...before, ...variables, step(name), "cat out summary 2> /dev/null || true"].join("\n"), [], {
      stubs,
    });
  }

  test.each([
    ["nothing changes", 0],
    ["something changes", 2],
    ["a policy is broken", 1],
  ])("where %s, the plan is kept and its status handed on", async (_what, code) => {
    const npm = { ci: {}, plan: { stdout: "## Plan\n", code } };
    const outcome = await run("Plan", { STACK: "mystack" }, { npm });
    expect(outcome).toMatchObject({ code: 0, stdout: `status=${code}\n## Plan\n` });
    expect(outcome.calls.at(-1)).toBe("npm run plan --silent -- --stack mystack");
  });

  test.each([
    ["0", 0],
    ["2", 0],
    ["1", 1],
    ["", 1],
  ])("status %p ends the job with %p", async (STATUS, code) => {
    const { code: ended } = await run("No error, and no mandatory policy broken", { STATUS });
    expect(ended).toBe(code);
  });

  test("the comment is edited where there is one, and else made", async () => {
    const edited = await run("Comment", { PULL_REQUEST: "7" }, { gh: { "pr comment": {} } });
    expect(edited.calls).toEqual(["gh pr comment 7 --edit-last --body-file plan.md"]);
    const made = await run("Comment", { PULL_REQUEST: "7" }, { gh: { "--edit-last": { code: 1 }, "pr comment": {} } });
    expect([made.code, made.calls.at(-1)]).toEqual([0, "gh pr comment 7 --body-file plan.md"]);
  });

  test("the key is the user's alone", async () => {
    const name = "The key that the stack's config names";
    const check = await run(name, { SSH_PRIVATE_KEY: "a key" });
    expect(check.code).toBe(0);
    expect(step(name)).toContain("umask 077");
  });
});
