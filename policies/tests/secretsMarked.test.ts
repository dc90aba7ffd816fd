import { render } from "../../commands/step";
import { secretsMarked } from "../rules/secretsMarked";
import { judge } from "./harness";
import { check, command, faults, password } from "./resources";
import { secret, unknownText, type Registered } from "./wire";

const cookie = render({ files: [{ path: "/srv/mq/data/.erlang.cookie", mode: "0400", content: "COOKIECOOKIE" }] });
const conf = render({
  files: [{ path: "/srv/mq/rabbitmq.conf", mode: "0440", content: "default_pass = hunter2hunter2\n" }],
});
const pem = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n";
const stdin = "The input stdin of rabbitmq1-files holds";

test.each<[string, Registered, string]>([
  ["a password in a file", command({ stdin: conf }), `${stdin} a broker's password (default_pass) and is not marked.`],
  ["the cookie's file", command({ stdin: cookie }), `${stdin} the Erlang cookie and is not marked.`],
  ["a private key", command({ stdin: `cat > key <<E\n${pem}E` }), `${stdin} a private key and is not marked.`],
  ["a URL", command({ stdin: "curl amqp://app:hunter2@mq" }), `${stdin} a URL with a password and is not marked.`],
  [
    "a login",
    command({ connection: { host: "192.0.2.11", privateKey: pem } }),
    "The input connection of rabbitmq1-files holds a private key and is not marked.",
  ],
])("%s", async (_name, resource, fault) => {
  expect(await faults(secretsMarked, resource)).toEqual([fault]);
});

test("a generated password that has no form of its own", async () => {
  const generated = password({ length: 24 }, { result: secret("Gen3rated-Gen3rated") });
  const propertyDependencies = { stdin: [generated.urn] };
  const given = command({ stdin: "echo Gen3rated-Gen3rated > app.env" }, { propertyDependencies });
  expect(await faults(secretsMarked, generated, given)).toEqual([`${stdin} rabbitmq-password and is not marked.`]);
});

test("a generated password as a trigger", async () => {
  const generated = password({ length: 24 }, { result: secret("Gen3rated-Gen3rated") });
  const given = command({ triggers: ["Gen3rated-Gen3rated"] }, { propertyDependencies: { triggers: [generated.urn] } });
  expect(await faults(secretsMarked, generated, given)).toEqual([
    "The input triggers of rabbitmq1-files holds rabbitmq-password and is not marked.",
  ]);
});

test("no message gives a secret away", async () => {
  expect((await check(secretsMarked, command({ stdin: conf }))).join()).not.toMatch(/hunter2|COOKIE/);
});

test("says so once where the watch is switched off", async () => {
  const resources = [1, 2, 3].map((number) => {
    const urn = `urn:pulumi:test::warren::command:remote:Command::unseen${number}`;
    return { ...command({ stdin: number < 3 ? conf : "uptime" }), urn };
  });
  const found = await judge({ resources }, [secretsMarked]);
  expect(found.map(({ message }) => message)).toEqual([
    "Whether the secrets of 2 commands are marked could not be seen. " +
      `${secretsMarked.rule.why} Set the policy secrets-watch back to remediate, by which it changes nothing.`,
  ]);
});

test.each<[string, Registered[]]>([
  ["what is marked", [command({ stdin: secret(conf + cookie), connection: secret({ privateKey: pem }) })]],
  ["a login marked within", [command({ connection: { host: "192.0.2.11", privateKey: secret(pem) } })]],
  ["scripts without a secret", [command({ stdin: 'pass=$(cat f)\ncurl -u "$user:$pass" http://127.0.0.1/' })]],
  ["what is not known yet", [command({ stdin: unknownText, connection: { privateKey: unknownText } })]],
  ["a secret that is not known yet", [command({ stdin: secret(unknownText) })]],
])("passes %s", async (_name, resources) => {
  expect(await check(secretsMarked, ...resources)).toEqual([]);
});

test("passes a digest of a generated password, and one that is not known yet", async () => {
  const propertyDependencies = { triggers: [password({}).urn] };
  const trigger = (value: string) => command({ triggers: [value] }, { propertyDependencies });
  const known = password({ length: 24 }, { result: secret("Gen3rated-Gen3rated") });
  expect(await check(secretsMarked, known, trigger("9f86d081884c7d65"))).toEqual([]);
  const later = password({ length: 24 }, { result: unknownText });
  expect(await check(secretsMarked, later, trigger(unknownText))).toEqual([]);
});
