import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { makeDirectory } from "./directory";

/** What a stand-in for a program does when it is called. */
export interface Reply {
  stdout?: string;
  code?: number;
  /** Bash, run before the rest. */
  run?: string;
}

/**
 * Stand-ins for programs, by name. A call is answered by the first entry whose key stands in its arguments; of a list of
 * replies each is given once, the last one from then on. A call that no entry is for fails.
 */
export type Stubs = Record<string, Record<string, Reply | Reply[]>>;

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
  /** The calls of stand-ins, each with its arguments, in order. */
  calls: string[];
}

// Two processors may have much else to do.
jest.setTimeout(30_000);
const longestRun = 20_000;

/** Where bash is, so that a stand-in is found without `env`. */
const bash = spawnSync("bash", ["-c", 'echo "$BASH"'], { encoding: "utf8" }).stdout.trim();

/** A text as one word of bash. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A stand-in, as a script that starts no other process: most of a test's time is that of starting processes. */
function stubText(name: string, entries: Stubs[string], directory: string): string {
  const cases = Object.entries(entries).map(([key, replies], index) => {
    const list = [replies].flat();
    const branches = list.map(({ stdout = "", code = 0, run = ":" }, turn) => {
      const pattern = turn === list.length - 1 ? "*" : String(turn);
      return `${pattern})\n${run}\nprintf %s ${quoted(stdout)}\nexit ${code} ;;`;
    });
    const count = join(directory, `${name}.${index}`);
    return `*'${key}'*)
turn=0
[ ! -e ${count} ] || read -r turn < ${count}
echo $((turn + 1)) > ${count}
case $turn in
${branches.join("\n")}
esac ;;`;
  });
  return `#!${bash}
printf '%s\\n' "${name} $*" >> ${join(directory, "calls")}
case "$*" in
${cases.join("\n")}
esac
echo "no stand-in for: ${name} $*" >&2
exit 97
`;
}

/** Runs a program with stand-ins for others before those on the machine. */
export async function runProgram(
  program: string,
  args: string[],
  { stubs = {}, input = "", env = {} }: { stubs?: Stubs; input?: string; env?: Record<string, string> } = {},
): Promise<Outcome> {
  const directory = makeDirectory();
  for (const [name, entries] of Object.entries(stubs)) {
    const file = join(directory, name);
    writeFileSync(file, stubText(name, entries, directory));
    chmodSync(file, 0o755);
  }
  const environment = { ...process.env, ...env, PATH: `${directory}:${process.env["PATH"] ?? ""}` };
  const child = spawn(program, args, { env: environment, timeout: longestRun, killSignal: "SIGKILL" });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (data: Buffer) => (output.stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output.stderr += data.toString()));
  // A program that ends early leaves the rest of it unread.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const calls = join(directory, "calls");
  return { code, ...output, calls: existsSync(calls) ? readFileSync(calls, "utf8").trimEnd().split("\n") : [] };
}

/** Runs bash text as `bash -s ARGS` does on a host. */
export async function runBash(
  text: string,
  args: string[] = [],
  { stubs = {} }: { stubs?: Stubs } = {},
): Promise<Outcome> {
  return runProgram("bash", ["-s", ...args], { stubs, input: text });
}

/** What bash finds wrong with a script's syntax: nothing, if all is well. */
export function syntaxFaults(script: string): string {
  return spawnSync("bash", ["-n"], { input: script, encoding: "utf8" }).stderr;
}
