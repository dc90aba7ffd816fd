import { vipRouterId } from "../rules/vipRouterId";
import { check, faults, vip } from "./resources";
import { unknownNumber } from "./wire";

test.each([
  [51, "The virtual router id of vip is 51, the one in keepalived's sample configuration."],
  [101, "The virtual router id of vip is 101, a common tutorial's."],
  [1, "The virtual router id of vip is 1, the one that routers begin with."],
])("%i", async (virtualRouterId, fault) => {
  expect(await faults(vipRouterId, vip({ virtualRouterId }))).toEqual([fault]);
});

test.each([187, undefined, unknownNumber])("passes %s", async (virtualRouterId) => {
  expect(await check(vipRouterId, vip({ virtualRouterId }))).toEqual([]);
});
