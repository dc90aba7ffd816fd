import * as pulumi from "@pulumi/pulumi";
import { ConfigError, type Problem } from "./errors";
import { checkSteps, type LastLogins } from "./logins";
import type { NodeConfig, StackConfig } from "./types";

/**
 * Ends the program where the config would have members do what Warren does not do to members: leave, move to another host,
 * or change their type. It says so before the first step of an update, and in the preview.
 */
export function refuseChanges(members: readonly NodeConfig[], last: LastLogins, config: StackConfig): void {
  const problems = forbiddenChanges(members, config.rabbitmq.nodes);
  checkSteps(config.rabbitmq, last, (path, value, rule) => problems.push({ path, value, rule }));
  if (problems.length > 0) {
    throw new pulumi.RunError(new ConfigError(pulumi.getStack(), problems).message);
  }
}

/** What the config asks of members that they cannot do. */
export function forbiddenChanges(members: readonly NodeConfig[], nodes: readonly NodeConfig[]): Problem[] {
  return members.flatMap((member): Problem[] => {
    const index = nodes.findIndex((node) => node.name === member.name);
    const node = nodes[index];
    if (node === undefined) {
      const rule = `must still hold ${member.name}: a member cannot be taken out of the cluster yet`;
      return [{ path: ["rabbitmq", "nodes"], value: nodes, rule }];
    }
    const path = ["rabbitmq", "nodes", index] as const;
    return [
      ...(node.host === member.host
        ? []
        : [
            {
              path: [...path, "host"],
              value: node.host,
              rule: `must stay ${member.host}, where the data of ${member.name} are`,
            },
          ]),
      ...(node.type === member.type
        ? []
        : [
            {
              path: [...path, "type"],
              value: node.type,
              rule: `must stay ${member.type}: a member's type cannot be changed yet`,
            },
          ]),
    ];
  });
}
