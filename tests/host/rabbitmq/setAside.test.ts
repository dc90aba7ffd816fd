import { readdirSync } from "node:fs";

import { setAside } from "../../../commands/rabbitmq";
import type { Stubs } from "../../unit/support/bash";
import { runStep } from "../support/step";
import { Node } from "./node";

/* The data of a node that its cluster has forgotten. */

const database = "data/mnesia/rabbit@rabbitmq2";
const nodesFile = `${database}/cluster_nodes.config`;
const members = "{[rabbit@rabbitmq1,rabbit@rabbitmq2],[rabbit@rabbitmq1,rabbit@rabbitmq2]}.";
const free: Stubs[string] = { "ps -aq --filter name=^/rabbitmq$": {} };

const run = async (files: Record<string, string>, docker = free) => {
  const node = new Node("rabbitmq2", { "data/.erlang.cookie": "cookie", ...files });
  const { code, stdout, stderr } = await runStep(setAside, node.place, {
    part: "run",
    root: node.root,
    stubs: { docker, date: { "-u": { stdout: "20260102T030405Z\n" } } },
  });
  return { code, stdout, stderr, node };
};

test("are moved aside whole, and its marks are gone", async () => {
  const { code, stdout, stderr, node } = await run({ [nodesFile]: members, leaving: "", retyping: "" });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(readdirSync(node.path("data")).sort()).toEqual([".erlang.cookie", "mnesia.forgotten-20260102T030405Z"]);
  expect(node.read(nodesFile.replace("mnesia", "mnesia.forgotten-20260102T030405Z"))).toBe(members);
  expect([node.has("leaving"), node.has("retyping")]).toEqual([false, false]);
});

test("are no more there after a run that was killed: nothing is done", async () => {
  expect(await run({}, {})).toMatchObject({ code: 0, stdout: "", stderr: "" });
});

test.each(["msg_stores/vhosts/ABC/queues/DEF/x", "quorum/rabbit@rabbitmq2/x/y", "stream/x/y"])(
  "are left where they are with queues among them: %s",
  async (queue) => {
    const { code, stderr, node } = await run({ [nodesFile]: members, [`${database}/${queue}`]: "" });
    expect(code).toBe(1);
    expect(stderr).toContain("hold queues, which it would lose if it joined again");
    expect(node.has(nodesFile)).toBe(true);
  },
);

test("are left where they are while a container uses them", async () => {
  const { code, stderr, node } = await run({ [nodesFile]: members }, { "ps -aq": { stdout: "0123\n" } });
  expect({ code, there: node.has(nodesFile) }).toEqual({ code: 1, there: true });
  expect(stderr).toContain("the container rabbitmq uses the data of rabbitmq2");
});
