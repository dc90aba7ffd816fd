import { deployDev, members } from "./support/devStack";
import { componentPrefix, kinds, known } from "../../plan/kinds";

/** What the program registers, with the type of the component that each is part of. */
async function registered() {
  const { resources } = await deployDev({ "haproxy.log": { target: "rsyslog" } }, members);
  const typeOf = new Map(resources.map(({ name, type }) => [name, type]));
  return resources
    .filter(({ type }) => !type.startsWith(componentPrefix) && !type.startsWith("pulumi:pulumi:"))
    .map(({ name, parent }) => ({ name, component: typeOf.get(parent) ?? "" }));
}

test("the table knows every resource that the program has", async () => {
  const resources = await registered();
  expect(resources.length).toBeGreaterThan(50);
  expect(resources.filter((resource) => known(resource) === undefined)).toEqual([]);
});

test("what is told with another is told with one that exists, and that tells itself", () => {
  const within = Object.values(kinds).flatMap((kind) => kind.within ?? []);
  expect(within.filter((key) => kinds[key]?.within !== undefined || !(key in kinds))).toEqual([]);
});

test("a name that holds an ending is read to its own", () => {
  expect(known({ component: `${componentPrefix}RabbitNode`, name: "a-boot-container" })).toMatchObject({
    key: "RabbitNode/container",
    of: "a-boot",
  });
});
