import { quote } from "./quote";

/** What a step says to a reviewer of a plan, after the name of the node, balancer or host; "" where nothing is to be said. */
export interface Words {
  create: string;
  /** Default: as `create`. */
  update?: string;
  /** Default: as `create`. */
  replace?: string;
  /** Default: nothing, for a step without an end. */
  delete?: string;
}

/** One file on a host. */
export interface HostFile {
  /** Absolute path without white space; its directory must exist. */
  path: string;
  /** Octal permissions, such as `0400`. */
  mode: string;
  /** `user:group`, by name or number, or `container`: the user of the container's image. Default: `root:root`. */
  owner?: string;
  content: string;
}

/** A value among a step's data. An absent one is not set. */
export type Value = string | number | boolean | readonly string[] | readonly HostFile[] | undefined;

/**
 * One step on a host: the shell file `host/NAME.sh`, the type of its data, and its words. The data's keys are the shell's
 * variables, written in its way: `amqpPort` is `$amqp_port`.
 */
export interface Step<Data> {
  /** The file below `host/`, without its ending. */
  readonly name: string;
  readonly says: Words;
  /** Steps of the same node, balancer or host with which this one is told, where they are in the plan as well. */
  readonly within: readonly string[];
  /** It has a `delete`, which runs when its resource is deleted. */
  readonly ends: boolean;
  /** Never set: it carries the type of the data. */
  readonly data?: Data;
}

/** Defines a step. A step whose words name its deletion has an end. */
export function step<Data>(name: string, says: Words, within: readonly string[] = []): Step<Data> {
  return { name, says, within, ends: says.delete !== undefined };
}

/** Words of a step that only waits and looks. */
export function looks(text: string): Words {
  return { create: text };
}

function isFiles(list: readonly string[] | readonly HostFile[]): list is readonly HostFile[] {
  return typeof list[0] === "object";
}

function line({ mode, owner = "root:root", path, content }: HostFile): string {
  return [mode, owner, path, Buffer.from(content).toString("base64")].join(" ");
}

/** Variables of the library that data must not overwrite. */
const reserved = ["action", "etc", "library", "resource", "root", "run", "state", "step_name"];

function assignment(key: string, value: Value): string {
  const variable = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  if (reserved.includes(variable)) throw new Error(`${key} is a name of the library's own`);
  if (value === undefined) return "";
  if (typeof value !== "object") return `${variable}=${quote(String(value))}\n`;
  const words = isFiles(value) ? value.map(line) : value;
  return `${variable}=(${words.map((word) => `\n${quote(word)}`).join("")}${words.length > 0 ? "\n" : ""})\n`;
}

/** A step's data as it is handed to `host/warren`: an assignment of the shell for each value. */
export function render(data: object): string {
  return Object.entries(data as Record<string, Value>)
    .map(([key, value]) => assignment(key, value))
    .join("");
}

/** Where a host's library is. */
export const library = "/usr/local/lib/warren";

/** What is done with a step: see `host/warren`. */
export type Action = "create" | "update" | "delete" | "run";

/**
 * A command as root, whatever the login's own shell is. A login that is not root needs `sudo` without a password (`-n`: fail
 * at once rather than wait for one that nobody can type).
 */
export function asRoot(user: string, command: string): string {
  return user === "root" ? command : `sudo -n ${command}`;
}

/** The command that runs a step; its data are its standard input. */
export function runStep(user: string, action: Action, name: string, resource: string): string {
  const run = asRoot(user, `${library}/current/warren ${action} ${name} ${resource}`);
  // On a machine that was replaced or reinstalled there is nothing to take away.
  return action === "delete" ? `test ! -e ${library} -a ! -e /etc/warren/owner || ${run}` : run;
}
