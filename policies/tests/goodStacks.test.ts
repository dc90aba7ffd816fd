import { readFileSync } from "node:fs";
import { join } from "node:path";

import { judge, type Violation } from "./harness";
import { build, configOf, devConfig, goodConfig, nodes, type Raw } from "./stack";
import type { Stack } from "./wire";

async function found(stack: Stack): Promise<string[]> {
  return (await judge(stack)).map(({ policy, message }) => `${policy}: ${message}`);
}

describe("good stacks", () => {
  const good: [string, () => Raw][] = [
    ["the dev stack's topology", goodConfig],
    [
      "three machines for everything",
      () => {
        const raw = goodConfig();
        const ports = { amqp: 15670, stats: 8100, management: 25673 };
        Object.assign(raw.haproxy ?? {}, { hosts: ["host1", "host2"], ports });
        return raw;
      },
    ],
    [
      "five members of a 4.x, given passwords, a login that is not root",
      () => {
        const raw = goodConfig();
        const image = `registry.example:5000/rabbitmq:4.0.5-management@sha256:${"1".repeat(64)}`;
        const rabbitmq = { image, nodes: nodes("disc", "disc", "disc", "disc", "disc") };
        Object.assign(raw.rabbitmq ?? {}, rabbitmq, { password: "correct-horse-battery", username: "operator" });
        Object.assign(raw.haproxy ?? {}, { hosts: ["host1", "host2"], ports: { amqp: 15670, stats: 8100 } });
        Object.assign(raw.haproxy ?? {}, { stats: { username: "watch", password: "staple-of-the-correct" } });
        Object.assign(raw.ssh ?? {}, { user: "ops", port: 2222 });
        Object.assign(raw.vip ?? {}, { password: "k7Gq2LpX", check: { weight: -20 } });
        return raw;
      },
    ],
    [
      "a pair with mirrored queues, without a virtual IP",
      () => {
        const raw = goodConfig();
        delete raw.vip;
        Object.assign(raw.rabbitmq ?? {}, { nodes: nodes("disc", "disc"), settings: { heartbeat: 30 } });
        return raw;
      },
    ],
    [
      "a single node with one balancer",
      () => {
        const raw = goodConfig();
        Object.assign(raw.rabbitmq ?? {}, { nodes: nodes("disc") });
        Object.assign(raw.haproxy ?? {}, { hosts: ["host2"] });
        return raw;
      },
    ],
  ];

  test.each(good)("%s: nothing to say of its first preview", async (_name, raw) => {
    expect(await found(await build(configOf(raw()), { preview: true }))).toEqual([]);
  });

  test.each(good)("%s: nothing to say of its update", async (_name, raw) => {
    expect(await found(await build(configOf(raw())))).toEqual([]);
  });
});

describe("the dev stack", () => {
  const levels = JSON.parse(readFileSync(join(__dirname, "../dev.json"), "utf8")) as Record<string, string>;
  let said: Violation[];
  beforeAll(async () => {
    said = await judge(await build(configOf(devConfig())));
  });

  test("breaks no mandatory policy", () => {
    expect(said.filter(({ level }) => level !== "advisory")).toEqual([]);
  });

  test("breaks only what its own levels (dev.json) switch off", () => {
    expect(said.filter(({ policy }) => levels[policy] !== "disabled")).toEqual([]);
  });
});
