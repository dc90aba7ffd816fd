import { ramNodes } from "../rules/ramNodes";
import { check, cluster, faults, node } from "./resources";
import { unknownText } from "./wire";

const nodes = [node(1), node(2), node(3, "ram")];

test("a RAM node of a broker that has none", async () => {
  expect(await faults(ramNodes, cluster({ nodes, version: "4.3.0" }))).toEqual([
    "The node rabbitmq3 of the cluster rabbitmq is a RAM node of RabbitMQ 4.3.0.",
  ]);
});

test.each([
  ["a RAM node of 3.8.9", { nodes, version: "3.8.9" }],
  ["a RAM node of 4.2, which may be on Mnesia still", { nodes, version: "4.2.1" }],
  ["disc nodes of 4.3", { version: "4.3.0" }],
  ["a version that is not known yet", { nodes, version: unknownText }],
  ["a type that is not known yet", { nodes: [node(1), node(2, unknownText)], version: "4.3.0" }],
])("passes %s", async (_name, inputs) => {
  expect(await check(ramNodes, cluster(inputs))).toEqual([]);
});
