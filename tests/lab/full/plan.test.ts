import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { inLab, ofDefaultLab, resetLab, root } from "../support/hosts";
import { Stack, type Run, type StackFile } from "../support/stack";

/*
 * `npm run plan` beside files that hold what it should say (`docs/plans/`). WARREN_WRITE_PLANS=1 writes them anew; read
 * what has changed before you commit it.
 */
const plans = join(root, "docs/plans");
mkdirSync(plans, { recursive: true });

/** What the file of that name says; or, where it is to be written, what was found. */
function expected(name: string, found: string): string {
  const file = join(plans, `${name}.md`);
  if (process.env["WARREN_WRITE_PLANS"] === "1") writeFileSync(file, found);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

const rotated = "another-correct-horse";

/** Changes of the dev stack's config; none of them is ever deployed. */
const changes: [name: string, status: number, change: (config: StackFile) => unknown][] = [
  ["no-change", 0, () => undefined],
  [
    "grow",
    2,
    (config) => {
      config["warren:rabbitmq"].nodes.push(
        { name: "rabbitmq4", host: "host4", type: "disc" },
        { name: "rabbitmq5", host: "host5", type: "disc" },
      );
    },
  ],
  ["shrink", 2, (config) => config["warren:rabbitmq"].nodes.pop()],
  [
    "replaced-root",
    2,
    (config) => {
      config["warren:rabbitmq"].nodes.shift();
      config["warren:rabbitmq"].nodes.push({ name: "rabbitmq4", host: "host4", type: "disc" });
    },
  ],
  ["replaced-host", 2, (config) => (config["warren:hosts"]["host2"]!["machine"] = "serial-4711")],
  ["changed-type", 2, (config) => (config["warren:rabbitmq"].nodes[2]!.type = "disc")],
  ["lost-host", 2, (config) => (config["warren:hosts"]["host3"]!["lost"] = true)],
  ["changed-setting", 2, (config) => (config["warren:rabbitmq"].settings = { channel_max: 1000, heartbeat: 30 })],
  [
    "enabled-plugin",
    2,
    (config) =>
      (config["warren:rabbitmq"]["plugins"] = ["rabbitmq_management", "rabbitmq_prometheus", "rabbitmq_shovel"]),
  ],
  ["changed-image", 2, (config) => (config["warren:rabbitmq"].image = "rabbitmq:3.9.29-management")],
  ["rotated-password", 2, (config) => (config["warren:rabbitmq"]["password"] = rotated)],
  ["rotated-logins", 2, (config) => (config["warren:rabbitmq"]["rotation"] = { administrator: 2 })],
  ["rotated-cookie", 2, (config) => (config["warren:rabbitmq"]["rotation"] = { cookie: 2 })],
  ["rotated-vrrp-password", 2, (config) => (config["warren:vip"]!["rotation"] = 2)],
  ["stopped", 2, (config) => (config["warren:rabbitmq"]["stopped"] = true)],
  ["firewall", 2, (config) => Object.assign(config, { "warren:firewall": { management: [] } })],
  ["changed-balancers", 2, (config) => (config["warren:haproxy"].ports["stats"] = 8200)],
  ["changed-virtual-ip", 2, (config) => (config["warren:vip"]!["address"] = `${inLab(101)}/24`)],
  ["broken-policy", 1, (config) => (config["warren:rabbitmq"]["dataDirectory"] = "/tmp/rabbitmq")],
];

describe("npm run plan", () => {
  const stack = new Stack("plans", (config) => {
    // The brokers that join have their own management page on the balancers' hosts.
    config["warren:haproxy"].ports = { amqp: 15670, stats: 8100 };
  });
  const said: string[] = [];

  async function planned(): Promise<Run> {
    const run = await stack.plan();
    said.push(run.output);
    return { ...run, output: ofDefaultLab(run.output) };
  }

  beforeAll(async () => {
    await resetLab();
    await stack.init();
  }, 300_000);

  afterAll(async () => {
    await stack.destroy();
    stack.remove();
  }, 300_000);

  test("a first deployment", async () => {
    const { code, output } = await planned();
    expect(output).toBe(expected("first-deployment", output));
    expect(code).toBe(2);
  }, 300_000);

  test("the stack is deployed", async () => {
    await stack.up();
  }, 900_000);

  test.each(changes)(
    "%s",
    async (name, status, change) => {
      const before = stack.config();
      stack.change(change);
      const { code, output } = await planned();
      stack.change((config) => {
        for (const key of Object.keys(config)) if (!(key in before)) Reflect.deleteProperty(config, key);
        Object.assign(config, before);
      });
      expect(output).toBe(expected(name, output));
      expect(code).toBe(status);
    },
    300_000,
  );

  test("an error in the config", async () => {
    const before = stack.config();
    stack.change((config) => (config["warren:rabbitmq"].nodes[1]!.host = "host9"));
    const { code, output } = await planned();
    stack.change((config) => {
      Object.assign(config, before);
    });
    expect(output).toContain("**The preview fails:**");
    expect(output).toContain("warren:rabbitmq.nodes[1].host");
    expect(code).toBe(1);
  }, 300_000);

  test("a stack that does not exist is an error, and no plan", async () => {
    const { code, output } = await stack.plan("--stack", "nowhere");
    expect(output).toMatch(/no stack named 'nowhere' found/);
    expect(output).not.toContain("##");
    expect(code).toBe(1);
  }, 300_000);

  test("no secret was ever said", async () => {
    const { deployment } = JSON.parse(await stack.export("plain")) as { deployment: object };
    const secrets = [...new Set(plainTexts(deployment))].filter((text) => text.length >= 8);
    // Four generated ones, the files that hold them, the private key.
    expect(secrets.length).toBeGreaterThan(10);
    for (const secret of [...secrets, rotated]) {
      expect(said.filter((plan) => plan.includes(secret))).toEqual([]);
    }
    expect(said.join("")).not.toMatch(/PRIVATE KEY|default_pass|auth_pass/);
  });
});

/** What a state holds as secrets. */
function plainTexts(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const { plaintext, ...others } = value as { plaintext?: string };
  const own = plaintext === undefined ? [] : texts(JSON.parse(plaintext));
  return [...own, ...Object.values(others).flatMap(plainTexts)];
}

function texts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
}
