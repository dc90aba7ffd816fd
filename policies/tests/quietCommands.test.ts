import { quietCommands } from "../rules/quietCommands";
import { check, command, faults } from "./resources";
import { secret, unknownText, type Registered } from "./wire";

const stdin = secret("default_pass = hunter2");
const given = "rabbitmq1-files is given a secret by stdin, and";

test.each<[string, Registered, string]>([
  ["no logging set", command({ stdin, logging: undefined }), `${given} its logging is not set.`],
  ["output logged", command({ stdin, logging: "stderr" }), `${given} its logging is stderr.`],
  [
    "an output that is no secret",
    command({ stdin }, { additionalSecretOutputs: ["stdout"] }),
    `${given} stderr is no secret.`,
  ],
  [
    "all of it",
    command({ stdin, logging: "stdoutAndStderr" }, { additionalSecretOutputs: [] }),
    `${given} its logging is stdoutAndStderr, and stdout and stderr are no secrets.`,
  ],
])("%s", async (_name, resource, fault) => {
  expect(await faults(quietCommands, resource)).toEqual([fault]);
});

test.each<[string, Registered]>([
  ["a quiet command", command({ stdin })],
  [
    "a command that is given no secret",
    command({ stdin: "uptime", logging: "stdout" }, { additionalSecretOutputs: [] }),
  ],
  ["a logging that is not known yet", command({ stdin, logging: unknownText })],
  ["a stdin that is not known yet", command({ stdin: unknownText, logging: undefined })],
])("passes %s", async (_name, resource) => {
  expect(await check(quietCommands, resource)).toEqual([]);
});
