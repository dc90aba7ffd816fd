import { imageDigests } from "../rules/imageDigests";
import { balancers, check, cluster, faults } from "./resources";
import { unknownText } from "./wire";

test("images by their tag alone", async () => {
  expect(await faults(imageDigests, cluster(), balancers())).toEqual([
    "The image rabbitmq:3.8.9-management of rabbitmq has no digest.",
    "The image haproxy:2.6 of haproxy has no digest.",
  ]);
});

test.each([`haproxy:2.6@sha256:${"0".repeat(64)}`, `haproxy@sha256:${"0".repeat(64)}`, unknownText])(
  "passes %s",
  async (image) => {
    expect(await check(imageDigests, balancers({ image }))).toEqual([]);
  },
);
