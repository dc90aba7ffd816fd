import type { StackConfig } from "../config";
import { cliPorts, streamPorts } from "../config/ports";
import { hasStreams } from "../config/versions";
import type { Facts } from "./ask";
import type { HostFacts } from "./read";
import type { Refusal } from "./survey";

/*
 * What the config asks of hosts and only they can tell. An update that would fail by it half-way does not begin.
 */

/** By host that answered. */
type Answers = readonly (readonly [host: string, facts: HostFacts])[];

export function unfitHosts(config: StackConfig, facts: Facts): Refusal[] {
  const answers = Object.entries(facts).filter((each): each is [string, HostFacts] => !(each[1] instanceof Error));
  return [...missingInterfaces(config, answers), ...strangeContainers(config, answers), ...takenPorts(config, answers)];
}

/** Containers that nobody asked Warren to take over have names that its own are to have. */
function strangeContainers({ rabbitmq, haproxy }: StackConfig, answers: Answers): Refusal[] {
  const says = answers.flatMap(([host, { containers }]) => {
    const strange = (name: string, wanted: boolean): string[] =>
      wanted && containers[name]?.stack === ""
        ? [`host ${host}: there is a container named ${name}, which no Warren stack has made`]
        : [];
    const broker = rabbitmq.nodes.some((each) => each.host === host && each.adopt === undefined);
    const balancer = haproxy.hosts.includes(host) && haproxy.adopt === undefined;
    return [...strange("rabbitmq", broker), ...strange("haproxy", balancer)];
  });
  const remedy = "Remove or rename it, or have Warren take its place (docs/adopt.md)";
  return says.length === 0 ? [] : [{ says, remedy }];
}

function missingInterfaces({ vip }: StackConfig, answers: Answers): Refusal[] {
  const says = (vip?.instances ?? []).flatMap((instance, index) =>
    answers
      .filter(([host, { interfaces }]) => instance.hosts.includes(host) && !interfaces.includes(instance.interface))
      .map(([host, { interfaces }]) => {
        const path = index === 0 ? "warren:vip.interface" : `warren:vip.instances[${index - 1}].interface`;
        return `${path}: "${instance.interface}" - must be an interface of ${host}, which has ${interfaces.join(", ")}`;
      }),
  );
  return says.length === 0 ? [] : [{ says, remedy: "Correct the name" }];
}

interface Wanted {
  path: string;
  first: number;
  last: number;
}

/** Ports of a container that is still to be made, on which something else listens. */
function takenPorts({ rabbitmq, haproxy }: StackConfig, answers: Answers): Refusal[] {
  const single = (section: string, ports: object): Wanted[] =>
    Object.entries(ports as Record<string, number | undefined>).flatMap(([name, port]) =>
      port === undefined || name === "streamReplication"
        ? []
        : [{ path: `warren:${section}.ports.${name}`, first: port, last: port }],
    );
  const ranges: Wanted[] = [
    { path: "warren:rabbitmq.ports.distribution", ...cliPorts(rabbitmq.ports.distribution) },
    ...(hasStreams(rabbitmq.version)
      ? [{ path: "warren:rabbitmq.ports.streamReplication", ...streamPorts(rabbitmq.ports) }]
      : []),
  ];
  const says = answers.flatMap(([host, { containers, listening }]) => {
    const node = rabbitmq.nodes.find((each) => each.host === host);
    const broker = node !== undefined && node.adopt === undefined && containers["rabbitmq"] === undefined;
    const balancer = haproxy.hosts.includes(host) && haproxy.adopt === undefined && containers["haproxy"] === undefined;
    const wanted = [
      ...(broker ? [...single("rabbitmq", rabbitmq.ports), ...ranges] : []),
      ...(balancer ? single("haproxy", haproxy.ports) : []),
    ];
    return wanted.flatMap(({ path, first, last }) =>
      listening
        .filter((port) => port >= first && port <= last)
        .map((port) => `${path}: ${port} - must be free on ${host}: something listens there already`),
    );
  });
  return says.length === 0 ? [] : [{ says, remedy: "Stop it there, or choose another port" }];
}
