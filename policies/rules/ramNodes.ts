import { parseVersion, permitsRam } from "../../config/versions";
import { policy } from "../lib/policy";
import { sections, text } from "../lib/read";
import { types } from "../lib/types";

export const ramNodes = policy(
  {
    name: "ram-nodes",
    level: "mandatory",
    levelReason: "the node could not join",
    asks: "RAM nodes are in clusters only whose broker has them.",
    why: "RabbitMQ 4.3 removed them together with Mnesia.",
    mend: "Give the node the type disc.",
    source: "https://www.rabbitmq.com/docs/clustering#ram-nodes",
  },
  {
    types: [types.cluster],
    resource: ({ name, inputs }, report) => {
      const version = text(inputs.version);
      if (version === undefined || !parseVersion(version) || permitsRam(version)) return;
      for (const node of sections(inputs.nodes).filter(({ type }) => text(type) === "ram")) {
        report(`The node ${text(node.name) ?? "?"} of the cluster ${name} is a RAM node of RabbitMQ ${version}.`);
      }
    },
  },
);
