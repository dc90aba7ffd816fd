import type { LastLogins } from "../config";
import type { ServingNode } from "../config/changes";
import type { Watched } from "./drift";
import type { MadeContainers } from "./forms";

/** What a stack was when its last update ended. */
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
  /** By resource: where its effect is looked for; absent in the outputs of a release that did not say. */
  watched?: Record<string, Watched>;
}

/** The outputs of a stack that are read again; none before its first update has ended. */
export interface LastOutputs {
  users?: Record<string, { username: string }>;
  username?: string;
  password?: string;
  /** Version by node, such as `3.8.9 on Erlang 23.2.6`; none of those that did not run. */
  members?: { versions: Record<string, string> };
  tls?: { nodes: boolean };
  nodes?: ServingNode[];
  deployment?: Deployment;
}

/** Reads a stack's last outputs. */
export function readLastUpdate(outputs: LastOutputs): LastUpdate {
  const { users = {}, username, password, members, tls, nodes = [], deployment } = outputs;
  const versions = members?.versions ?? {};
  return {
    asleep: members !== undefined && Object.keys(versions).length === 0,
    betweenNodes: tls?.nodes ?? false,
    ...(deployment === undefined ? {} : { deployment }),
    ...(username === undefined || password === undefined ? {} : { login: `${username}:${password}` }),
    nodes: nodes.map((node) => {
      const running = versions[`rabbit@${node.name}`]?.split(" ")[0];
      const version = running ?? node.version;
      return { ...node, running: running !== undefined, ...(version === undefined ? {} : { version }) };
    }),
    logins: {
      ...(username === undefined ? {} : { administrator: username }),
      users: Object.fromEntries(Object.entries(users).map(([name, user]) => [name, user.username])),
    },
  };
}
