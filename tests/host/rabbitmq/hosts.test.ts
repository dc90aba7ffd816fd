import { statSync } from "node:fs";

import { files } from "../../../commands/rabbitmq/files";
import { runStep } from "../support/step";
import { Node, filesOf, nobody, ownImage } from "./node";

/* A node's hosts file: the names of all members, and of those that are about to leave. */

const content = `# Written by Warren.
127.0.0.1 localhost rabbitmq1
::1 localhost ip6-localhost ip6-loopback
192.0.2.2 rabbitmq2
`;

const write = async (node: Node, text = content) => {
  const circumstances = { root: node.root, before: ownImage, stubs: { docker: nobody } };
  expect(await runStep(files, filesOf(node, { hosts: text }), circumstances)).toMatchObject({ code: 0, stderr: "" });
  expect([node.mode("hosts"), node.has("hosts.new")]).toEqual(["644", false]);
  return node.read("hosts");
};

test("is made where there is none", async () => {
  expect(await write(new Node("rabbitmq1"))).toBe(content);
});

test("keeps its inode, which a container has mounted, and its readers", async () => {
  const node = new Node("rabbitmq1", {
    hosts: "a longer old text, of which nothing is to stay in the file after this\n",
  });
  const { ino } = statSync(node.path("hosts"));
  expect(await write(node)).toBe(content);
  expect(statSync(node.path("hosts"))).toMatchObject({ ino });
});

test("keeps the names of nodes that are not in it any more: one that leaves is needed until it has left", async () => {
  const node = new Node("rabbitmq1");
  await write(node, `${content}192.0.2.3 rabbitmq3\n`);
  expect(await write(node)).toBe(`${content}192.0.2.3 rabbitmq3\n`);
  // And of another one after it, and so on for every further run.
  expect(await write(node, content.replace("192.0.2.2 rabbitmq2\n", ""))).toBe(
    `${content.replace("192.0.2.2 rabbitmq2\n", "")}192.0.2.2 rabbitmq2\n192.0.2.3 rabbitmq3\n`,
  );
});

test("has a node's new address alone where that has moved", async () => {
  const node = new Node("rabbitmq1");
  await write(node, `${content}192.0.2.3 rabbitmq3\n`);
  const moved = content.replace("192.0.2.2 ", "192.0.2.22 ");
  expect(await write(node, moved)).toBe(`${moved}192.0.2.3 rabbitmq3\n`);
});

test("run again, comes to the same", async () => {
  const node = new Node("rabbitmq1");
  await write(node, `${content}192.0.2.3 rabbitmq3\n`);
  expect(await write(node)).toBe(await write(node));
});
