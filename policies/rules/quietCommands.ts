import { markedInputs } from "../lib/marks";
import { policy } from "../lib/policy";
import { text, unknown } from "../lib/read";
import { types } from "../lib/types";

export const quietCommands = policy(
  {
    name: "quiet-commands",
    level: "mandatory",
    levelReason: "what a log has shown cannot be called back",
    asks: "A command that is given a secret keeps its output to itself.",
    why: "Its output may repeat what it was given; it is streamed to the log, and stands in the state, unless both are told otherwise.",
    mend: 'Set logging to "none" and additionalSecretOutputs to ["stdout", "stderr"].',
    source: "https://github.com/pulumi/pulumi-command/issues/401",
  },
  {
    types: [types.command],
    resource: ({ name, urn, inputs, additionalSecretOutputs }, report) => {
      if (markedInputs(urn)?.has("stdin") !== true) return;
      const { logging } = inputs;
      const open = ["stdout", "stderr"].filter((output) => !additionalSecretOutputs.includes(output));
      const faults = [
        ...(logging === unknown || logging === "none" ? [] : [`its logging is ${text(logging) ?? "not set"}`]),
        ...(open.length === 0
          ? []
          : [`${open.join(" and ")} ${open.length === 1 ? "is no secret" : "are no secrets"}`]),
      ];
      if (faults.length > 0) report(`${name} is given a secret by stdin, and ${faults.join(", and ")}.`);
    },
  },
);
