import { acts } from "./acts";
import { noticed } from "./clients";
import { componentPrefix, isComponent } from "./kinds";
import { component, done, members, type Member, type Place } from "./members";
import { byName, turns } from "./order";
import type { Preview, Step, Verb } from "./preview";

/** What CI is told: nothing changes, something goes wrong or must not be, something changes. */
export type Status = 0 | 1 | 2;

export interface Plan {
  markdown: string;
  status: Status;
}

/** A preview as Markdown for a pull request. The same preview gives the same text. */
export function plan(preview: Preview): Plan {
  const { stack, steps, errors, violations } = preview;
  const refused = errors.length > 0 || violations.some(({ level }) => level === "mandatory");
  const changing = steps.filter(({ verb }) => verb !== undefined);
  if (!refused && changing.length === 0) {
    return { markdown: `Stack \`${stack}\`: nothing changes.\n`, status: 0 };
  }
  const sections = [
    `## Plan for stack \`${stack}\``,
    refused ? refusal(preview) : summary(preview),
    ...(changing.length === 0 ? [] : changes(preview, changing)),
    ...policies(preview),
    ...notes(preview.warnings),
  ];
  return { markdown: `${sections.join("\n\n")}\n`, status: refused ? 1 : 2 };
}

function refusal({ errors, violations }: Preview): string {
  const broken = new Set(violations.filter(({ level }) => level === "mandatory").map(({ policy }) => policy));
  // The engine says no more than that it failed, where a policy is the reason.
  const own = errors.filter((message) => broken.size === 0 || !/^error: preview failed$/.test(message));
  return [
    ...(broken.size === 0
      ? []
      : [`**Must not be deployed**: it breaks ${[...broken].sort(byName).map(code).join(", ")} (below).`]),
    ...own.map((message) => `**The preview fails:**\n\n${block(message)}`),
  ].join("\n\n");
}

function summary(preview: Preview): string {
  const all = members(preview);
  const [before, after] = [all.filter((each) => each.before), all.filter((each) => each.after)];
  const count = (fate: Member["fate"]) => all.filter((each) => each.fate === fate).length;
  const told = [
    before.length === after.length
      ? `${after.length} members, as before`
      : `${before.length} members before, ${after.length} after`,
    ...tell(count("joins"), "joins", "join"),
    ...tell(count("joins anew"), "joins anew from another machine", "join anew from other machines"),
    ...tell(count("leaves"), "leaves", "leave"),
    ...tell(count("is forgotten"), "is forgotten", "are forgotten"),
    ...tell(count("stops"), "stops", "stop"),
    ...tell(count("starts"), "starts", "start"),
    ...tell(
      done(preview.steps, "RabbitNode/container").filter(({ verb }) => verb === "replace").length - count("joins anew"),
      ...restart("broker"),
    ),
    ...tell(
      done(preview.steps, "HaproxyPair/container").filter(({ verb }) => verb === "replace").length,
      ...restart("balancer"),
    ),
  ];
  return `**${told.join("; ")}.**`;
}

const restart = (what: string): [string, string] => [`${what} restarts`, `${what}s restart`];

function tell(count: number, one: string, many: string): string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`];
}

function changes(preview: Preview, changing: readonly Step[]): string[] {
  const values = changedValues(preview.steps);
  const order = acts(preview);
  return [
    "### Members",
    table(
      ["node", "before", "after", "what happens"],
      members(preview).map(({ name, before, after, fate }) => [code(name), place(before), place(after), fate]),
    ),
    ...(values.length === 0 ? [] : ["### Values", table(["value", "before", "after"], values)]),
    "### In this order",
    order.length === 0
      ? "Only what the state records changes: nothing is done on a host."
      : numbered(order.map(({ turn, of, says }) => [turn, `${of.map(code).join(", ")}: ${says}`])),
    "### What clients notice",
    bullets(noticed(preview)),
    details(preview.steps, changing),
  ];
}

function place(at: Place | undefined): string {
  if (!at) return "–";
  const { host, type, version } = at;
  return `${type === "ram" ? "RAM" : type} on ${code(host)}${version === undefined ? "" : `, ${version}`}`;
}

/** What the components were given, as far as the table of members does not say it. */
function changedValues(steps: readonly Step[]): string[][] {
  const sections: [type: string, section: string][] = [
    ["RabbitCluster", "rabbitmq"],
    ["HaproxyPair", "haproxy"],
    ["KeepalivedVip", "vip"],
  ];
  const ofHosts = steps
    .filter((step) => step.type === `${componentPrefix}Host`)
    .map((step) => [step, `hosts.${step.name}`] as const);
  const all = [
    ...ofHosts,
    ...sections.flatMap(([type, section]) => {
      const step = component(steps, type);
      return step ? [[step, section] as const] : [];
    }),
  ];
  return all
    .filter(([step]) => step.verb === "update")
    .flatMap(([step, section]) => {
      const [was, will] = [flat(step.old, section), flat(step.new, section)];
      return [...new Set([...was.keys(), ...will.keys()])]
        .filter((key) => was.get(key) !== will.get(key) && !/^rabbitmq\.(?:nodes|version)$/.test(key))
        .map((key) => [code(key), given(was.get(key)), given(will.get(key))]);
    })
    .sort(([a = ""], [b = ""]) => byName(a, b));
}

/** A section's values by their paths; a list is one value. */
function flat(value: unknown, path: string): Map<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return new Map(value === undefined ? [] : [[path, typeof value === "string" ? value : JSON.stringify(value)]]);
  }
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...flat(inner, `${path}.${key}`)]));
}

const given = (value: string | undefined) => (value === undefined ? "–" : code(value));

function policies({ violations, judged }: Preview): string[] {
  if (!judged) return [];
  if (violations.length === 0) return ["### Policies", "All are kept."];
  const lines = violations
    .map(
      ({ level, policy, resource, message }) => `**${level}** ${code(policy)} (${code(resource)}): ${inline(message)}`,
    )
    .sort((a, b) => Number(b.startsWith("**mandatory")) - Number(a.startsWith("**mandatory")) || byName(a, b));
  return ["### Policies", bullets([...new Set(lines)])];
}

function notes(warnings: readonly string[]): string[] {
  return warnings.length === 0 ? [] : ["### Warnings", ...warnings.map(block)];
}

const signs: Readonly<Record<Verb, string>> = { create: "+", update: "~", replace: "+-", delete: "-" };

/** Every single step, so that none goes unseen. */
function details(steps: readonly Step[], changing: readonly Step[]): string {
  const turn = turns(steps);
  const lines = changing
    .map((step) => ({ ...step, turn: turn.get(step.urn) ?? 0 }))
    .sort((a, b) => a.turn - b.turn || byName(a.name, b.name))
    .map(({ verb = "update", name, type, replacedFor, differing }) => {
      const inputs = verb === "replace" && replacedFor.length > 0 ? replacedFor : differing;
      return `${signs[verb].padEnd(2)} ${name} (${type})${inputs.length === 0 ? "" : `: ${[...inputs].sort(byName).join(", ")}`}`;
    });
  const kept = steps.filter(
    (step) => step.verb === undefined && !isComponent(step) && !step.type.startsWith("pulumi:"),
  ).length;
  const title = `All ${changing.length} steps; ${kept} more resources stay as they are`;
  return `<details>\n<summary>${title}</summary>\n\n${block(lines.join("\n"))}\n\n</details>`;
}

const code = (text: string) => `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``;
const inline = (text: string) => text.replace(/\s+/g, " ").replaceAll("<", "&lt;");
const bullets = (lines: readonly string[]) => lines.map((line) => `- ${line}`).join("\n");

function block(text: string): string {
  return `\`\`\`text\n${text.replaceAll("```", "'''")}\n\`\`\``;
}

/** Lines that stand at the same turn carry the same number. */
function numbered(lines: readonly [turn: number, line: string][]): string {
  const order = [...new Set(lines.map(([turn]) => turn))];
  return table(
    ["", "what is done; the same number: at the same time"],
    lines.map(([turn, line]) => [String(order.indexOf(turn) + 1), line]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
