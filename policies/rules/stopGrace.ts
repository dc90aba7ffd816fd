import { policy } from "../lib/policy";
import { isAbsent, number } from "../lib/read";
import { types } from "../lib/types";

/** What `docker stop` itself gives. */
const leastSeconds = 10;

export const stopGrace = policy(
  {
    name: "stop-grace",
    level: "mandatory",
    levelReason:
      "a broker that is killed has to repair its queues when it starts again, and loses what was not on disk",
    asks: "Every container has time to stop.",
    why: "Without destroyGraceSeconds the provider kills it at once.",
    mend: `Set destroyGraceSeconds: at least ${leastSeconds}, for a broker two minutes.`,
    source: "https://www.pulumi.com/registry/packages/docker/api-docs/container/",
  },
  {
    types: [types.container],
    resource: ({ name, inputs }, report) => {
      const grace = number(inputs.destroyGraceSeconds);
      if (isAbsent(inputs.destroyGraceSeconds)) report(`The container ${name} has no destroyGraceSeconds.`);
      else if (grace !== undefined && grace < leastSeconds) {
        report(`The container ${name} has ${grace} s to stop (destroyGraceSeconds).`);
      }
    },
  },
);
