import { brokerStarts, record, restarted, type Figure } from "./figures";
import { addresses, clusterStatus, onHost } from "./hosts";
import type { Stack, StackFile } from "./stack";
import { Traffic, type TrafficQueue } from "./traffic";

export type Rabbitmq = StackFile["warren:rabbitmq"];

/** Queues of both kinds, for a broker that has mirrored ones (`mirrorQueues`). */
const queues: TrafficQueue[] = [
  { name: "mirrored", type: "classic" },
  { name: "quorum", type: "quorum" },
];

/** A node of the config, on the host of its number. */
export const node = (number: number, type: "disc" | "ram" = "disc") => ({
  name: `rabbitmq${number}`,
  host: `host${number}`,
  type,
});

/** Numbers of the nodes that a host's node sees. */
export async function members(host: string): Promise<{ disc: string[]; ram: string[]; running: string[] }> {
  const { disk_nodes, ram_nodes, running_nodes } = await clusterStatus(host);
  const short = (nodes: string[]): string[] => nodes.map((node) => node.replace("rabbit@rabbitmq", "")).sort();
  return { disc: short(disk_nodes), ram: short(ram_nodes), running: short(running_nodes) };
}

/** Numbers of the nodes on which the quorum queue has its members. */
export async function quorumMembers(host: string): Promise<string[]> {
  const erlang = `[rabbit_amqqueue:info(Q, [members]) || Q <- rabbit_amqqueue:list(), amqqueue:get_type(Q) =:= rabbit_quorum_queue].`;
  const told = await onHost(host, `docker exec -u rabbitmq rabbitmq rabbitmqctl -q eval '${erlang}'`);
  return (told.match(/rabbit@rabbitmq\d/g) ?? []).map((node) => node.replace("rabbit@rabbitmq", "")).sort();
}

/** A stack that changes while clients publish and consume. */
export class Life {
  /** The hosts that answer. */
  hosts = Object.keys(addresses);

  constructor(
    private readonly stack: Stack,
    private readonly version: string,
  ) {}

  traffic = async (): Promise<Traffic> => Traffic.start(await this.stack.outputs(), queues);

  /** Edits the config and updates, with traffic before, meanwhile and afterwards; nothing that was confirmed is lost. */
  async change(
    edit: (rabbitmq: Rabbitmq, config: StackFile) => void,
    { as, restarts, meanwhile }: { as?: Figure["change"]; restarts: number; meanwhile?: () => Promise<void> },
  ): Promise<void> {
    const traffic = await this.traffic();
    try {
      await meanwhile?.();
      const before = await brokerStarts(this.hosts);
      this.stack.change((config) => {
        edit(config["warren:rabbitmq"], config);
      });
      await this.stack.up();
      const report = await traffic.stop();
      const count = restarted(before, await brokerStarts(this.hosts));
      expect({ lost: report.lost, restarted: count }).toEqual({ lost: 0, restarted: restarts });
      if (as !== undefined) {
        record({ change: as, broker: this.version, traffic: report, restarted: count });
      }
    } finally {
      traffic.end();
    }
    await this.stack.up("--expect-no-changes");
  }
}
