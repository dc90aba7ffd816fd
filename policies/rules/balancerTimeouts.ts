import { policy, type Resource } from "../lib/policy";
import { number, section, text } from "../lib/read";
import { types } from "../lib/types";

/** RabbitMQ's own, in seconds. */
const defaultHeartbeat = 60;
/** Without heartbeats nothing but the clients' own traffic keeps a connection: hours. */
const idleWithoutHeartbeat = 3600;

export const balancerTimeouts = policy(
  {
    name: "balancer-timeouts",
    level: "mandatory",
    levelReason: "healthy connections would be cut, again and again",
    asks: "The balancers wait longer than the heartbeat.",
    why: "Two heartbeats may go missing before a connection is given up; a balancer that is quicker than that cuts quiet but healthy ones.",
    mend: "Raise the timeout to twice the heartbeat at least, best to hours, or shorten the heartbeat.",
    source: "https://www.rabbitmq.com/docs/heartbeats#tcp-proxies",
  },
  {
    types: [types.cluster, types.balancers],
    stack: (resources, report) => {
      const beats = resources.filter(({ type }) => type === types.cluster).map(heartbeat);
      const longest = beats.length === 0 ? defaultHeartbeat : longestOf(beats);
      if (longest === undefined) return;
      const least = longest === 0 ? idleWithoutHeartbeat : 2 * longest;
      const beat = longest === 0 ? "heartbeats are switched off" : `the heartbeat is ${longest} s`;
      for (const pair of resources.filter(({ type }) => type === types.balancers)) {
        for (const side of ["clientSeconds", "serverSeconds"]) {
          const seconds = number(section(pair.inputs.timeouts)?.[side]);
          if (seconds === undefined || seconds >= least) continue;
          report(pair, `The timeout ${side} of ${pair.name} is ${seconds} s, and ${beat}.`);
        }
      }
    },
  },
);

/** Seconds; 0: none; nothing where it is not known. */
function heartbeat({ inputs }: Resource): number | undefined {
  const settings = section(inputs.settings);
  if (!settings) return inputs.settings === undefined ? defaultHeartbeat : undefined;
  const value = settings.heartbeat;
  return value === undefined ? defaultHeartbeat : (number(value) ?? Number(text(value) ?? NaN));
}

function longestOf(beats: readonly (number | undefined)[]): number | undefined {
  const known = beats.filter((beat) => beat !== undefined && !Number.isNaN(beat)) as number[];
  if (known.length < beats.length) return undefined;
  return known.includes(0) ? 0 : Math.max(...known);
}
