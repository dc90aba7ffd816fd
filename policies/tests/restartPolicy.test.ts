import { restartPolicy } from "../rules/restartPolicy";
import { check, container, faults } from "./resources";
import { unknownText } from "./wire";

test.each([
  [undefined, "The container rabbitmq1-container has no restart policy."],
  ["no", "The container rabbitmq1-container has the restart policy no."],
  ["on-failure", "The container rabbitmq1-container has the restart policy on-failure."],
])("restart: %s", async (restart, fault) => {
  expect(await faults(restartPolicy, ...container({ restart }))).toEqual([fault]);
});

test.each(["always", "unless-stopped", unknownText])("passes restart: %s", async (restart) => {
  expect(await check(restartPolicy, ...container({ restart }))).toEqual([]);
});

test("passes a container that is stopped on purpose", async () => {
  expect(await check(restartPolicy, ...container({ restart: "no", mustRun: false }))).toEqual([]);
});
