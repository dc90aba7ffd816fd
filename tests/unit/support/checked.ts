import { judge, type Report } from "../../../check/judge";
import type { Facts } from "../../../facts/ask";
import type { HostFacts, SeenFacts } from "../../../facts/read";
import { survey, type Belief } from "../../../facts/survey";
import { parsed } from "../configFixture";
import { clusterStatus } from "./clusterStatus";
import { container, hostFacts, nodeFacts } from "./hostFacts";

/* Three hosts with a broker each, the first two with a balancer and a virtual IP, and what the check says of them. */

export const members = { rabbit1: { type: "disc" }, rabbit2: { type: "disc" }, rabbit3: { type: "ram" } } as const;
export const up = { rabbit1: "UP", rabbit2: "UP", rabbit3: "UP" };

/** HAProxy's table, with the columns that count. */
export const statistics = (states: Record<string, string>): string =>
  ["# pxname,svname,status", ...Object.entries(states).map(([name, state]) => `rabbitmq,${name},${state}`)].join("\n");

/** What is changed of a host on which all is well. */
export interface Change extends Partial<Omit<HostFacts, "containers">> {
  rabbitmq?: string | undefined;
  haproxy?: string | undefined;
  /** On top of what is seen when all is well. */
  sees?: Partial<SeenFacts>;
}

/** Host N with broker N, and with a balancer. */
function host(number: number, balances: boolean, { rabbitmq, haproxy, sees, ...changes }: Change = {}): HostFacts {
  const states = { rabbitmq: rabbitmq ?? "running", ...(balances ? { haproxy: haproxy ?? "running" } : {}) };
  const containers = Object.entries(states).filter(([, state]) => state !== "");
  return hostFacts({
    addresses: [`192.0.2.1${number}`, ...(number === 1 ? ["192.0.2.100"] : [])],
    containers: Object.fromEntries(containers.map(([name, state]) => [name, container({ state })])),
    nodes: { [`/var/lib/warren/rabbitmq/rabbit${number}`]: nodeFacts() },
    seen: {
      cluster: clusterStatus({ members }),
      statistics: balances ? statistics(up) : null,
      keepalived: balances ? "active" : null,
      certificates: {},
      ...sees,
    },
    ...changes,
  });
}

/** Three hosts of which all is well, with some parts changed. */
export const hosts = (changes: Record<string, Change | Error> = {}): Facts =>
  Object.fromEntries(
    [1, 2, 3].map((number) => {
      const change = changes[`host${number}`];
      return [`host${number}`, change instanceof Error ? change : host(number, number < 3, change)];
    }),
  );

const belief: Belief = {
  deployment: "own-id",
  steps: {},
  serving: Object.keys(members).map((name) => ({ name, host: name.replace("rabbit", "host") })),
};

/** The check's report, by a state that believes all of it. */
export function report(facts: Facts, changes: Record<string, unknown> = {}, now?: Date): Report {
  const config = parsed(changes);
  const found = survey(config, belief, facts);
  found.drift.lookAgain();
  return judge("dev", config, found, now);
}
export const faults = (facts: Facts, changes: Record<string, unknown> = {}): string[] => report(facts, changes).faults;

/** What the steps on a host have recorded and no longer holds, by resource. */
export const drift = (...steps: [resource: string, kind: string, says: string][]) => ({
  steps: Object.fromEntries(
    steps.map(([resource, kind, says]) => [resource, { input: "c", again: "", faults: [{ kind, says }] }]),
  ),
});
