import type { Path, Report } from "./errors";
import type { Sections } from "./schema";
import type { RabbitmqConfig } from "./types";

/*
 * Logins that are rotated: a user of the config is one or two users of the broker. Number 1 has the user's own name, number
 * N the name with `.N` behind it.
 */

/** A user's logins, by number. */
export interface Logins {
  /** The one that is handed to clients. */
  newest: number;
  /** The one before it, which clients may still use. */
  former?: number;
}

export function loginName(name: string, number: number): string {
  return number === 1 ? name : `${name}.${number}`;
}

/** The number in a login's name; nothing where it is no login of this user. */
export function loginNumber(name: string, login: string): number | undefined {
  if (login === name) return 1;
  const number = login.startsWith(`${name}.`) ? login.slice(name.length + 1) : "";
  return /^[1-9]\d*$/.test(number) ? Number(number) : undefined;
}

export function logins(rotation: number, retired: number | undefined): Logins {
  const former = rotation - 1;
  return former > (retired ?? former - 1) ? { newest: rotation, ...(former > 0 && { former }) } : { newest: rotation };
}

type Rabbitmq = Sections["rabbitmq"];

/** Names that meet, and logins that are retired before there is another. */
export function checkLogins({ username, rotation, users }: Rabbitmq, report: Report): void {
  const checkRetired = (path: Path, newest: number, retired: number | undefined): void => {
    if (retired === undefined || retired < newest) return;
    report(path, retired, `must be lower than ${newest}: the newest login stays`);
  };
  const { administrator, retiredAdministrator } = rotation;
  checkRetired(["rabbitmq", "rotation", "retiredAdministrator"], administrator, retiredAdministrator);
  for (const [name, user] of Object.entries(users)) {
    checkRetired(["rabbitmq", "users", name, "retired"], user.rotation, user.retired);
    if (loginNumber(name, username) !== undefined) {
      report(["rabbitmq", "users", name], name, `must not be the administrator's name (${username})`);
    }
  }
}

/** The newest logins after the stack's last update. */
export interface LastLogins {
  administrator?: string;
  /** By the user's name. */
  users: Readonly<Record<string, string>>;
}

/**
 * What the config asks of logins that would cut clients off: two steps at a time, or a step back. The former login would be
 * deleted while clients still use it, or an old one come back.
 */
export function checkSteps(
  { username, rotation, users }: Pick<RabbitmqConfig, "username" | "rotation" | "users">,
  last: LastLogins,
  report: Report,
): void {
  const check = (path: Path, number: number, name: string, login: string | undefined): void => {
    const before = login === undefined ? undefined : loginNumber(name, login);
    if (before === undefined || number === before || number === before + 1) return;
    report(path, number, `must be ${before} or ${before + 1}: ${login} is in use, and one step is taken at a time`);
  };
  check(["rabbitmq", "rotation", "administrator"], rotation.administrator, username, last.administrator);
  for (const [name, user] of Object.entries(users)) {
    check(["rabbitmq", "users", name, "rotation"], user.rotation, name, last.users[name]);
  }
}
