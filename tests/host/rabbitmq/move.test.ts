import { existsSync } from "node:fs";

import { files } from "../../../commands/rabbitmq/files";
import type { Reply, Stubs } from "../../unit/support/bash";
import { runStep } from "../support/step";
import { Node, filesOf, ownImage } from "./node";

/* What a node's files are not written over: a container of somebody else's, and a node with other data or other ports between nodes. */

const labels = '{{index .Config.Labels "io.warren.stack"}} {{index .Config.Labels "io.warren.part"}}';
const made =
  '{{range .Mounts}}{{if eq .Destination "/var/lib/rabbitmq"}}{{.Source}}{{end}}{{end}}{{range .Config.Env}}\n{{.}}{{end}}';

/** As Docker fills in the format. */
const container = (data: string, ...environment: string[]): Reply => ({
  stdout: `${[data, ...environment].join("\n")}\n`,
});
const ports = ["ERL_EPMD_PORT=4369", "RABBITMQ_DIST_PORT=25672"];

const run = async (node: Node, found: { labels?: Reply; made?: Reply }, adopts = false) => {
  const docker: Stubs[string] = {
    ".Config.Labels": found.labels ?? { stdout: "acme/warren/dev rabbitmq1\n" },
    ".Config.Env": found.made ?? container(`${node.directory}/data`, ...ports),
    "{{.State.Running}}": { code: 1 },
  };
  return runStep(files, filesOf(node, { adopts }), { root: node.root, before: ownImage, stubs: { docker } });
};

/** Nothing is there that was not there before. */
const untouched = (node: Node) => !existsSync(node.directory);

test("the formats ask for labels, and for lines of their own", async () => {
  const { calls } = await run(new Node("rabbitmq1"), { labels: { code: 1 }, made: { code: 1 } });
  expect(calls.join("\n")).toContain(`docker inspect -f ${labels} rabbitmq\ndocker inspect -f ${made} rabbitmq\n`);
});

test.each<[string, Reply]>([
  ["there is no container yet", { code: 1 }],
  ["it is this stack's own", { stdout: "acme/warren/dev rabbitmq1\n" }],
])("goes on where %s", async (_title, found) => {
  const node = new Node("rabbitmq1");
  expect(await run(node, { labels: found, made: { code: 1 } })).toMatchObject({ code: 0, stderr: "" });
  expect(untouched(node)).toBe(false);
});

test("goes on where all is as it was", async () => {
  const node = new Node("rabbitmq1");
  const found = container(`${node.directory}/data`, "PATH=/bin", ...ports);
  expect(await run(node, { made: found })).toMatchObject({ code: 0, stderr: "" });
});

test.each([
  ["made by hand", " ", "no Warren stack"],
  ["another stack's", "acme/warren/prod rabbitmq1", "stack acme/warren/prod (its part rabbitmq1)"],
  ["another part's", "acme/warren/dev rabbitmq2", "stack acme/warren/dev (its part rabbitmq2)"],
])("refuses a container that is %s", async (_title, found, whose) => {
  const node = new Node("rabbitmq1");
  expect(await run(node, { labels: { stdout: `${found}\n` } })).toMatchObject({
    code: 1,
    stderr: `the container rabbitmq on this host belongs to ${whose}, not to rabbitmq1 of stack acme/warren/dev. Choose another host, or remove that container. Nothing was changed on this host\n`,
  });
  expect(untouched(node)).toBe(true);
});

test.each<[string, (directory: string) => Reply, (directory: string) => string]>([
  ["another data directory", () => container("/srv/data", ...ports), (directory) => `${directory}/data`],
  [
    "a data directory that begins alike",
    (directory) => container(`${directory}/data2`, ...ports),
    (directory) => `${directory}/data`,
  ],
  [
    "another epmd",
    (directory) => container(`${directory}/data`, "ERL_EPMD_PORT=43690", "RABBITMQ_DIST_PORT=25672"),
    () => "ERL_EPMD_PORT=4369",
  ],
  [
    "another distribution port",
    (directory) => container(`${directory}/data`, "ERL_EPMD_PORT=4369"),
    () => "RABBITMQ_DIST_PORT=25672",
  ],
])("refuses %s", async (_title, found, fixed) => {
  const node = new Node("rabbitmq1");
  expect(await run(node, { made: found(node.directory) })).toMatchObject({
    code: 1,
    stderr: `rabbitmq1 was made without ${fixed(node.directory)}: a node keeps its data directory and its ports epmd and distribution for life. Nothing was changed\n`,
  });
  expect(untouched(node)).toBe(true);
});

test("a node that adopts a container looks at its own once that has taken the other's place", async () => {
  const foreign = { stdout: " \n" };
  expect((await run(new Node("rabbitmq1"), { labels: foreign }, true)).code).toBe(0);
  expect((await run(new Node("rabbitmq1", { adopted: "" }), { labels: foreign }, true)).code).toBe(1);
});
