import { scriptInput } from "../../commands/shell";
import { syntaxFaults } from "./support/bash";
import { scripts } from "./support/scripts";

/* Bash reads every script without running it. */

test.each(Object.entries(scripts))("%s", (_name, script) => {
  expect(syntaxFaults(script)).toBe("");
  expect(syntaxFaults(scriptInput({ create: script }))).toBe("");
  expect(syntaxFaults(scriptInput({ create: "true", update: script, delete: script }, "rabbitmq-1"))).toBe("");
});

test("a fault in a script is found", () => {
  expect(syntaxFaults(scriptInput({ create: "if true; then" }))).toContain("syntax error");
});
