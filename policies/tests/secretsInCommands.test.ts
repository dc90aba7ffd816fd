import { secretsInCommands } from "../rules/secretsInCommands";
import { check, command, container, faults, password } from "./resources";
import { secret, unknownList, unknownText, type Registered } from "./wire";

const input = (name: string, what: string) => `The input ${name} of rabbitmq1-files holds ${what}.`;
const ofContainer = (name: string, what: string) => `The input ${name} of rabbitmq1-container holds ${what}.`;

test.each<[string, Registered[], string]>([
  [
    "a password in a command",
    [command({ create: "rabbitmqctl change_password admin hunter2hunter2" })],
    input("create", "a user's password"),
  ],
  ["a cookie in one", [command({ delete: "erl -setcookie HUNTER2" })], input("delete", "an Erlang cookie")],
  ["a marked command", [command({ update: secret("./rotate") })], input("update", "what is marked as a secret")],
  [
    "an environment",
    [command({ environment: { ADMIN_PASSWORD: secret("hunter2") } })],
    input("environment", "the variable ADMIN_PASSWORD"),
  ],
  [
    "a container's environment",
    container({ envs: ["TZ=UTC", "RABBITMQ_ERLANG_COOKIE=HUNTER2"] }),
    ofContainer("envs", "the variable RABBITMQ_ERLANG_COOKIE"),
  ],
  [
    "a container's command",
    container({ command: ["sh", "-c", "curl http://a:hunter2@mq"] }),
    ofContainer("command", "a URL with a password"),
  ],
])("%s", async (_name, resources, fault) => {
  expect(await faults(secretsInCommands, ...resources)).toEqual([fault]);
});

test.each([
  ["in a first preview", unknownText, unknownText],
  ["later", secret("Gen3rated-Gen3rated"), "join Gen3rated-Gen3rated"],
])("a generated password in a command, %s", async (_name, result, create) => {
  const generated = password({ length: 24 }, { result });
  const given = command({ create }, { propertyDependencies: { create: [generated.urn] } });
  expect(await faults(secretsInCommands, generated, given)).toEqual([input("create", "rabbitmq-password")]);
});

test("no message gives a secret away", async () => {
  const given = command({ create: "add_user admin hunter2", environment: { TOKEN: "hunter2" } });
  expect((await check(secretsInCommands, given)).join()).not.toContain("hunter2");
});

test.each<[string, Registered[]]>([
  ["a secret stdin", [command({ stdin: secret("default_pass = hunter2") })]],
  ["ordinary commands and variables", [command({ environment: { LANG: "C" } }), ...container()]],
  ["a variable that names a file", container({ envs: ["DEFAULT_PASS_FILE=/run/secrets/pass"] })],
  ["a variable without a value", container({ envs: ["PASSWORD"] })],
  ["what is not known yet", [command({ create: unknownText, environment: unknownText })]],
  ["environments that are not known yet", container({ envs: unknownList, labels: [unknownText] })],
])("passes %s", async (_name, resources) => {
  expect(await check(secretsInCommands, ...resources)).toEqual([]);
});

test("passes a digest of a generated password", async () => {
  const generated = password({ length: 24 }, { result: secret("Gen3rated-Gen3rated") });
  const [provider, labelled] = container({ labels: [{ label: "settings", value: "9f86d081884c7d65" }] });
  labelled.propertyDependencies = { labels: [generated.urn] };
  expect(await check(secretsInCommands, generated, provider, labelled)).toEqual([]);
});
