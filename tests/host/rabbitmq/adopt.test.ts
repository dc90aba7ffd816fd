import { readdirSync } from "node:fs";

import { adopt } from "../../../commands/rabbitmq/adoption";
import type { Stubs } from "../../unit/support/bash";
import { clusterStatus, threeMembers } from "../../unit/support/clusterStatus";
import { runStep } from "../support/step";
import { adopting, byHand, byHandData } from "./adopting";

/* A container made by hand gives way to a node's own: it is stopped and kept, and its data are taken over, on real directories. */

const files = { ...byHandData, "data/.erlang.cookie": "by-hand-by-hand", "data/.warren": "" };
const effects = {
  "docker update": {},
  "update --restart": {},
  stop: {},
  rename: {},
  drain: {},
  "rabbitmq-diagnostics": {},
};

const run = async (state: Record<string, string> = files, answers: Stubs[string] = {}, others: Stubs = {}) => {
  const serves = { "inspect -f {{.State.Running}} {{.Image}}": { stdout: "true sha256:0 \n" } };
  const { node, docker } = adopting(state, { ...answers, ...effects, ...serves, ...answers });
  const wanted = { image: "sha256:1", settings: "s", lost: [], amqpPort: 5672 };
  const data = { ...node.place, ...wanted, byHand, graceSeconds: 60 };
  const outcome = await runStep(adopt, data, { root: node.root, stubs: { docker, ...others } });
  return { ...outcome, node, read: (path: string) => node.read(path) };
};
const changes = (calls: string[]) => calls.filter((call) => /drain|docker (update|stop|rename)/.test(call));

test("drains when the cluster can spare the node, stops, keeps, and takes the data over", async () => {
  const { code, stderr, calls, read, node } = await run();
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(changes(calls)).toEqual([
    "docker exec -u rabbitmq my-rabbitmq rabbitmq-upgrade -q drain",
    "docker update --restart=no my-rabbitmq",
    "docker stop -t 60 my-rabbitmq",
    "docker rename my-rabbitmq my-rabbitmq.before-warren",
  ]);
  expect(read("data/mnesia/rabbit@rabbitmq1/queue")).toBe("messages");
  expect(read("data/.erlang.cookie")).toBe("by-hand-by-hand");
  expect(read("adopted")).toBe("");
  // What Warren has of its own stays where it was.
  expect(readdirSync(node.path("../by-hand"))).toEqual([".erlang.cookie"]);
});

test("asks what is asked before any node is taken down", async () => {
  const { calls } = await run();
  const broker = "docker exec -u rabbitmq my-rabbitmq";
  const gate = calls.slice(0, calls.indexOf(`${broker} rabbitmq-upgrade -q drain`));
  expect(gate.filter((call) => call.startsWith(broker))).toEqual([
    `${broker} rabbitmqctl -q cluster_status --formatter json`,
    `${broker} rabbitmq-diagnostics -q help`,
    `${broker} rabbitmqctl -q cluster_status --formatter json`,
    `${broker} rabbitmqctl -q cluster_status --formatter json`,
    `${broker} rabbitmq-diagnostics -q check_if_node_is_quorum_critical`,
    `${broker} rabbitmqctl -q list_feature_flags --silent name state stability`,
  ]);
});

test("does nothing at all where the cluster cannot spare the node", async () => {
  const { code, calls, read } = await run(files, {
    cluster_status: {
      stdout: clusterStatus({ members: { ...threeMembers, rabbitmq2: { type: "disc", running: false } } }),
    },
  });
  expect({ code, changes: changes(calls) }).toEqual({ code: 1, changes: [] });
  expect(read("../by-hand/mnesia/rabbit@rabbitmq1/queue")).toBe("messages");
});

test("a run that was cut off half-way through the data goes on", async () => {
  const renamed = { 'io.warren.stack"}}> my-rabbitmq': { code: 1 } };
  const half = { ...files, "../by-hand/config/x": "more", "data/schema/x": "moved" };
  const { code, calls, read } = await run(half, renamed);
  expect({ code, changes: changes(calls) }).toEqual({ code: 0, changes: [] });
  expect(read("data/config/x")).toBe("more");
  expect(read("data/schema/x")).toBe("moved");
  expect(read("data/mnesia/rabbit@rabbitmq1/queue")).toBe("messages");
});

test("one that is done is left alone", async () => {
  expect((await run({ ...files, adopted: "" })).calls).toEqual([]);
});

describe("from another file system", () => {
  const copied = (sums: string) =>
    run(
      files,
      { "inspect -f {{.State.Running}} {{.Image}}": { code: 1 } },
      {
        stat: {
          "%d:%i": [{ stdout: "1:1" }, { stdout: "2:2" }],
          "-c %d": [{ stdout: "1" }, { stdout: "2" }],
          "%u": { stdout: "0:0" },
        },
        // The last one is of the step's own record.
        sha256sum: { "": [{ stdout: "same" }, { stdout: sums }, { stdout: "record" }] },
      },
    );

  test("the data are copied, compared, and stay where they were", async () => {
    const { code, read, node } = await copied("same");
    expect(code).toBe(0);
    for (const place of ["../by-hand", "data"]) {
      expect(read(`${place}/mnesia/rabbit@rabbitmq1/queue`)).toBe("messages");
    }
    expect(node.has("data.copy")).toBe(false);
  });

  test("a copy that is not the same is not used", async () => {
    const { code, stderr, node } = await copied("other");
    expect(code).toBe(1);
    expect(stderr).toBe(
      `the copy of ${node.path("../by-hand")} in ${node.path("data.copy")} is not the same: is the disk in order? my-rabbitmq.before-warren and its data are as they were\n`,
    );
    expect(node.has("data/mnesia")).toBe(false);
  });
});
