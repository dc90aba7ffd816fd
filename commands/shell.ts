/** What a host is to do: scripts for the beginning of a resource, for its change (default: the first), and for its end. */
export interface Scripts {
  create: string;
  update?: string | undefined;
  delete?: string | undefined;
}

/**
 * The command that runs one of {@link scriptInput}'s scripts as root, under bash whatever the login's own shell is. The
 * scripts come by standard input, so that an error names this short command and not a page of shell text. A login that is
 * not root needs `sudo` without a password (`-n`: fail at once rather than wait for one that nobody can type).
 */
export function runScript(user: string, part: keyof Scripts, name: string): string {
  return `${user === "root" ? "" : "sudo -n "}bash -s ${part} ${name}`;
}

/**
 * Standard input for {@link runScript}. The commands within get an empty standard input of their own: they must not read
 * the rest of the script. With a lock, the script first waits for any other of that lock's; a script outlives the run that
 * started it when that run is killed, and holds the lock until it has ended.
 */
export function scriptInput(scripts: Scripts, lock?: string): string {
  const branch = (part: keyof Scripts, body: string): string => `${part})\n${body}\n;;\n`;
  return [
    "set -euo pipefail\n",
    lock === undefined ? "" : `exec 9> /run/lock/warren-${lock}\nflock 9\n`,
    'case "$1" in\n',
    branch("create", scripts.create),
    scripts.update === undefined ? "" : branch("update", scripts.update),
    scripts.delete === undefined ? "" : branch("delete", scripts.delete),
    "esac < /dev/null\n",
  ].join("");
}
