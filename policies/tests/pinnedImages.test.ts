import { pinnedImages } from "../rules/pinnedImages";
import { balancers, check, cluster, container, faults, other } from "./resources";
import { unknownText } from "./wire";

const digest = `sha256:${"0".repeat(64)}`;
const pulled = (name: string) => other("docker:index/remoteImage:RemoteImage", "image", { name });

test.each([
  ["rabbitmq", "The image rabbitmq of image has no tag, which means latest."],
  [
    "registry.example:5000/rabbitmq",
    "The image registry.example:5000/rabbitmq of image has no tag, which means latest.",
  ],
  ["rabbitmq:latest", "The image rabbitmq:latest of image has the tag latest, which moves."],
  ["rabbitmq:management", "The image rabbitmq:management of image has the tag management, which moves."],
  ["rabbitmq:3-management", "The image rabbitmq:3-management of image has the tag 3-management, which moves."],
  ["haproxy:3", "The image haproxy:3 of image has the tag 3, which moves."],
])("%s", async (name, fault) => {
  expect(await faults(pinnedImages, pulled(name))).toEqual([fault]);
});

test("a cluster and balancers say it once, whatever the number of their hosts", async () => {
  const ofNode = { ...pulled("rabbitmq:latest") };
  ofNode.urn = "urn:pulumi:test::warren::warren:index:RabbitNode$docker:index/remoteImage:RemoteImage::rabbitmq1-image";
  const resources = [cluster({ image: "rabbitmq:latest" }), ofNode, balancers({ image: "haproxy" })];
  expect(await faults(pinnedImages, ...resources)).toEqual([
    "The image rabbitmq:latest of rabbitmq has the tag latest, which moves.",
    "The image haproxy of haproxy has no tag, which means latest.",
  ]);
});

test.each([
  "rabbitmq:3.8.9-management",
  "haproxy:2.6",
  "registry.example:5000/team/rabbitmq:4.0.5",
  "rabbitmq:bookworm-20240110",
  "rabbitmq:git-1a2b3c4d",
  `rabbitmq@${digest}`,
  `rabbitmq:latest@${digest}`,
  unknownText,
])("passes %s", async (name) => {
  expect(await check(pinnedImages, pulled(name), cluster({ image: name }))).toEqual([]);
});

test("passes a container that has its image's id", async () => {
  expect(await check(pinnedImages, ...container({ image: digest }))).toEqual([]);
});
