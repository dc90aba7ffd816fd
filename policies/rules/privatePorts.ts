import { isIPv4, isIPv6 } from "node:net";
import { policy, type Resource } from "../lib/policy";
import { isAbsent, number, sections, text, texts, type Inputs } from "../lib/read";
import { types } from "../lib/types";

export const privatePorts = policy(
  {
    name: "private-ports",
    level: "advisory",
    levelReason: "whether the host has a public address too, or a firewall of its own, no resource shows",
    asks: "The clustering ports are closed to strangers, where the host has a private address.",
    why: "Whoever reaches them and has the cookie commands the broker, and Docker opens a published port through the host's firewall.",
    mend: "Raise the stack's own firewall (`warren:firewall: {}`), or publish the port with that address as its ip.",
    source: "https://www.rabbitmq.com/docs/clustering#ports",
  },
  {
    types: [types.container, types.host, types.firewall],
    stack: (resources, report) => {
      const guarded = guardedAddresses(resources);
      for (const container of resources.filter(({ type }) => type === types.container)) {
        const { name, inputs, provider } = container;
        const address = hostAddress(provider);
        if (address === undefined || !isPrivate(address) || guarded.has(address)) continue;
        const clustering = clusteringPorts(inputs);
        for (const { internal, external, ip } of sections(inputs.ports)) {
          const use = clustering.get(number(internal) ?? 0);
          const everywhere = isAbsent(ip) || ip === "" || ip === "0.0.0.0" || ip === "::";
          if (use === undefined || !everywhere) continue;
          const port = number(external) ?? number(internal);
          const where = `on every address of ${address}'s host`;
          report(container, `The container ${name} publishes its port ${port} (${use}) ${where}.`);
        }
      }
    },
  },
);

/** Of the hosts that have the stack's own firewall. */
function guardedAddresses(resources: readonly Resource[]): Set<string> {
  const guarded = resources.filter(({ type }) => type === types.firewall).flatMap(({ inputs }) => texts(inputs.hosts));
  const hosts = resources.filter(({ type, name }) => type === types.host && guarded.includes(name));
  return new Set(hosts.flatMap(({ inputs }) => text(inputs.address) ?? []));
}

/** Of `ssh://user@address:port`, as the Docker provider has it. */
function hostAddress(provider: Inputs | undefined): string | undefined {
  const url = text(provider?.host);
  return url === undefined ? undefined : /^ssh:\/\/(?:[^@/]*@)?\[?([0-9a-fA-F.:]+?)\]?(?::\d+)?\/?$/.exec(url)?.[1];
}

/** Networks that no router of the internet knows: RFC 1918, RFC 6598 and RFC 4193. */
function isPrivate(address: string): boolean {
  if (isIPv6(address)) return /^f[cd]/i.test(address);
  if (!isIPv4(address)) return false;
  const [first = 0, second = 0] = address.split(".").map(Number);
  return (
    first === 10 ||
    (first === 172 && second >= 16 && second < 32) ||
    (first === 192 && second === 168) ||
    (first === 100 && second >= 64 && second < 128)
  );
}

/** Ports between nodes, by their number in the container, which variables may set. */
function clusteringPorts(inputs: Inputs): Map<number, string> {
  const variables = new Map(
    texts(inputs.envs).map((line) => [line.split("=", 1)[0] ?? "", line.replace(/^[^=]*=?/, "")]),
  );
  return new Map([
    [Number(variables.get("ERL_EPMD_PORT") ?? 4369), "epmd"],
    [Number(variables.get("RABBITMQ_DIST_PORT") ?? 25672), "Erlang distribution"],
  ]);
}
