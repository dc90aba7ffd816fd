import * as pulumi from "@pulumi/pulumi";

import type { LastLogins } from "../config";
import type { ServingNode } from "../config/changes";
import type { MadeContainers } from "../facts/forms";
import type { ClusterMembers } from "./clusterMembers";

/** What this stack was when its last update ended. */
export interface LastUpdate {
  /** The nodes that served; none before the first. */
  nodes: ServingNode[];
  logins: LastLogins;
  /** None of them ran: the cluster was stopped on purpose. */
  asleep: boolean;
  /** They spoke TLS with each other. */
  betweenNodes: boolean;
  /** What it believed of the hosts; absent before its first update with a release that recorded it. */
  deployment?: Deployment;
  /** `user:password` of the administrator; absent before the first update. */
  login?: string;
}

/** What a stack keeps of its hosts between updates. */
export interface Deployment {
  /** Id that owns the hosts: it stays when the stack is renamed, or its backend moved. */
  id: string;
  /** The stack's full name when the deployment was made, which its containers carry. */
  stack: string;
  /** By resource: the value by which its step was last told to run again; empty at first. */
  steps: Record<string, string>;
  /** By resource: how its container was made. */
  containers: MadeContainers;
}

/** Reads the stack's own last outputs, which are there on every backend, and in a preview as well. */
export async function lastUpdate(): Promise<LastUpdate> {
  const stack = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const self = new pulumi.StackReference("self", { name: stack });
  const last = async <T>(output: string): Promise<T | undefined> => {
    const { value, secretValue } = (await self.getOutputDetails(output)) as { value?: T; secretValue?: T };
    return value ?? secretValue;
  };
  const users = (await last<Record<string, { username: string }>>("users")) ?? {};
  const administrator = await last<string>("username");
  const members = await last<ClusterMembers>("members");
  const versions = members?.versions ?? {};
  const betweenNodes = (await last<{ nodes: boolean }>("tls"))?.nodes ?? false;
  const nodes = (await last<ServingNode[]>("nodes")) ?? [];
  const deployment = await last<Deployment>("deployment");
  const password = await last<string>("password");
  return {
    asleep: members !== undefined && Object.keys(versions).length === 0,
    betweenNodes,
    ...(deployment === undefined ? {} : { deployment }),
    ...(administrator === undefined || password === undefined ? {} : { login: `${administrator}:${password}` }),
    nodes: nodes.map((node) => {
      const running = versions[`rabbit@${node.name}`]?.split(" ")[0];
      const version = running ?? node.version;
      return { ...node, running: running !== undefined, ...(version === undefined ? {} : { version }) };
    }),
    logins: {
      ...(administrator === undefined ? {} : { administrator }),
      users: Object.fromEntries(Object.entries(users).map(([name, { username }]) => [name, username])),
    },
  };
}
