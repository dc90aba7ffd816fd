import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { readLibrary } from "../commands/library";
import { beforePreparation, sshOptions, type Login } from "../commands/ssh";
import { render } from "../commands/step";
import { readFacts, type HostFacts } from "./read";

/** By host: its facts, or why it could not be asked. */
export type Facts = Readonly<Record<string, HostFacts | Error>>;

/** What a host is asked with, so that its broker can be asked, too. */
export interface Question {
  /** Directories of the brokers that are to be on the host. */
  nodes: readonly string[];
  /** Images that are to be on it. */
  images: readonly string[];
  managementPort?: number | undefined;
  /** `user:password` of an administrator. */
  login?: string | undefined;
}

/** What `npm run check` looks at besides on a host. */
export interface Looks {
  /** A broker is to be on it. */
  broker: boolean;
  /** Port of its balancer's statistics page, and `user:password` for it; absent where no balancer is to be on it. */
  statsPort?: number | undefined;
  statsLogin?: string | undefined;
  /** keepalived is to be on it. */
  keepalived: boolean;
  /** Files with certificates, as shell patterns. */
  certificates: readonly string[];
}

/** Longest wait for one host's answer, in seconds. */
const patienceSeconds = 30;

/**
 * Standard input for `bash -s`: says the facts of a host, by this checkout's own library, so that a host without one, or with
 * another release's, is asked in the same way.
 */
export function questionText(question: Question, looks?: Looks): string {
  const source = join(__dirname, "../host");
  const parts = readLibrary()
    .files.map(({ path }) => path)
    .filter((path) => path.startsWith("lib/") || ["facts.sh", "seen.sh"].includes(path));
  return [
    "set -euo pipefail\nexport LC_ALL=C\n",
    ...parts.map((path) => readFileSync(join(source, path), "utf8")),
    render(looks === undefined ? question : { ...question, ...looks, looks: true }),
    "facts < /dev/null\n",
  ].join("");
}

/** The arguments of `ssh` for a question; a host that is down must not hold up everything else for long. */
function sshArguments(login: Login, home: string, command: string): string[] {
  const { user, address, port } = login;
  // Of an option that is given twice the first value counts.
  const options = ["-o", "ConnectTimeout=5", ...beforePreparation(user), ...sshOptions(login, home)];
  return [...options, "-p", String(port), `${user}@${address}`, command];
}

/** Whether a host lets the operator in over SSH. */
export function answers(login: Login, home: string): Promise<boolean> {
  return new Promise((resolve) => {
    const ssh = spawn("ssh", sshArguments(login, home, "true"), { timeout: patienceSeconds * 1000, stdio: "ignore" });
    ssh.on("error", () => {
      resolve(false);
    });
    ssh.on("exit", (code) => {
      resolve(code === 0);
    });
  });
}

/** Asks one host over SSH; its key is checked as in a deployment. */
export async function askHost(login: Login, home: string, text: string): Promise<HostFacts | Error> {
  const args = sshArguments(login, home, `${login.user === "root" ? "" : "sudo -n "}bash -s facts`);
  return new Promise((resolve) => {
    const ssh = spawn("ssh", args, { timeout: patienceSeconds * 1000, stdio: ["pipe", "pipe", "pipe"] });
    const said = { stdout: "", stderr: "" };
    ssh.stdout.on("data", (data: Buffer) => (said.stdout += data.toString()));
    ssh.stderr.on("data", (data: Buffer) => (said.stderr += data.toString()));
    ssh.on("error", resolve);
    // Not `close`: the connection that is kept for later holds the output open.
    ssh.on("exit", (code) => {
      const reason = code === null ? `no answer within ${patienceSeconds} s` : `ssh ended with ${code}`;
      setImmediate(() => {
        try {
          resolve(code === 0 ? readFacts(said.stdout) : new Error(said.stderr.trim() || reason));
        } catch (error) {
          resolve(new Error(`its facts cannot be read: ${String(error)}`));
        }
      });
    });
    ssh.stdin.on("error", () => undefined);
    ssh.stdin.end(text);
  });
}
