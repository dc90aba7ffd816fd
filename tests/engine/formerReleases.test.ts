import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import { changesAhead, details, harmful, listing, type Change } from "../releases/changes";
import { forOperator, nameOf, type Deployment, type Operator } from "../releases/deployment";
import { files, recordedConfig, recordedStacks, recordedState, recordedUpgrade, stackOf } from "../releases/release";

/*
 * A preview by this checkout over the state of each former release: what an upgrade would run again. It needs the engine, and
 * no host.
 */

const directory = mkdtempSync(join(tmpdir(), "warren-operator-"));
const operator: Operator = {
  privateKeyFile: join(directory, "id_ed25519"),
  privateKey: "",
  controlDirectory: join(homedir(), ".ssh"),
};

beforeAll(() => {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", operator.privateKeyFile]);
  operator.privateKey = readFileSync(operator.privateKeyFile, "utf8");
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

test("there is a release to look back at", () => {
  expect(recordedStacks.map(({ release, name }) => `${release} ${name}`)).toEqual(
    expect.arrayContaining(["v0.1.0 dev", "v0.1.0 full"]),
  );
});

/** The hosts' keys, as the state has them. */
function hostKeys({ deployment }: Deployment): Map<string, unknown> {
  const hosts = deployment.resources?.filter(({ type }) => type === "warren:index:Host") ?? [];
  return new Map(hosts.map((host) => [nameOf(host), host.inputs?.["hostKey"]]));
}

describe.each(recordedStacks)("the stack $name of $release, upgraded to this checkout", (recorded) => {
  const stack = stackOf(recorded, recordedConfig(recorded));
  let changes: Change[];

  beforeAll(async () => {
    const state = forOperator(recordedState(recorded), operator);
    stack.change((config) => {
      const keys = hostKeys(state);
      for (const [name, host] of Object.entries(config["warren:hosts"])) host.hostKey = String(keys.get(name));
      config["warren:ssh"] = { ...config["warren:ssh"], privateKeyFile: operator.privateKeyFile };
      delete config["warren:ssh"].knownHostsFile;
    });
    await stack.init();
    await stack.import(state);
    const plan = join(directory, `${recorded.release}-${recorded.name}.json`);
    const digest = await stack.pulumi("preview", "--json", "--show-sames", "--show-secrets", "--save-plan", plan);
    changes = changesAhead(state, digest.slice(digest.indexOf("{")), readFileSync(plan, "utf8"));
  }, 120_000);

  afterAll(() => {
    stack.remove();
  });

  test("restarts no container, gives up no secret, and ends nothing on a host", () => {
    const harm = harmful(changes);
    if (harm.length > 0) throw new Error(`An upgrade must not do this:\n${listing(harm)}\n${details(harm)}`);
  });

  test(`runs again what ${files.upgrade} says`, () => {
    const found = listing(changes);
    const file = join(recorded.directory, files.upgrade);
    if (process.env["WARREN_WRITE_PLANS"] === "1") writeFileSync(file, found);
    const written = recordedUpgrade(recorded);
    if (found === written) return;
    throw new Error(
      [
        `An upgrade from ${recorded.release} would run other scripts again than ${file} says.`,
        "If it shall, run `WARREN_WRITE_PLANS=1 npm test -- engine` and read the difference.",
        `\nThe file:\n${written || "nothing\n"}\nThe preview:\n${found || "nothing\n"}\n${details(changes)}`,
      ].join("\n"),
    );
  });
});
