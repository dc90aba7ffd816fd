import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { deployDev, home, loginKey, nodes } from "./support/devStack";
import { whereabouts } from "./support/leaks";
import { unsealed, type Deployment } from "./support/mocks";

import { certificate, certificateKey } from "./configFixture";

/*
 * Secrets, as the engine gets them: each stands in Pulumi's envelope wherever it goes, and goes by standard input alone. A
 * generated one is a secret output of its own resource.
 */

/** The second line of a key is like no other key's. */
const lineOf = (pem: string) => pem.split("\n")[1] ?? "";

const generated = {
  cookie: "generated-rabbitmq-cookie",
  password: "generated-rabbitmq-password",
  stats: "generated-haproxy-stats-password",
  vrrp: "generated-vip-password",
  login: lineOf(loginKey),
};

const everything = (deployment: Deployment) => ({
  ...Object.fromEntries(deployment.resources.map(({ name, inputs }) => [name, inputs])),
  ...Object.fromEntries(
    deployment.resources
      .filter(({ custom }) => !custom)
      .map(({ name }) => [`outputs of ${name}`, deployment.outputsOf(name)]),
  ),
});

const commandsOf = (deployment: Deployment) =>
  deployment.resources.filter(({ type }) => type === "command:remote:Command").map(({ name }) => name);

const files = nodes.map((node) => `${node}-files.stdin`);
const configurations = nodes.flatMap((node) => [`${node}-configuration.stdin`, `${node}-trial.stdin`]);
const balancers = ["host4", "host5"].map((host) => `haproxy-${host}`);
const configs = balancers.map((balancer) => `${balancer}-config.stdin`);
/** The balancers are asked what they see. */
const looks = balancers.flatMap((balancer) => [`${balancer}-config.stdin`, `${balancer}-ready.stdin`]);
const services = ["vip-host4-config.stdin", "vip-host5-config.stdin"];

describe("generated secrets", () => {
  let dev: Deployment;
  beforeAll(async () => {
    dev = await deployDev();
  });

  test("stand nowhere in the open, and are sealed wherever they are needed", () => {
    expect(whereabouts(everything(dev), generated)).toEqual({
      open: [],
      sealed: {
        cookie: files,
        password: [
          "outputs of rabbitmq.password",
          "outputs of warren-dev.amqpUrl",
          "outputs of warren-dev.password",
          "outputs of warren.amqpUrl",
          "outputs of warren.password",
          "rabbitmq-administrator.stdin",
          ...configurations,
          "service.stdin",
        ],
        stats: [
          ...looks,
          "outputs of haproxy.statsPassword",
          "outputs of warren-dev.stats.password",
          "outputs of warren.stats.password",
          "service.stdin",
        ],
        vrrp: services,
        login: commandsOf(dev)
          .map((name) => `${name}.connection.privateKey`)
          .sort(),
      },
    });
  });

  test("are long enough, of characters that no file has to escape, and kept secret by their resources", () => {
    const made = dev.resources.filter(({ type }) => type === "random:index/randomPassword:RandomPassword");
    expect(Object.fromEntries(made.map(({ name, inputs }) => [name, inputs]))).toEqual({
      "rabbitmq-cookie": { length: 32, special: false },
      "rabbitmq-password": { length: 24, special: false },
      "haproxy-stats-password": { length: 24, special: false },
      "vip-password": { length: 8, special: false },
    });
    for (const { additionalSecretOutputs } of made) expect(additionalSecretOutputs).toContain("result");
  });

  test("a cookie is a value by itself, in no file's text", () => {
    for (const node of nodes) {
      expect(unsealed(dev.resource(`${node}-files`).inputs["stdin"])).toContain(`\ncookie=${generated.cookie}\n`);
    }
  });

  test("what scripts print stays secret: of all commands, only the cluster's status is shown", () => {
    for (const name of commandsOf(dev)) {
      expect(dev.resource(name).additionalSecretOutputs).toEqual(expect.arrayContaining(["stdout", "stderr"]));
    }
    expect(whereabouts(everything(dev), { stdout: "stdout of " })).toEqual({ open: [], sealed: {} });
    expect(dev.outputsOf()["members"]).toMatchObject({ disc: ["rabbit@rabbitmq1", "rabbit@rabbitmq2"] });
  });
});

describe("secrets of the config", () => {
  const given = {
    cookie: "given-cookie-of-any-kind",
    password: "given-rabbitmq-password",
    stats: "given-stats-password",
    vrrp: "givenVip",
    tls: lineOf(certificateKey),
    login: lineOf(loginKey),
  };
  const changes = {
    "rabbitmq.cookie": given.cookie,
    "rabbitmq.password": given.password,
    "haproxy.stats.password": given.stats,
    "vip.password": given.vrrp,
    "haproxy.ports.amqps": 15671,
    "haproxy.tls.certificateFile": join(home, "tls.pem"),
  };
  beforeAll(() => {
    writeFileSync(join(home, "tls.pem"), certificate + certificateKey);
  });

  test("are sealed as generated ones are, and take their place", async () => {
    const dev = await deployDev(changes);
    expect(whereabouts(everything(dev), given)).toEqual({
      open: [],
      sealed: {
        cookie: files,
        password: [
          "outputs of rabbitmq.password",
          "outputs of warren-dev.amqpUrl",
          "outputs of warren-dev.amqpsUrl",
          "outputs of warren-dev.password",
          "outputs of warren.amqpUrl",
          "outputs of warren.amqpsUrl",
          "outputs of warren.password",
          "rabbitmq-administrator.stdin",
          ...configurations,
          "service.stdin",
        ],
        stats: [
          ...looks,
          "outputs of haproxy.statsPassword",
          "outputs of warren-dev.stats.password",
          "outputs of warren.stats.password",
          "service.stdin",
        ],
        vrrp: services,
        tls: configs,
        login: commandsOf(dev)
          .map((name) => `${name}.connection.privateKey`)
          .sort(),
      },
    });
    const made = dev.resources.filter(({ type }) => type === "random:index/randomPassword:RandomPassword");
    expect(made.map(({ name }) => name)).toEqual([]);
  });

  test("settings of the broker may be secrets, and are sealed", async () => {
    const dev = await deployDev({ "rabbitmq.settings": { "ssl_options.password": "given-key-password" } });
    expect(whereabouts(everything(dev), { setting: "given-key-password" })).toEqual({
      open: [],
      sealed: { setting: configurations },
    });
  });
});

describe("rotation", () => {
  const keepers = (deployment: Deployment) =>
    Object.fromEntries(
      deployment.resources
        .filter(({ type }) => type === "random:index/randomPassword:RandomPassword")
        .map(({ name, inputs }) => [name, inputs["keepers"]]),
    );

  test("the first secrets have no keepers, as those of older stacks have none", async () => {
    const first = { "rabbitmq.rotation": { cookie: 1 }, "haproxy.stats": { rotation: 1 }, "vip.rotation": 1 };
    const none = {
      "rabbitmq-cookie": undefined,
      "rabbitmq-password": undefined,
      "haproxy-stats-password": undefined,
      "vip-password": undefined,
    };
    expect(keepers(await deployDev(first))).toEqual(none);
  });

  test("another number is another secret, of that kind alone", async () => {
    expect(keepers(await deployDev({ "rabbitmq.rotation.cookie": 2 }))).toMatchObject({
      "rabbitmq-cookie": { rotation: "2" },
      "haproxy-stats-password": undefined,
    });
    expect(keepers(await deployDev({ "haproxy.stats": { rotation: 3 }, "vip.rotation": 4 }))).toMatchObject({
      "rabbitmq-cookie": undefined,
      "haproxy-stats-password": { rotation: "3" },
      "vip-password": { rotation: "4" },
    });
  });

  test("nothing of a container's own changes with a cookie: nothing restarts", async () => {
    const [before, after] = [await deployDev(), await deployDev({ "rabbitmq.cookie": "given-by-the-user" })];
    for (const node of nodes) {
      expect(after.resource(`${node}-container`).inputs).toEqual(before.resource(`${node}-container`).inputs);
      expect(after.resource(`${node}-gate`).inputs).toEqual(before.resource(`${node}-gate`).inputs);
    }
  });
});

describe("the search itself", () => {
  const secrets = { word: "s3cret-word" };

  test.each<[string, unknown]>([
    ["in a text", { a: { b: "say s3cret-word!" } }],
    ["in base64", { a: { b: `x ${Buffer.from("a s3cret-word in a file").toString("base64")} y` } }],
    ["as a key", { a: { b: { "s3cret-word": 1 } } }],
  ])("finds a secret %s", (_title, value) => {
    expect(whereabouts({ value }, secrets)).toEqual({ open: ["word: value.a.b"], sealed: {} });
  });
});
