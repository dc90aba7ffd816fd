import { policy } from "../lib/policy";
import { list, sections, text } from "../lib/read";
import { types } from "../lib/types";

/** A cluster of one member is left alone: that it has no second is plain to see, and meant. */
export const twoDiscNodes = policy(
  {
    name: "two-disc-nodes",
    level: "mandatory",
    levelReason: "what is lost with the last disc node is lost for good",
    asks: "A cluster has at least two disc nodes.",
    why: "RAM nodes keep users, queues and permissions in memory only: with the disk of the last disc node they are gone.",
    mend: "Give another node the type disc.",
    source: "https://www.rabbitmq.com/docs/clustering#ram-nodes",
  },
  {
    types: [types.cluster],
    resource: ({ name, inputs }, report) => {
      const nodes = sections(inputs.nodes);
      const known = nodes.map((node) => text(node.type)).filter((type) => type !== undefined);
      // One type that is not known yet could be the second disc node.
      if (known.length < 2 || known.length < (list(inputs.nodes)?.length ?? 0)) return;
      const disc = nodes.filter((node) => text(node.type) === "disc").map((node) => text(node.name) ?? "?");
      if (disc.length >= 2) return;
      const found = disc.length === 0 ? "no disc node" : `one disc node only (${disc.join()})`;
      report(`The cluster ${name} has ${found} among its ${nodes.length} members.`);
    },
  },
);
