import { deployDev, members } from "./support/devStack";
import { whereabouts } from "./support/leaks";
import { sealed, unsealed, type Deployment } from "./support/mocks";
import { stepInput, stepOf } from "./support/steps";

import * as rabbitmq from "../../commands/rabbitmq";

/* Logins that are rotated: which resources there are, what they run, and who is handed what. */

const place = { name: "rabbitmq1", container: "rabbitmq", directory: "/var/lib/warren/rabbitmq/rabbitmq1" };
const stdin = (deployment: Deployment, name: string) => unsealed(deployment.resource(name).inputs["stdin"]);
const names = (deployment: Deployment) =>
  deployment.resources.map(({ name }) => name).filter((name) => /-(administrator|user-|password)/.test(name));
const others = ["haproxy-stats-password", "vip-password"];
const administrator = ["rabbitmq-administrator", "rabbitmq-password"];
/** A former login of a release before 0.2 has a whole script: its commands stay with it. */
const ignoredOfFormer = ["create", "update", "delete", "stdin"];
const defaults = { vhosts: ["app"], configure: ".*", write: ".*", read: ".*", tags: [] };

describe("an application's user", () => {
  const orders = (settings: object = {}) => deployDev({ "rabbitmq.users": { orders: settings } });

  test("is one login with a password of its own, made on a member once the administrator is there", async () => {
    const dev = await orders({ write: "^orders", tags: ["monitoring"] });
    expect(names(dev).sort()).toEqual(
      [...administrator, ...others, "rabbitmq-user-orders", "rabbitmq-user-orders-password"].sort(),
    );
    const wanted = { ...defaults, write: "^orders", tags: ["monitoring"] };
    const login = { username: "orders", password: "generated-rabbitmq-user-orders-password" };
    const user = { ...login, ...wanted };
    expect(stepOf(dev.resource("rabbitmq-user-orders"))).toBe("rabbitmq/user");
    expect(dev.resource("rabbitmq-user-orders").inputs["delete"]).toContain("delete rabbitmq/user");
    expect(stdin(dev, "rabbitmq-user-orders")).toBe(
      stepInput({
        ...place,
        username: "orders",
        vhosts: ["app"],
        definitions: rabbitmq.userDefinitions(user),
        wanted: rabbitmq.userLines(user),
      }),
    );
    expect(dev.resource("rabbitmq-user-orders").dependsOn).toContain("rabbitmq-administrator");
    expect(dev.outputsOf()["users"]).toEqual({ orders: { username: "orders", password: sealed(login.password) } });
  });

  test("is two logins after a rotation; clients are handed the newer, the former is left as it is", async () => {
    const dev = await orders({ rotation: 2 });
    expect(names(dev).filter((name) => name.includes("user"))).toEqual(
      expect.arrayContaining([
        "rabbitmq-user-orders",
        "rabbitmq-user-orders-password",
        "rabbitmq-user-orders.2",
        "rabbitmq-user-orders-password.2",
      ]),
    );
    expect(dev.resource("rabbitmq-user-orders").ignoreChanges).toEqual(ignoredOfFormer);
    expect(dev.resource("rabbitmq-user-orders.2").ignoreChanges).toEqual([]);
    const password = "generated-rabbitmq-user-orders-password.2";
    expect(dev.outputsOf()["users"]).toEqual({ orders: { username: "orders.2", password: sealed(password) } });
    // The first one's resources are the same as before: neither is replaced.
    const before = await orders();
    for (const name of ["rabbitmq-user-orders", "rabbitmq-user-orders-password"])
      expect(dev.resource(name).inputs).toEqual(before.resource(name).inputs);
  });

  test("is one login again when the former is retired", async () => {
    const dev = await orders({ rotation: 2, retired: 1 });
    expect(names(dev).filter((name) => name.includes("user"))).toEqual([
      "rabbitmq-user-orders-password.2",
      "rabbitmq-user-orders.2",
    ]);
  });

  test("may have a password of the config's; nothing is generated then", async () => {
    const dev = await orders({ rotation: 2, password: "given-for-orders" });
    expect(names(dev).filter((name) => name.includes("user"))).toEqual([
      "rabbitmq-user-orders",
      "rabbitmq-user-orders.2",
    ]);
    const users = { orders: { username: "orders.2", password: sealed("given-for-orders") } };
    expect(dev.outputsOf()["users"]).toEqual(users);
    const values = Object.fromEntries(dev.resources.map(({ name, inputs }) => [name, inputs]));
    expect(whereabouts(values, { password: "given-for-orders" })).toEqual({ open: [], sealed: {} });
  });
});

describe("the administrator", () => {
  test("is two logins after a rotation; the brokers, the URL and clients are told the newer", async () => {
    const dev = await deployDev({ "rabbitmq.rotation": { administrator: 2 } }, members);
    expect(names(dev).sort()).toEqual(
      [...administrator, ...others, "rabbitmq-administrator.2", "rabbitmq-password.2"].sort(),
    );
    const password = "generated-rabbitmq-password.2";
    expect(dev.outputsOf()).toMatchObject({
      username: "admin.2",
      password: sealed(password),
      amqpUrl: sealed(`amqp://admin.2:${password}@198.18.66.100:15670/app`),
    });
    const login = { username: "admin.2", password, vhost: "app" };
    expect(stdin(dev, "rabbitmq-administrator.2")).toBe(
      stepInput({
        ...place,
        username: login.username,
        password,
        path: rabbitmq.permissionsPath("app", "admin.2"),
        definitions: rabbitmq.administratorDefinitions(login),
        managementPort: 15672,
      }),
    );
    const conf = /\/rabbitmq\.conf (\S+)/.exec(String(stdin(dev, "rabbitmq1-configuration")))?.[1] ?? "";
    expect(Buffer.from(conf, "base64").toString()).toContain(`default_user = admin.2\ndefault_pass = ${password}\n`);
  });

  test("is one login again when the former is retired", async () => {
    const dev = await deployDev({ "rabbitmq.rotation": { administrator: 2, retiredAdministrator: 1 } }, members);
    expect(names(dev).sort()).toEqual([...others, "rabbitmq-administrator.2", "rabbitmq-password.2"].sort());
  });

  test("is rotated without a change of any container or gate", async () => {
    const [before, after] = [
      await deployDev({}, members),
      await deployDev({ "rabbitmq.rotation": { administrator: 2 } }, members),
    ];
    for (const { name } of members)
      for (const part of [`${name}-container`, `${name}-gate`])
        expect(after.resource(part).inputs).toEqual(before.resource(part).inputs);
  });
});

test("a leap is refused before any step, by the last outputs", async () => {
  const last = { username: "admin", users: sealed({ orders: { username: "orders", password: "x" } }) };
  const changes = { "rabbitmq.rotation": { administrator: 3 }, "rabbitmq.users": { orders: { rotation: 3 } } };
  await expect(deployDev(changes, members, last)).rejects.toThrow(
    [
      'Stack "dev": 2 errors in its configuration. Nothing was touched.',
      "  warren:rabbitmq.rotation.administrator: 3 - must be 1 or 2: admin is in use, and one step is taken at a time",
      "  warren:rabbitmq.users.orders.rotation: 3 - must be 1 or 2: orders is in use, and one step is taken at a time",
    ].join("\n"),
  );
});
