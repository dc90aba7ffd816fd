import { compareVersions, parseVersion } from "../../config/versions";
import { policy, type Resource } from "../lib/policy";
import { list, section, text, textsWithin } from "../lib/read";
import { types } from "../lib/types";

export const oddMembers = policy(
  {
    name: "odd-members",
    level: "mandatory",
    levelReason: "an even number costs a machine and gives nothing for it, and two members bear no loss at all",
    asks: "A cluster that needs majorities has an odd number of members.",
    why: "A majority of an even number is more than its half: the last member added bears no further loss, and two halves that a network fault parts both stop.",
    mend: "Add a member or take one away.",
    source: "https://www.rabbitmq.com/docs/clustering#node-count",
  },
  {
    types: [types.cluster, types.queue],
    resource: (resource, report) => {
      if (resource.type !== types.cluster) return;
      const members = evenMembers(resource);
      const need = majorityNeeded(resource);
      if (members !== undefined && need !== undefined) report(whatIsWrong(resource, members, need));
    },
    stack: (resources, report) => {
      const queue = resources.find((resource) => resource.type === types.queue && isQuorumQueue(resource));
      if (!queue) return;
      for (const cluster of resources.filter((resource) => resource.type === types.cluster)) {
        const members = evenMembers(cluster);
        if (members === undefined || majorityNeeded(cluster) !== undefined) continue;
        report(cluster, whatIsWrong(cluster, members, `the queue ${queue.name} is a quorum queue`));
      }
    },
  },
);

function whatIsWrong({ name }: Resource, members: number, need: string): string {
  return `The cluster ${name} has ${members} members, and ${need}.`;
}

function evenMembers({ inputs }: Resource): number | undefined {
  const members = list(inputs.nodes)?.length ?? 0;
  return members > 0 && members % 2 === 0 ? members : undefined;
}

/** What in the cluster itself rests on majorities. */
function majorityNeeded({ inputs }: Resource): string | undefined {
  const version = text(inputs.version);
  if (text(section(inputs.settings)?.default_queue_type) === "quorum") return "its queues are quorum queues by default";
  if (text(inputs.partitionHandling) === "pause_minority") return "members without a majority pause (pause_minority)";
  return version !== undefined && parseVersion(version) && compareVersions(version, "4.0") >= 0
    ? `RabbitMQ ${version} replicates by majority alone (quorum queues and streams)`
    : undefined;
}

function isQuorumQueue({ inputs }: Resource): boolean {
  const settings = section(inputs.settings);
  return (
    text(section(settings?.arguments)?.["x-queue-type"]) === "quorum" ||
    textsWithin(settings?.argumentsJson).some((json) => /"x-queue-type"\s*:\s*"quorum"/.test(json))
  );
}
