import { policy, type Resource } from "../lib/policy";
import { sections, text } from "../lib/read";
import { types } from "../lib/types";

export const oneMemberPerHost = policy(
  {
    name: "one-member-per-host",
    level: "mandatory",
    levelReason: "one machine's failure would take two members, and with them perhaps the majority",
    asks: "No two members of a cluster are on one host.",
    why: "They fail together.",
    mend: "Put the member on a host of its own.",
    source: "https://www.rabbitmq.com/docs/clustering#single-machine",
  },
  {
    types: [types.host, types.cluster],
    resource: (resource, report) => {
      if (resource.type !== types.cluster) return;
      for (const [host, members] of grouped(membersOf(resource), ({ host }) => host)) {
        if (members.length > 1) report(`${namesOf(members)} of the cluster ${resource.name} are on ${host}.`);
      }
    },
    // Two names may be one machine.
    stack: (resources, report) => {
      const hosts = resources.filter(({ type }) => type === types.host);
      const addresses = new Map(hosts.map(({ name, inputs }) => [name, text(inputs.address)]));
      for (const cluster of resources.filter(({ type }) => type === types.cluster)) {
        for (const [address, members] of grouped(membersOf(cluster), ({ host }) => addresses.get(host))) {
          const names = new Set(members.map(({ host }) => host));
          if (names.size < 2) continue;
          const same = `whose hosts ${[...names].join(" and ")} have the same address`;
          report(cluster, `${namesOf(members)} of the cluster ${cluster.name} are on ${address}, ${same}.`);
        }
      }
    },
  },
);

interface Member {
  name: string;
  host: string;
}

function membersOf({ inputs }: Resource): Member[] {
  return sections(inputs.nodes).flatMap((node) => {
    const [name, host] = [text(node.name), text(node.host)];
    return name === undefined || host === undefined ? [] : [{ name, host }];
  });
}

function namesOf(members: readonly Member[]): string {
  return members.map(({ name }) => name).join(" and ");
}

function grouped(members: readonly Member[], by: (member: Member) => string | undefined): Map<string, Member[]> {
  const groups = new Map<string, Member[]>();
  for (const member of members) {
    const key = by(member);
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), member]);
  }
  return groups;
}
