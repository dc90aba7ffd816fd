import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { once } from "node:events";

import { policies } from "../policies";

const pack = join(__dirname, "..");

test("the pack starts as the language host starts it, and says on which port it serves", async () => {
  const start = createRequire(__filename).resolve("@pulumi/pulumi/cmd/run-policy-pack");
  const host = spawn(process.execPath, [start, "127.0.0.1:1", pack], {
    cwd: pack,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = (await once(host.stdout, "data")) as [Buffer];
  host.kill();
  expect(port.toString()).toMatch(/^\d+\n$/);
}, 30_000);

test("names are unique, and of the form that the config of a pack uses", () => {
  const names = policies.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^[a-z]+(?:-[a-z]+)*$/.test(name))).toEqual([]);
});

test.each(policies.map(({ rule }) => [rule.name, rule] as const))("%s is written in whole sentences", (_name, rule) => {
  for (const sentence of [rule.asks, rule.why, rule.mend]) expect(sentence).toMatch(/^[A-Z].*\.$/);
  expect(rule.levelReason).toMatch(/^[a-z`].*[^.]$/);
  expect(rule.source).toMatch(/^https:\/\//);
});

test("docs/policies.md lists every policy as it is", () => {
  const page = readFileSync(join(pack, "../docs/policies.md"), "utf8");
  const rows = page
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  expect(rows).toEqual(
    policies.map(({ rule: { name, level, levelReason, asks, why, source } }) => [
      "",
      `\`${name}\``,
      `${level}: ${levelReason}`,
      asks,
      `${why} [Source](${source})`,
      "",
    ]),
  );
});
