import { deployDev, members } from "./support/devStack";
import { library } from "../../commands/step";
import { steps } from "../../commands/steps";
import { componentPrefix, kinds, known } from "../../plan/kinds";

/** A config that has what the dev stack leaves out. */
const everything = {
  "haproxy.log": { target: "rsyslog" },
  firewall: {},
  tls: {},
  "haproxy.ports.amqps": 15671,
  "rabbitmq.users": { web: { rotation: 2 }, "my-password": {} },
  "rabbitmq.rotation": { administrator: 2 },
};

/** A cluster made by hand, which has a cookie already. */
const adoption = {
  "rabbitmq.cookie": "by-hand-by-hand",
  "rabbitmq.nodes.0.adopt": "my-rabbitmq",
  "haproxy.adopt": "my-haproxy",
};

/** What the program registers, with the type of the component that each is part of. */
async function registered(changes: object = everything) {
  const { resources } = await deployDev({ ...changes }, members);
  const typeOf = new Map(resources.map(({ name, type }) => [name, type]));
  return resources
    .filter(({ type }) => !type.startsWith(componentPrefix) && !type.startsWith("pulumi:pulumi:"))
    .map(({ name, parent, inputs }) => ({
      ...{ name, component: (typeOf.get(parent) ?? "").replace("pulumi:pulumi:Stack", ""), new: inputs },
    }));
}

test("the table knows every resource that the program has", async () => {
  const resources = [...(await registered()), ...(await registered(adoption))];
  expect(resources.length).toBeGreaterThan(100);
  expect(resources.filter((resource) => known(resource) === undefined)).toEqual([]);
});

test("what is told with another is told with one that exists, and that tells itself", () => {
  const within = [...Object.values(kinds), ...steps].flatMap((kind) => [...(kind.within ?? [])]);
  const alone = new Set(Object.keys(kinds).filter((key) => kinds[key]?.within === undefined));
  const words = steps.filter((step) => step.within.length === 0).map(({ name }) => name.replace(/.*\//, ""));
  expect(within.filter((key) => !alone.has(key) && !words.includes(key.replace(/.*\//, "")))).toEqual([]);
});

test.each([
  ["RabbitCluster", "rabbitmq-user-web", "rabbitmq/user", "RabbitCluster/user-*", "web"],
  ["RabbitCluster", "rabbitmq-user-web.3", "rabbitmq/user", "RabbitCluster/user-*", "web"],
  ["RabbitCluster", "rabbitmq-user-web-password.3", undefined, "RabbitCluster/user-*-password", "web"],
  ["RabbitCluster", "rabbitmq-administrator.2", "rabbitmq/administrator", "RabbitCluster/administrator", "rabbitmq"],
  ["RabbitCluster", "rabbitmq1-adoptable", "rabbitmq/adoptable", "RabbitCluster/adoptable", "rabbitmq1"],
  ["Firewall", "firewall-host1", "firewall", "Firewall/firewall-*", "host1"],
  ["Host", "host1-prepare", "prepare", "Host/prepare", "host1"],
  ["HaproxyPair", "haproxy-host4-ready", "haproxy/ready", "HaproxyPair/ready", "haproxy-host4"],
])("in %s, %s, which runs %s, is %s of %s", (component, name, step, key, of) => {
  const now = step === undefined ? {} : { new: { create: `sudo -n ${library}/current/warren create ${step} ${name}` } };
  expect(known({ component: componentPrefix + component, name, ...now })).toMatchObject({ key, of });
});

test.each([
  ["deployment", undefined],
  ["service", "service"],
])("%s is the stack's own", (name, step) => {
  const now = step === undefined ? {} : { new: { create: `${library}/current/warren create ${step} ${name}` } };
  expect(known({ component: "", name, ...now })).toMatchObject({ key: name, of: name });
});

test("a name that holds an ending is read to its own", () => {
  expect(known({ component: `${componentPrefix}RabbitNode`, name: "a-boot-container" })).toMatchObject({
    key: "RabbitNode/container",
    of: "a-boot",
  });
});
