import { policy } from "../lib/policy";
import { isAbsent, text } from "../lib/read";
import { types } from "../lib/types";

const lasting: readonly string[] = ["always", "unless-stopped"];

export const restartPolicy = policy(
  {
    name: "restart-policy",
    level: "mandatory",
    levelReason: "a restarted host would come back without its part of the service",
    asks: "Every container comes back by itself.",
    why: "After a crash, or when its host or Docker restarts, nothing else starts it (on-failure does not outlive a restart of Docker).",
    mend: "Set restart to always or unless-stopped.",
    source: "https://docs.docker.com/engine/containers/start-containers-automatically/",
  },
  {
    types: [types.container],
    resource: ({ name, inputs }, report) => {
      // A broker that is stopped on purpose is meant to stay so.
      if (inputs.mustRun === false) return;
      const restart = text(inputs.restart);
      if (isAbsent(inputs.restart)) report(`The container ${name} has no restart policy.`);
      else if (restart !== undefined && !lasting.includes(restart)) {
        report(`The container ${name} has the restart policy ${restart}.`);
      }
    },
  },
);
