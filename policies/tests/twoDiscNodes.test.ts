import { twoDiscNodes } from "../rules/twoDiscNodes";
import { check, cluster, faults, node } from "./resources";
import { unknownList, unknownText } from "./wire";

test("says what is wrong, why, and how to mend it", async () => {
  expect(await check(twoDiscNodes, cluster({ nodes: [node(1), node(2, "ram"), node(3, "ram")] }))).toEqual([
    "The cluster rabbitmq has one disc node only (rabbitmq1) among its 3 members. " +
      "RAM nodes keep users, queues and permissions in memory only: with the disk of the last disc node they are gone. " +
      "Give another node the type disc.",
  ]);
});

test("no disc node at all", async () => {
  expect(await faults(twoDiscNodes, cluster({ nodes: [node(1, "ram"), node(2, "ram")] }))).toEqual([
    "The cluster rabbitmq has no disc node among its 2 members.",
  ]);
});

test.each([
  ["two disc nodes and a RAM node", [node(1), node(2), node(3, "ram")]],
  ["a single node", [node(1)]],
  ["a node whose type is not known yet", [node(1), node(2, unknownText), node(3, "ram")]],
  ["a member of which nothing is known yet", [node(1), node(2, "ram"), unknownText]],
  ["nodes that are not known yet", unknownList],
])("passes %s", async (_name, nodes) => {
  expect(await check(twoDiscNodes, cluster({ nodes }))).toEqual([]);
});
