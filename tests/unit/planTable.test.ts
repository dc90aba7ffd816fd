import { deployDev, members } from "./support/devStack";
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
    .map(({ name, parent }) => ({ name, component: typeOf.get(parent) ?? "" }));
}

test("the table knows every resource that the program has", async () => {
  const resources = [...(await registered()), ...(await registered(adoption))];
  expect(resources.length).toBeGreaterThan(100);
  expect(resources.filter((resource) => known(resource) === undefined)).toEqual([]);
});

test("what is told with another is told with one that exists, and that tells itself", () => {
  const within = Object.values(kinds).flatMap((kind) => [...(kind.within ?? [])]);
  expect(within.filter((key) => kinds[key]?.within !== undefined || !(key in kinds))).toEqual([]);
});

test.each([
  ["RabbitCluster", "rabbitmq-user-web", "RabbitCluster/user-*", "web"],
  ["RabbitCluster", "rabbitmq-user-web.3", "RabbitCluster/user-*", "web"],
  ["RabbitCluster", "rabbitmq-user-web-password.3", "RabbitCluster/user-*-password", "web"],
  ["RabbitCluster", "rabbitmq-administrator.2", "RabbitCluster/administrator", "rabbitmq"],
  ["RabbitCluster", "rabbitmq1-adoptable", "RabbitCluster/adoptable", "rabbitmq1"],
  ["Firewall", "firewall-host1", "Firewall/*", "host1"],
])("in %s, %s is %s of %s", (component, name, key, of) => {
  expect(known({ component: componentPrefix + component, name })).toMatchObject({ key, of });
});

test("a name that holds an ending is read to its own", () => {
  expect(known({ component: `${componentPrefix}RabbitNode`, name: "a-boot-container" })).toMatchObject({
    key: "RabbitNode/container",
    of: "a-boot",
  });
});
