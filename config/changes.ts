import * as pulumi from "@pulumi/pulumi";
import { ConfigError, type Problem } from "./errors";
import { checkSteps, type LastLogins } from "./logins";
import type { StackConfig } from "./types";
import { upgradeProblem } from "./versions";

/** A node that served when the stack's last update ended. */
export interface ServingNode {
  name: string;
  host: string;
  type: "disc" | "ram";
  /** The machine that it was on; absent where the update was one of a Warren that did not say. */
  machine?: string;
  /** The others had joined it. */
  root?: boolean;
  /** The version that its data are of, such as 3.8.9; absent in the outputs of releases before 0.2 while it stood still. */
  version?: string;
  /** It ran. */
  running?: boolean;
}

/**
 * Ends the program where the config would have members do what they cannot. It says so before the first step of an update,
 * and in the preview.
 *
 * @param betweenNodes the members had TLS between them when the stack's last update ended
 */
export function refuseChanges(
  members: readonly ServingNode[],
  last: LastLogins,
  config: StackConfig,
  betweenNodes = false,
): void {
  const problems = [...forbiddenChanges(members, config), ...mixedMembers(members, betweenNodes, config)];
  checkSteps(config.rabbitmq, last, (path, value, rule) => problems.push({ path, value, rule }));
  if (problems.length > 0) {
    throw new pulumi.RunError(new ConfigError(pulumi.getStack(), problems).message);
  }
}

/** The members that the config leaves where they are: on the same machine, which is not lost. */
export function remaining(members: readonly ServingNode[], { hosts, rabbitmq }: StackConfig): ServingNode[] {
  return members.filter(({ name, host, machine }) => {
    const node = rabbitmq.nodes.find((other) => other.name === name);
    const now = hosts[host];
    return node?.host === host && now !== undefined && !now.lost && (machine ?? now.machine) === now.machine;
  });
}

/** What the config asks of members that they cannot do. */
export function forbiddenChanges(members: readonly ServingNode[], config: StackConfig): Problem[] {
  return [
    ...moves(members, config),
    ...upgrades(members, config),
    ...wipes(members, config),
    ...(members.length === 0 && config.rabbitmq.stopped
      ? [
          {
            path: ["rabbitmq", "stopped"],
            value: true,
            rule: "must be false until there is a cluster that can be stopped",
          },
        ]
      : []),
  ];
}

/** Nodes that speak TLS with each other and nodes that do not cannot talk: they cannot change one after the other. */
export function mixedMembers(members: readonly ServingNode[], before: boolean, config: StackConfig): Problem[] {
  const now = config.tls?.nodes ?? false;
  const runs = members.some(({ running }) => running === true);
  if (now === before || !runs) return [];
  const rule = `must stay ${before} while the cluster runs: members with TLS between them and members without cannot talk. Stop it first (warren:rabbitmq.stopped: true, pulumi up), then change this, then start it`;
  return [{ path: ["tls", "nodes"], value: config.tls?.nodes, rule }];
}

/** A node's data stay on their host, unless that is lost. */
function moves(members: readonly ServingNode[], { rabbitmq }: StackConfig): Problem[] {
  return members.flatMap((member) => {
    const index = rabbitmq.nodes.findIndex((node) => node.name === member.name);
    const node = rabbitmq.nodes[index];
    if (node === undefined || node.host === member.host) return [];
    const rule = `must stay ${member.host}, where the data of ${member.name} are; give a node on another host another name, or say that ${member.host} is lost and update once before you move the name`;
    return [{ path: ["rabbitmq", "nodes", index, "host"], value: node.host, rule }];
  });
}

function upgrades(members: readonly ServingNode[], { rabbitmq }: StackConfig): Problem[] {
  const { image, version, unsupportedUpgrade } = rabbitmq;
  const problems = members.flatMap(({ version: from }) => {
    const problem = from === undefined ? undefined : upgradeProblem(from, version);
    return problem === undefined || unsupportedUpgrade === `${from} to ${version}` ? [] : [problem];
  });
  return [...new Set(problems)].map((problem) => ({
    path: ["rabbitmq", "image"],
    value: image,
    rule: `must ${problem} (https://www.rabbitmq.com/docs/upgrade). rabbitmq.unsupportedUpgrade overrules this`,
  }));
}

/** Where no member remains, a blank cluster would take the place of the one that is there. */
function wipes(members: readonly ServingNode[], config: StackConfig): Problem[] {
  const { rabbitmq } = config;
  if (members.length === 0 || remaining(members, config).length > 0) return [];
  const names = members.map(({ name }) => name).join(", ");
  const rule = `must keep at least one of the members (${names}) on its machine: without one, the cluster and its data would be gone. Destroy the stack if that is what you want`;
  return [{ path: ["rabbitmq", "nodes"], value: rabbitmq.nodes, rule }];
}
