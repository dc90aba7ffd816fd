import { vipWeight } from "../rules/vipWeight";
import { check, faults, vip } from "./resources";
import { unknownList, unknownNumber } from "./wire";

test.each([
  [-1, [101, 100], "The check of vip weighs -1, and the gap between the priorities 101 and 100 is 1."],
  [-20, [150, 100], "The check of vip weighs -20, and the gap between the priorities 150 and 100 is 50."],
  [2, [200, 150, 100], "The check of vip weighs 2, and the gap between the priorities 200 and 100 is 100."],
])("a weight of %s with priorities %s", async (weight, priorities, fault) => {
  expect(await faults(vipWeight, vip({ priorities, check: { weight } }))).toEqual([fault]);
});

test.each<[string, Record<string, unknown>]>([
  ["a weight that bridges the gap", { check: { weight: -2 } }],
  ["no weight", {}],
  ["a single host", { priorities: [100], check: { weight: -1 } }],
  ["a weight that is not known yet", { check: { weight: unknownNumber } }],
  ["a check that is not known yet", { check: unknownNumber }],
  ["priorities that are not known yet", { priorities: unknownList, check: { weight: -1 } }],
  ["a priority that is not known yet", { priorities: [101, unknownNumber], check: { weight: -1 } }],
])("passes %s", async (_name, inputs) => {
  expect(await check(vipWeight, vip(inputs))).toEqual([]);
});
