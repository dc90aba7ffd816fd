import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { runBash } from "./support/bash";
import { makeDirectory } from "./support/directory";

const script = join(__dirname, "../../scripts/devConfig.sh");
const config = "# A comment.\nconfig:\n  warren:x: y\n";

/** Runs `use_dev_config` in a checkout whose selected stack is `selected`. */
async function use(args: string, { selected = "other", salt = "", ownBackend = false } = {}) {
  const directory = makeDirectory();
  const [root, stacks] = [join(directory, "root"), join(directory, "stacks")];
  for (const name of [root, stacks]) mkdirSync(name);
  const original = join(root, "Pulumi.dev.yaml");
  writeFileSync(original, config + salt);
  const text = `set -euo pipefail
root='${root}' stacks='${ownBackend ? "" : stacks}'
. '${script}'
use_dev_config ${args}
printf %s "\${PULUMI_OPTION_CONFIG_FILE-}"`;
  const pulumi = selected === "" ? { code: 255, stdout: "error: no stack selected\n" } : { stdout: `${selected}\n` };
  const { code, stdout, stderr, calls } = await runBash(text, [], {
    stubs: { pulumi: { "stack --show-name": pulumi } },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(readFileSync(original, "utf8")).toBe(config + salt);
  const copy = join(stacks, "Pulumi.dev.yaml");
  expect(stdout).toBe(existsSync(copy) ? copy : "");
  return { copy: existsSync(copy) ? readFileSync(copy, "utf8") : undefined, asked: calls.length > 0 };
}

describe("commands for the dev stack get a copy of its config", () => {
  test.each([
    "up -s dev",
    "up -ys dev",
    "up -sdev --yes",
    "--stack dev preview",
    "destroy --stack=organization/warren/dev",
    "config --json --show-secrets --stack dev",
    "config get -s dev warren:x",
  ])("pulumi %s", async (args) => {
    expect(await use(args)).toEqual({ copy: config, asked: false });
  });

  test("where no stack is named, if it is the selected one", async () => {
    expect(await use("preview", { selected: "dev" })).toEqual({ copy: config, asked: true });
  });

  test("without a salt that the original has: the state's counts", async () => {
    expect((await use("up -s dev", { salt: "encryptionsalt: v1:abc\n" })).copy).toBe(config);
  });
});

describe("no copy is made", () => {
  test.each(["up -s mine", "up -smine", "up -ys mine", "up --stack=mine", "up -s"])(
    "for another stack: pulumi %s",
    async (args) => {
      expect(await use(args, { selected: "dev" })).toEqual({ copy: undefined, asked: false });
    },
  );

  test.each(["other", ""])("where no stack is named and '%s' is selected", async (selected) => {
    expect(await use("up", { selected })).toEqual({ copy: undefined, asked: true });
  });

  test.each(["config set -s dev warren:x z", "-s dev config rm warren:x", "config -s dev set-all --plaintext a=b"])(
    "for a command that changes the config: pulumi %s",
    async (args) => {
      expect((await use(args)).copy).toBeUndefined();
    },
  );

  test.each(["--cwd elsewhere up -s dev", "-C elsewhere up -s dev"])("for another project: pulumi %s", async (args) => {
    expect((await use(args)).copy).toBeUndefined();
  });

  test("in a backend of the user's own", async () => {
    expect((await use("up -s dev", { ownBackend: true })).copy).toBeUndefined();
  });
});
