import { parseVersion, permitsMirroring } from "../../config/versions";
import { policy, type Resource } from "../lib/policy";
import { section, text } from "../lib/read";
import { types } from "../lib/types";

export const mirroring = policy(
  {
    name: "mirroring",
    level: "mandatory",
    levelReason: "the broker takes the policy and mirrors nothing",
    asks: "Queues are mirrored only where the broker has mirroring.",
    why: "RabbitMQ 4.0 removed it: such a queue is on one node, and gone with it.",
    mend: "Declare quorum queues (x-queue-type: quorum) and take the ha- keys out of the policy.",
    source: "https://www.rabbitmq.com/docs/3.13/ha",
  },
  {
    types: [types.cluster, types.queuePolicy, types.command],
    stack: (resources, report) => {
      const version = resources
        .filter(({ type }) => type === types.cluster)
        .map(({ inputs }) => text(inputs.version))
        .find((known) => known !== undefined && parseVersion(known) && !permitsMirroring(known));
      if (version === undefined) return;
      for (const resource of resources) {
        const keys = mirroringKeys(resource);
        if (keys.length === 0) continue;
        report(resource, `${resource.name} sets ${keys.join(", ")} on queues of RabbitMQ ${version}.`);
      }
    },
  },
);

/** The `ha-` keys that a policy sets, whether it is a resource of its own or the text of a command. */
function mirroringKeys({ type, inputs }: Resource): string[] {
  if (type === types.queuePolicy) {
    const definition = section(section(inputs.policy)?.definition) ?? {};
    return Object.keys(definition).filter((key) => key.startsWith("ha-"));
  }
  if (type !== types.command) return [];
  const script = [inputs.create, inputs.update, inputs.stdin].map((value) => text(value) ?? "").join("\n");
  return /\bset_policy\b/.test(script)
    ? [...new Set([...script.matchAll(/["']?(ha-(?:mode|params|sync-mode))["']?\s*:/g)].map(([, key = ""]) => key))]
    : [];
}
