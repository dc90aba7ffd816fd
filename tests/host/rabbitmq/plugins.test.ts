import { readFileSync } from "node:fs";

import { configuration } from "../../../commands/rabbitmq/configuration";
import { startApp } from "../../../commands/rabbitmq/joining";
import type { Stubs } from "../../unit/support/bash";
import { runStep } from "../support/step";
import { cli, configurationOf, Node } from "./node";

/* A joining node boots without plugins while it is blank, and gets them when it starts as a member. */

const file = "conf/enabled_plugins";

describe("a node's configuration", () => {
  const write = async (node: Node, changes: object) => {
    node.write("conf/here", "");
    const outcome = await runStep(configuration, configurationOf(node, changes), { root: node.root });
    expect(outcome).toMatchObject({ code: 0, stderr: "", calls: [] });
    expect(node.mode(file)).toBe("640");
    return node.read(file);
  };

  test("takes the plugins from a blank node that is to join", async () => {
    const node = new Node("rabbitmq2", { "data/.erlang.cookie": "x" });
    expect(await write(node, { joins: true })).toBe("[].\n");
  });

  test.each<[string, Record<string, string>, object]>([
    ["a node that has booted", { "data/mnesia/rabbit@rabbitmq2/schema.DAT": "x" }, { joins: true }],
    ["the seed node", {}, { joins: false }],
    ["a node that takes the place of a container made by hand", {}, { joins: true, adopts: true }],
  ])("leaves %s its plugins", async (_title, there, changes) => {
    expect(await write(new Node("rabbitmq2", there), changes)).toBe("[rabbitmq_management].\n");
  });
});

describe("start-app", () => {
  const plugins = "[rabbitmq_management,rabbitmq_prometheus].\n";
  const looks = "docker inspect -f {{.State.Running}} {{.HostConfig.RestartPolicy.Name}} rabbitmq";
  const calls = [looks, cli("start_app")];
  const runs: Stubs[string] = { RestartPolicy: { stdout: "true always\n" } };
  const run = (node: Node, docker: Stubs[string], joins = true) =>
    runStep(startApp, { ...node.place, joins, plugins }, { root: node.root, stubs: { docker } });
  /** The stand-in shows the plugins that the application would start with. */
  const start = (node: Node, code = 0) => run(node, { ...runs, start_app: { run: `cat ${node.path(file)}`, code } });

  test("gives a node on its way its plugins before it starts, and takes the mark away", async () => {
    const node = new Node("rabbitmq2", { [file]: "[].\n", joining: "" });
    expect(await start(node)).toMatchObject({ code: 0, stdout: plugins, stderr: "", calls });
    expect(node.read(file)).toBe(plugins);
    expect(node.has("joining")).toBe(false);
  });

  test("leaves the plugins of any other node as they are", async () => {
    const node = new Node("rabbitmq2", { [file]: "[rabbitmq_shovel].\n" });
    expect(await start(node)).toMatchObject({ code: 0, stdout: "[rabbitmq_shovel].\n", stderr: "", calls });
    expect(node.read(file)).toBe("[rabbitmq_shovel].\n");
  });

  test("keeps the mark where the application does not start", async () => {
    const node = new Node("rabbitmq2", { [file]: "[].\n", joining: "" });
    expect(await start(node, 69)).toMatchObject({ code: 69, calls });
    expect(node.has("joining")).toBe(true);
  });

  test("calls nothing on the seed node, nor on one that was stopped on purpose", async () => {
    const node = new Node("rabbitmq2");
    expect(await run(node, {}, false)).toMatchObject({ code: 0, calls: [] });
    expect(await run(node, { RestartPolicy: { stdout: "false no\n" } })).toMatchObject({ code: 0, calls: [looks] });
  });

  test.each([true, false])("keeps it on the host that the node has served (it joins others: %s)", async (joins) => {
    const node = new Node("rabbitmq2", { "data/mnesia/rabbit@rabbitmq2/schema.DAT": "x" });
    expect(await run(node, { ...runs, start_app: {} }, joins)).toMatchObject({ code: 0 });
    expect(readFileSync(node.served, "utf8")).toBe(`${node.directory}\n`);
  });
});
