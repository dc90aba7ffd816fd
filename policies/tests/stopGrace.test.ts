import { stopGrace } from "../rules/stopGrace";
import { check, container, faults } from "./resources";
import { unknownNumber } from "./wire";

test.each([
  [undefined, "The container rabbitmq1-container has no destroyGraceSeconds."],
  [0, "The container rabbitmq1-container has 0 s to stop (destroyGraceSeconds)."],
  [9, "The container rabbitmq1-container has 9 s to stop (destroyGraceSeconds)."],
])("a grace of %s", async (destroyGraceSeconds, fault) => {
  expect(await faults(stopGrace, ...container({ destroyGraceSeconds }))).toEqual([fault]);
});

test.each([10, 120, unknownNumber])("passes a grace of %s", async (destroyGraceSeconds) => {
  expect(await check(stopGrace, ...container({ destroyGraceSeconds }))).toEqual([]);
});
