import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import { parse } from "yaml";

import { labKey, ofThisLab, root } from "../lab/support/hosts";
import { Stack, type StackFile } from "../lab/support/stack";
import { withLastingCertificates, type Deployment, type Operator } from "./deployment";

/** One stack of a former release. */
export interface RecordedStack {
  /** Such as `v0.1.0`. */
  release: string;
  /** Name of the stack: it is part of every URN and of the containers' labels. */
  name: string;
  directory: string;
}

/** The files of a record. */
export const files = { source: "source.tar.gz", config: "config.yaml", state: "state.json.gz", upgrade: "upgrade.txt" };

const directories = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

/** All releases that are recorded, the oldest first. */
export const releases: readonly string[] = directories(__dirname)
  .filter((name) => /^v\d+\.\d+\.\d+$/.test(name))
  .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));

export function stacksOf(release: string): RecordedStack[] {
  return directories(join(__dirname, release)).map((name) => {
    return { release, name, directory: join(__dirname, release, name) };
  });
}

/** Each stack of each release. */
export const recordedStacks: readonly RecordedStack[] = releases.flatMap(stacksOf);

/** The config of a recorded stack, for the default lab. */
export function recordedConfig({ directory }: RecordedStack): StackFile {
  return (parse(readFileSync(join(directory, files.config), "utf8")) as { config: StackFile }).config;
}

export function recordedState({ directory }: RecordedStack): Deployment {
  const text = gunzipSync(readFileSync(join(directory, files.state))).toString();
  return withLastingCertificates(JSON.parse(text) as Deployment);
}

/** What stands in the recorded file about the upgrade to this checkout; nothing before the first time. */
export function recordedUpgrade({ directory }: RecordedStack): string {
  const file = join(directory, files.upgrade);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** A stack with a config of its own in the place of the dev stack's. */
export function stackOf({ name }: RecordedStack, own: StackFile): Stack {
  return new Stack(name, (config) => {
    for (const section of Object.keys(config)) Reflect.deleteProperty(config, section);
    Object.assign(config, own);
  });
}

/** A stack with the recorded config, on the hosts of the lab. */
export function stackInLab(recorded: RecordedStack): Stack {
  return stackOf(recorded, JSON.parse(ofThisLab(JSON.stringify(recordedConfig(recorded)))) as StackFile);
}

/** A release's program, unpacked, with its packages. */
export class ReleaseProgram {
  readonly directory = mkdtempSync(join(tmpdir(), "warren-release-"));

  constructor(release: string) {
    execFileSync("tar", ["xzf", join(__dirname, release, files.source), "-C", this.directory]);
    if (this.hasOurPackages()) symlinkSync(join(root, "node_modules"), join(this.directory, "node_modules"));
    else execFileSync("npm", ["install", "--omit=dev", "--no-audit", "--no-fund"], { cwd: this.directory });
  }

  /** This checkout has all of the release's packages, in the same versions. */
  private hasOurPackages(): boolean {
    const [theirs, ours] = [this.directory, root].map((directory) => {
      return (JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as Packages).dependencies;
    });
    return Object.entries(theirs ?? {}).every(([name, version]) => ours?.[name] === version);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}

interface Packages {
  dependencies: Record<string, string>;
}

/** Who runs the tests on the lab. */
export function labOperator(): Operator {
  const privateKey = readFileSync(labKey, "utf8");
  return { privateKey, privateKeyFile: labKey, controlDirectory: join(homedir(), ".ssh") };
}
