import { policy, type Report, type Resource } from "../lib/policy";
import { number, section, text } from "../lib/read";
import { writtenFiles } from "../lib/scripts";
import { isWithin, types } from "../lib/types";

/** Characters; the same that a stack's config asks for. */
const shortest = 12;
/** VRRP sends eight characters and no more (keepalived.conf(5), auth_pass). */
const shortestForVrrp = 8;

const guest = "the user guest, whose password everybody knows";

export const credentials = policy(
  {
    name: "credentials",
    level: "mandatory",
    levelReason: "such a password is no lock",
    asks: "No login has a default name, and no password is a default one or short.",
    why: "Default and short passwords are what is tried first, and the management page lets anybody try.",
    mend: `Leave the password out, so that one is generated, or set one of at least ${shortest} characters with \`pulumi config set --secret\`.`,
    source: "https://www.rabbitmq.com/docs/production-checklist#users",
  },
  {
    types: [types.cluster, types.balancers, types.password, types.command, types.user],
    resource: (resource, report) => {
      const { type, name, inputs } = resource;
      const login = type === types.balancers ? section(inputs.stats)?.username : inputs.username;
      if (text(login) === "guest") report(`${name} has ${guest}.`, "Choose another name.");
      if (type === types.password) judgeGenerated(resource, report);
      if (type === types.user) judgeUser(resource, report);
      if (type === types.command) judgeFiles(resource, report);
    },
  },
);

function judgeGenerated({ name, urn, inputs }: Resource, report: Report): void {
  const least = isWithin(urn, types.vip) ? shortestForVrrp : shortest;
  const length = number(inputs.length);
  if (length === undefined || length >= least) return;
  report(`The generated password ${name} has ${length} characters.`, `Give it a length of at least ${least}.`);
}

function judgeUser({ name, inputs }: Resource, report: Report): void {
  const login = text(inputs.name) ?? name;
  if (login === "guest") report(`${name} is ${guest}.`, "Choose another name.");
  const fault = faultOf(text(inputs.password), login);
  if (fault !== undefined) report(`The password of the user ${login} is ${fault}.`);
}

/** Passwords in the configuration files that a command writes. Generated ones are not known in a first preview. */
function judgeFiles({ name, inputs }: Resource, report: Report): void {
  for (const { path, content } of writtenFiles(text(inputs.stdin) ?? "")) {
    const user = /^\s*default_user\s*=\s*(\S+)/m.exec(content)?.[1];
    const stats = /^\s*stats\s+auth\s+([^\s:]+):(\S+)/m.exec(content);
    const found = [
      ["default_pass", faultOf(/^\s*default_pass\s*=\s*(\S+)/m.exec(content)?.[1], user)],
      ["stats auth", faultOf(stats?.[2], stats?.[1])],
      ["auth_pass", faultOf(/^\s*auth_pass\s+(\S+)/m.exec(content)?.[1], undefined, shortestForVrrp)],
    ] as const;
    for (const [key, fault] of found) {
      if (fault !== undefined) report(`The password in ${path} (${key}), written by ${name}, is ${fault}.`);
    }
  }
}

const wellKnown =
  /^(?:guest|admin|root|test|user|pass|passw[o0]rd|secret|default|changeme|letmein|welcome|qwerty|rabbit|rabbitmq|haproxy|keepalived|abc|1234567890|123456789|12345678|1234567|123456|12345|1234|123)[0-9!@#]{0,4}$/i;

/** What is wrong with a password, in words that do not give it away. */
function faultOf(password: string | undefined, login: string | undefined, least = shortest): string | undefined {
  if (password === undefined) return undefined;
  if (wellKnown.test(password)) return "a default one";
  if (password === login) return "the login's own name";
  if (/^(.)\1*$/.test(password)) return "one character repeated";
  return password.length < least ? `shorter than ${least} characters` : undefined;
}
