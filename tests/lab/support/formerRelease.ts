import { unlike } from "../../releases/alike";
import { changesBetween, details, harmful, listing, unforeseen } from "../../releases/changes";
import { withoutOperator, type Deployment } from "../../releases/deployment";
import {
  labOperator,
  recordedState,
  recordedUpgrade,
  ReleaseProgram,
  stackInLab,
  type RecordedStack,
} from "../../releases/release";
import { containerStarts, ofDefaultLab, onEveryHost, onHost, resetLab, root, vip } from "./hosts";
import type { Stack } from "./stack";
import { losses, mirrorQueues, Traffic, type TrafficQueue } from "./traffic";

const queues: TrafficQueue[] = [
  { name: "mirrored", type: "classic" },
  { name: "quorum", type: "quorum" },
];

/** A stack that the program of its release has deployed. What is run after that is this checkout's program. */
export class FormerStack {
  private readonly stack: Stack;
  private readonly program: ReleaseProgram;

  constructor(private readonly recorded: RecordedStack) {
    this.program = new ReleaseProgram(recorded.release);
    this.stack = stackInLab(recorded);
  }

  async deploy(): Promise<void> {
    await resetLab();
    this.stack.runFrom(this.program.directory);
    await this.stack.init();
    await this.stack.up();
    this.stack.runFrom(root);
  }

  remove(): void {
    this.stack.remove();
    this.program.remove();
  }

  private async state(): Promise<Deployment> {
    return JSON.parse(await this.stack.export("plain")) as Deployment;
  }

  /** The hosts and the state are what the record says of them. */
  async expectAsRecorded(): Promise<void> {
    const found = withoutOperator(await this.state(), labOperator());
    expect(unlike(recordedState(this.recorded), found, ofDefaultLab)).toEqual({});
  }

  /** Updates the stack under live traffic. It prints which resources ran again. */
  async expectUpdate(): Promise<void> {
    const outputs = await this.stack.outputs();
    const [version = ""] = Object.values(outputs.members.versions);
    if (version.startsWith("3.")) await mirrorQueues(outputs.nodes[0]!.host, outputs.vhost);
    const [before, starts] = [await this.state(), await containerStarts()];
    const traffic = await Traffic.start(outputs, queues);
    try {
      await this.stack.up();
      const report = await traffic.stop();
      const changes = changesBetween(before, await this.state());
      const ran = changes.length === 0 ? "nothing ran again" : `ran again:\n${listing(changes)}`;
      console.log(`${this.recorded.release} ${this.recorded.name}: ${ran}; ${report.confirmed} messages confirmed`);
      const harm = harmful(changes);
      if (harm.length > 0) throw new Error(`An update must not do this:\n${listing(harm)}\n${details(harm)}`);
      expect(losses(report)).toEqual({});
      expect(await containerStarts()).toBe(starts);
      expect(unforeseen(changes, recordedUpgrade(this.recorded))).toEqual([]);
    } finally {
      traffic.end();
    }
  }

  /** A second update has no step, and the check finds no fault. */
  async expectComplete(): Promise<void> {
    await this.stack.up("--expect-no-changes");
    const { code, output } = await this.stack.check();
    if (code !== 0) throw new Error(output);
  }

  /** Destroys the stack. Nothing of it is left on any host but the brokers' data, which were moved aside. */
  async expectDestroy(): Promise<void> {
    const { nodes } = this.stack.config()["warren:rabbitmq"];
    await this.stack.destroy();
    const left = `docker ps -aq; nft list tables | grep warren; ls /etc/warren 2> /dev/null; ip -4 -o addr show to ${vip}/31; true`;
    expect((await onEveryHost(left)).join("")).toBe("");
    const data = nodes.map(({ host }) => onHost(host, "ls /var/lib/warren/rabbitmq"));
    expect(await Promise.all(data)).toEqual(
      nodes.map(({ name }) => expect.stringMatching(`^${name}\\.removed-\\S+$`) as string),
    );
  }
}
