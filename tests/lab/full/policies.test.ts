import { readFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "../support/hosts";
import { Stack, type StackFile } from "../support/stack";

/*
 * The pack as the engine runs it, through the language host, beside the real program. Previews of a stack that does not
 * exist yet: they touch no host. policies/tests/ has many more stacks, without an engine.
 */

type Change = (config: StackFile) => void;

/** What the pack says of a stack's first preview: each policy that is broken, with its level; and the exit status. */
async function judged(change: Change, ...args: string[]): Promise<{ code: number; broken: string[] }> {
  const stack = new Stack("judged", change);
  try {
    await stack.init();
    const { code, output } = await stack.plan(...args);
    const found = [...output.matchAll(/^- \*\*(\w+)\*\* `([\w-]+)`/gm)].map(
      ([, level, policy]) => `${level}: ${policy}`,
    );
    if (found.length === 0 && !output.includes("All are kept.")) throw new Error(output);
    return { code, broken: [...new Set(found)].sort() };
  } finally {
    stack.remove();
  }
}

const levels = join(root, "policies/dev.json");
const labs = ["--policy-levels", levels];
const nodes = (...types: ("disc" | "ram")[]) =>
  types.map((type, index) => ({ name: `rabbitmq${index + 1}`, host: `host${index + 1}`, type }));

test("the dev stack keeps every policy that its own levels leave on", async () => {
  expect(await judged(() => undefined, ...labs)).toEqual({ code: 2, broken: [] });
  expect(Object.keys(JSON.parse(readFileSync(levels, "utf8")) as object)).toEqual(["image-digests", "vip-router-id"]);
}, 120_000);

test("without those levels it is advised of what they switch off, and no more", async () => {
  expect(await judged(() => undefined)).toEqual({
    code: 2,
    broken: ["advisory: image-digests", "advisory: vip-router-id"],
  });
}, 120_000);

const bad: [string, string, Change][] = [
  ["a single disc node", "two-disc-nodes", (config) => (config["warren:rabbitmq"].nodes = nodes("disc", "ram", "ram"))],
  [
    "two members of a 4.x",
    "odd-members",
    (config) =>
      Object.assign(config["warren:rabbitmq"], { image: "rabbitmq:4.0.5-management", nodes: nodes("disc", "disc") }),
  ],
  ["data in /tmp", "data-directory", (config) => (config["warren:rabbitmq"]["dataDirectory"] = "/tmp/rabbitmq")],
  ["VRRP's password from a tutorial", "credentials", (config) => (config["warren:vip"]!["password"] = "11111111")],
  [
    "heartbeats slower than the timeouts",
    "balancer-timeouts",
    (config) => (config["warren:rabbitmq"].settings = { heartbeat: 7200 }),
  ],
];

test.each(bad)(
  "%s: %s",
  async (_what, policy, change) => {
    expect(await judged(change, ...labs)).toEqual({ code: 1, broken: [`mandatory: ${policy}`] });
  },
  120_000,
);

test("hosts without a key: host-keys, which only advises", async () => {
  const change: Change = (config) => {
    delete (config["warren:ssh"] as { knownHostsFile?: string }).knownHostsFile;
  };
  expect(await judged(change, ...labs)).toEqual({ code: 2, broken: ["advisory: host-keys"] });
}, 120_000);
