import { secretsWatch } from "../lib/marks";
import type { WarrenPolicy } from "../lib/policy";
import { judge } from "./harness";
import { unknownText, type Registered } from "./wire";

/** Resources as the components register them, for the tests of single policies; those of the whole program are in pack.test.ts. */

type Inputs = Record<string, unknown>;

function resource(chain: string, name: string, inputs: Inputs, rest: Partial<Registered> = {}): Registered {
  return {
    urn: `urn:pulumi:test::warren::${chain}::${name}`,
    type: chain.split("$").at(-1) ?? "",
    name,
    inputs,
    outputs: {},
    additionalSecretOutputs: [],
    propertyDependencies: {},
    ...rest,
  };
}

const inNode = "warren:index:RabbitCluster$warren:index:RabbitNode$";

export function node(number: number, type = "disc", host = `host${number}`): Inputs {
  return { name: `rabbitmq${number}`, host, type };
}

export const threeNodes = [node(1), node(2), node(3)];

export function cluster(inputs: Inputs = {}): Registered {
  return resource("warren:index:RabbitCluster", "rabbitmq", {
    image: "rabbitmq:3.8.9-management",
    version: "3.8.9",
    nodes: threeNodes,
    username: "admin",
    partitionHandling: "autoheal",
    settings: {},
    ...inputs,
  });
}

export function balancers(inputs: Inputs = {}): Registered {
  return resource("warren:index:HaproxyPair", "haproxy", {
    image: "haproxy:2.6",
    hosts: ["host4", "host5"],
    timeouts: { connectSeconds: 5, clientSeconds: 10800, serverSeconds: 10800 },
    stats: { username: "admin" },
    ...inputs,
  });
}

export function vip(inputs: Inputs = {}): Registered {
  return resource("warren:index:KeepalivedVip", "vip", {
    address: "192.0.2.100/24",
    interface: "eth0",
    virtualRouterId: 187,
    priorities: [101, 100],
    check: { intervalSeconds: 5, rise: 1, fall: 1 },
    ...inputs,
  });
}

export function host(inputs: Inputs = {}, name = "host1"): Registered {
  const given = { address: "192.0.2.11", user: "root", port: 22, hostKey: "ssh-ed25519 AAAA", ...inputs };
  return resource("warren:index:Host", name, given);
}

/** A broker's container, and the provider of its host. */
export function container(inputs: Inputs = {}, address = "192.0.2.11"): [Registered, Registered] {
  const provider = resource("warren:index:Host$pulumi:providers:docker", "host1-docker", {
    host: `ssh://root@${address}:22`,
    sshOpts: '["-o","StrictHostKeyChecking=yes"]',
  });
  const given = {
    name: "rabbitmq",
    image: unknownText,
    hostname: "rabbitmq1",
    restart: "always",
    destroyGraceSeconds: 120,
    envs: ["ERL_EPMD_PORT=4369", "RABBITMQ_DIST_PORT=25672"],
    ports: [
      { internal: 4369, external: 4369 },
      { internal: 25672, external: 25672 },
      { internal: 5672, external: 5672 },
    ],
    volumes: [
      { hostPath: "/var/lib/warren/rabbitmq/data", containerPath: "/var/lib/rabbitmq" },
      { hostPath: "/var/lib/warren/rabbitmq/conf", containerPath: "/etc/rabbitmq" },
    ],
    ...inputs,
  };
  const type = `${inNode}docker:index/container:Container`;
  return [provider, resource(type, "rabbitmq1-container", given, { provider: provider.urn })];
}

/** A command of a node, or of nobody's. */
export function command(inputs: Inputs, rest: Partial<Registered> = {}, parent = inNode): Registered {
  const quiet = { logging: "none", create: "bash -s create rabbitmq1-files" };
  const additionalSecretOutputs = ["stdout", "stderr"];
  const type = `${parent}command:remote:Command`;
  return resource(type, "rabbitmq1-files", { ...quiet, ...inputs }, { additionalSecretOutputs, ...rest });
}

export function password(inputs: Inputs, outputs: Inputs = {}, parent = "warren:index:RabbitCluster$"): Registered {
  return resource(`${parent}random:index/randomPassword:RandomPassword`, "rabbitmq-password", inputs, { outputs });
}

export function other(type: string, name: string, inputs: Inputs): Registered {
  return resource(type, name, inputs);
}

/** What one policy says of some resources. */
export async function check(policy: WarrenPolicy, ...resources: Registered[]): Promise<string[]> {
  return (await judge({ resources }, [secretsWatch, policy])).map(({ message }) => message);
}

/** The first sentence: what is wrong. The rest, why and how to mend it, is the rule's own. */
export async function faults(policy: WarrenPolicy, ...resources: Registered[]): Promise<string[]> {
  const { why } = policy.rule;
  return (await check(policy, ...resources)).map((message) => message.slice(0, Math.max(0, message.indexOf(why) - 1)));
}
