import { Flow, type Door, type TrafficQueue, type TrafficReport } from "./flow";
import { onHost } from "./hosts";
import type { Outputs } from "./stack";

export type { TrafficQueue, TrafficReport };

/** Mirrors all classic queues whose name starts with a prefix, on every node, for brokers before 4.0. */
export async function mirrorQueues(host: string, vhost: string, prefix = "mirrored"): Promise<void> {
  const definition = JSON.stringify({ "ha-mode": "all", "ha-sync-mode": "automatic" });
  await onHost(
    host,
    `docker exec -u rabbitmq rabbitmq rabbitmqctl -q set_policy -p ${vhost} --apply-to queues ha-${prefix} '^${prefix}' '${definition}'`,
  );
}

/** The queues that lost something, and how much. */
export function losses({ queues }: { queues: Record<string, TrafficReport> }): Record<string, number> {
  return Object.fromEntries(
    Object.entries(queues)
      .filter(([, { lost }]) => lost > 0)
      .map(([name, { lost }]) => [name, lost]),
  );
}

/** Publishers and consumers that go on through the service's front door, whatever happens behind it. */
export class Traffic {
  private readonly flows: Flow[];
  private readonly door: Door;

  private constructor(outputs: Outputs, queues: readonly TrafficQueue[]) {
    const { vip, ports, vhost, username, password } = outputs;
    this.door = { hostname: vip ?? "", port: ports.amqp, vhost, username, password };
    this.flows = queues.map((queue) => new Flow(this.door, queue));
  }

  /** Starts the traffic, and waits until it flows through every queue. */
  static async start(outputs: Outputs, queues: readonly TrafficQueue[]): Promise<Traffic> {
    const traffic = new Traffic(outputs, queues);
    try {
      await Promise.all(traffic.flows.map((flow) => flow.flows()));
    } catch (error) {
      traffic.end();
      throw error;
    }
    return traffic;
  }

  /** Waits until every queue takes, and gives, another message. */
  async serves(seconds = 60): Promise<void> {
    await Promise.all(this.flows.map((flow) => flow.serves(seconds)));
  }

  /** Publishers fall silent, as before a planned stop; consumers go on. The pause counts as a gap. */
  async hold(): Promise<void> {
    await Promise.all(this.flows.map((flow) => flow.hold()));
  }

  resume(): void {
    for (const flow of this.flows) {
      flow.resume();
    }
  }

  /** From now on connections are made with these; those that are open stay. */
  login(username: string, password: string): void {
    Object.assign(this.door, { username, password });
  }

  /** Ends it when every queue has taken one more message, and says what became of them. */
  async stop(): Promise<TrafficReport & { queues: Record<string, TrafficReport> }> {
    const reports = await Promise.all(this.flows.map(async (flow) => [flow.queue.name, await flow.stop()] as const));
    const all = reports.map(([, report]) => report);
    const sum = (figure: keyof TrafficReport): number => all.reduce((total, report) => total + report[figure], 0);
    return {
      confirmed: sum("confirmed"),
      lost: sum("lost"),
      longestGapSeconds: Math.max(...all.map((report) => report.longestGapSeconds)),
      duplicates: sum("duplicates"),
      reconnects: sum("reconnects"),
      queues: Object.fromEntries(reports),
    };
  }

  /** Ends it at once, for a test that has failed. */
  end(): void {
    for (const flow of this.flows) {
      flow.end();
    }
  }
}
