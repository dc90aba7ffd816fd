import { oddMembers } from "../rules/oddMembers";
import { check, cluster, faults, node, other, threeNodes } from "./resources";
import { unknownList, unknownSection, unknownText } from "./wire";

const four = [...threeNodes, node(4)];
const two = threeNodes.slice(0, 2);
const quorumQueue = (settings: Record<string, unknown>) => other("rabbitmq:index/queue:Queue", "orders", { settings });

test.each([
  [
    "quorum queues by default",
    { nodes: four, settings: { default_queue_type: "quorum" } },
    "The cluster rabbitmq has 4 members, and its queues are quorum queues by default.",
  ],
  [
    "pause_minority",
    { nodes: four, partitionHandling: "pause_minority" },
    "The cluster rabbitmq has 4 members, and members without a majority pause (pause_minority).",
  ],
  [
    "a broker without mirroring",
    { nodes: two, version: "4.0.5" },
    "The cluster rabbitmq has 2 members, and RabbitMQ 4.0.5 replicates by majority alone (quorum queues and streams).",
  ],
])("an even number with %s", async (_name, inputs, fault) => {
  expect(await faults(oddMembers, cluster(inputs))).toEqual([fault]);
});

test.each([
  ["arguments", { arguments: { "x-queue-type": "quorum" } }],
  ["argumentsJson", { argumentsJson: '{"x-queue-type": "quorum"}' }],
])("an even number with a quorum queue in the stack, by its %s", async (_name, settings) => {
  expect(await faults(oddMembers, quorumQueue(settings), cluster({ nodes: four }))).toEqual([
    "The cluster rabbitmq has 4 members, and the queue orders is a quorum queue.",
  ]);
});

test("says it once where there is more than one reason", async () => {
  const even = cluster({ nodes: four, partitionHandling: "pause_minority", version: "4.1.0" });
  expect(await check(oddMembers, even, quorumQueue({ arguments: { "x-queue-type": "quorum" } }))).toHaveLength(1);
});

test.each([
  ["three members", { partitionHandling: "pause_minority", version: "4.0.5" }],
  ["two members with mirrored queues", { nodes: two }],
  ["nodes that are not known yet", { nodes: unknownList, version: "4.0.5" }],
  ["settings and version that are not known yet", { nodes: four, settings: unknownSection, version: unknownText }],
])("passes %s", async (_name, inputs) => {
  expect(await check(oddMembers, cluster(inputs), quorumQueue({ arguments: {} }))).toEqual([]);
});
