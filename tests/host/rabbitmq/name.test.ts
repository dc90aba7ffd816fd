import { memberList, name } from "../../../commands/rabbitmq";
import { runStep } from "../support/step";
import { three } from "./support";

/* The cluster's name, and who its members are to be. */

const call = "docker exec -u rabbitmq rabbitmq rabbitmqctl -q";
const data = {
  name: "rabbitmq1",
  container: "rabbitmq",
  directory: "/var/lib/warren/rabbitmq/rabbitmq1",
  clusterName: "production",
  members: memberList(three.slice(0, 2)),
};

test("both are set, members as a JSON list of Erlang names", async () => {
  const docker = { set_cluster_name: {}, set_global_parameter: {} };
  const { code, stdout, stderr, calls } = await runStep(name, data, { stubs: { docker } });
  expect({ code, stdout, stderr, calls }).toEqual({
    code: 0,
    stdout: "",
    stderr: "",
    calls: [
      `${call} set_cluster_name production`,
      `${call} set_global_parameter warren_members ["rabbit@rabbitmq1","rabbit@rabbitmq2"]`,
    ],
  });
});

test.each(["set_cluster_name", "set_global_parameter"])("fails when %s fails", async (setting) => {
  const docker = { set_cluster_name: {}, set_global_parameter: {}, [setting]: { code: 69 } };
  const { code, calls } = await runStep(name, data, { stubs: { docker } });
  expect([code, calls.at(-1)]).toEqual([69, expect.stringContaining(setting)]);
});
