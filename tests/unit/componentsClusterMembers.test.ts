import { readMembers } from "../../components/clusterMembers";
import { clusterStatus } from "./support/clusterStatus";

const names = ["rabbit@rabbitmq1", "rabbit@rabbitmq2", "rabbit@rabbitmq3"];

test("members by type, in their names' order; one that is about to leave is none any more", () => {
  expect(readMembers(clusterStatus(), names)).toEqual({
    disc: ["rabbit@rabbitmq1", "rabbit@rabbitmq2"],
    ram: ["rabbit@rabbitmq3"],
    running: names,
    versions: Object.fromEntries(names.map((name) => [name, "3.8.9 on Erlang 23.2.6"])),
  });
  const left = readMembers(clusterStatus(), names.slice(1));
  expect(left).toMatchObject({ disc: ["rabbit@rabbitmq2"], running: names.slice(1) });
  expect(Object.keys(left.versions)).toEqual(names.slice(1));
});

test("a broker that says nothing of RAM nodes has none", () => {
  const disc = { type: "disc", version: "4.3.6" } as const;
  const status = clusterStatus({ members: { rabbitmq1: disc, rabbitmq2: disc, rabbitmq3: disc } });
  expect(status).not.toContain("ram_nodes");
  expect(readMembers(status, names)).toMatchObject({ disc: names, ram: [], running: names });
});
