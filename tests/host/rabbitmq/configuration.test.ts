import { configuration } from "../../../commands/rabbitmq/configuration";
import { runStep } from "../support/step";
import { configurationOf, Node } from "./node";

/* What a broker reads when it starts, as it gets into the directory that its container has mounted. */

const write = (node: Node) => runStep(configuration, configurationOf(node), { root: node.root });

test("it is written over what was there, with its permissions, and asks nobody", async () => {
  const node = new Node("rabbitmq1", { "conf/rabbitmq.conf": "old", "conf/advanced.config": "[]." });
  const { code, stdout, stderr, calls } = await write(node);
  expect({ code, stdout, stderr, calls }).toEqual({ code: 0, stdout: "", stderr: "", calls: [] });
  const paths = ["conf/rabbitmq.conf", "conf/enabled_plugins", "conf/advanced.config"];
  expect(paths.map((path) => node.read(path))).toEqual(["log.console = true\n", "[rabbitmq_management].\n", "[]."]);
  expect(paths.slice(0, 2).map((path) => node.mode(path))).toEqual(["440", "640"]);
});

test("it is to stay as it is, but for the list of plugins, which changes while the broker runs", async () => {
  const node = new Node("rabbitmq1", { "conf/here": "" });
  const { record } = await write(node);
  expect(record().slice(2)).toEqual([expect.stringMatching(`^file .* ${node.path("conf/rabbitmq.conf")}$`)]);
});
