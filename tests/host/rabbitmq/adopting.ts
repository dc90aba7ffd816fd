import type { Stubs } from "../../unit/support/bash";
import { clusterStatus, threeMembers } from "../../unit/support/clusterStatus";
import { Node } from "./node";

/** The name of a container made by hand, whose place the node rabbitmq1 takes. */
export const byHand = "my-rabbitmq";

/** Its data, next to the node's directory. */
export const byHandData = {
  "../by-hand/.erlang.cookie": "by-hand-by-hand\n",
  "../by-hand/mnesia/rabbit@rabbitmq1/cluster_nodes.config": "x",
  "../by-hand/mnesia/rabbit@rabbitmq1/queue": "messages",
};

/** A host with a container made by hand, and what Docker says of it; `answers` stand before the usual ones. */
export function adopting(
  files: Record<string, string> = byHandData,
  answers: Stubs[string] = {},
): { node: Node; docker: Stubs[string] } {
  const node = new Node("rabbitmq1", files);
  const usual: Stubs[string] = {
    'index .Config.Labels "io.warren.stack"}}> my-rabbitmq': { stdout: "<>\n" },
    'index .Config.Labels "io.warren.stack"}}> rabbitmq': { code: 1 },
    "inspect -f {{.State.Running}} my-rabbitmq": { stdout: "true\n" },
    ".Config.Env": { stdout: "PATH=/bin\nTZ=UTC\n" },
    ".Mounts": { stdout: `${node.path("../by-hand")}\n` },
    "eval node().": { stdout: "rabbit@rabbitmq1\n" },
    "rabbitmqctl -q version": { stdout: "3.8.9\n" },
    list_feature_flags: { stdout: "" },
    cluster_status: { stdout: clusterStatus({ members: threeMembers }) },
    "rabbitmq-plugins -q list -E -m": { stdout: "rabbitmq_management\nrabbitmq_prometheus\n" },
  };
  return { node, docker: { ...answers, ...usual, ...answers } };
}
