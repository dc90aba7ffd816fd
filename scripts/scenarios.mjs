// npm test -- --list: every scenario on the lab's hosts, by its file, with its tier.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const root = join(import.meta.dirname, "..");
const folders = { "tests/lab/daily": "daily", "tests/lab/full": "full", "tests/chaos": "full" };

/** The function of `test(…)`, `test.each(…)(…)` and the like: its name, or nothing. */
function calledName(expression) {
  if (ts.isIdentifier(expression)) return expression.text;
  if (ts.isCallExpression(expression) || ts.isPropertyAccessExpression(expression))
    return calledName(expression.expression);
  return undefined;
}

/** Titles of a file's `describe` and `test`, in order; `%s` and the like stand for what a table fills in. */
function titles(path) {
  const source = ts.createSourceFile(path, readFileSync(join(root, path), "utf8"), ts.ScriptTarget.ES2023, true);
  const found = [];
  /** Files of the scenarios that are handed to `describe` by name, by that name. */
  const shared = new Map();
  const visit = (node) => {
    if (ts.isImportDeclaration(node) && node.moduleSpecifier.text.startsWith("../support/"))
      for (const { name } of node.importClause?.namedBindings?.elements ?? [])
        shared.set(name.text, join(path, "..", `${node.moduleSpecifier.text}.ts`));
    if (ts.isCallExpression(node)) {
      const kind = calledName(node.expression);
      const [title] = node.arguments;
      // Not the call of `test.each(…)` itself, whose argument is a table.
      if ((kind === "describe" || kind === "test") && title !== undefined && isText(title))
        found.push({ kind, title: text(title) });
      const file = kind === "describe" && shared.get(node.arguments[1]?.text);
      if (file) found.push(...titles(file));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const isText = (node) => ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
const text = (node) => (ts.isStringLiteralLike(node) ? node.text : node.getText().slice(1, -1));

for (const [folder, tier] of Object.entries(folders)) {
  for (const file of readdirSync(join(root, folder)).filter((name) => name.endsWith(".test.ts"))) {
    console.log(`\n${tier}  ${folder}/${file}`);
    for (const { kind, title } of titles(`${folder}/${file}`))
      console.log(kind === "describe" ? `  ${title}` : `  - ${title}`);
  }
}
