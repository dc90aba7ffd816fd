import { unlike } from "../releases/alike";
import { changesBetween, details, harmful, listing, unforeseen } from "../releases/changes";
import { withoutOperator, type Deployment } from "../releases/deployment";
import {
  labOperator,
  recordedStacks,
  recordedState,
  recordedUpgrade,
  ReleaseProgram,
  stackOf,
} from "../releases/release";
import { brokerStarts, restarted } from "./support/figures";
import { containerStarts, onEveryHost, resetLab, root } from "./support/hosts";
import { losses, mirrorQueues, Traffic, type TrafficQueue } from "./support/traffic";

const brokers = ["host1", "host2", "host3"];
const queues: TrafficQueue[] = [
  { name: "mirrored", type: "classic" },
  { name: "quorum", type: "quorum" },
];

/** A release's own program deploys a stack, and this checkout takes it over under live traffic. */
describe.each(recordedStacks)("the stack $name of $release", (recorded) => {
  const program = new ReleaseProgram(recorded.release);
  const stack = stackOf(recorded);
  const state = async (): Promise<Deployment> => JSON.parse(await stack.export("plain")) as Deployment;
  let before: Deployment;

  beforeAll(async () => {
    await resetLab();
    stack.runFrom(program.directory);
    await stack.init();
    await stack.up();
    before = await state();
  }, 600_000);

  afterAll(() => {
    stack.remove();
    program.remove();
  });

  test("is what the record says, on these hosts", () => {
    expect(unlike(recordedState(recorded), withoutOperator(before, labOperator()))).toEqual({});
  });

  test("is updated by this checkout: no container is restarted, and no confirmed message is lost", async () => {
    const outputs = await stack.outputs();
    const { versions } = outputs.members;
    if (Object.values(versions).some((version) => version.startsWith("3."))) {
      await mirrorQueues("host1", outputs.vhost);
    }
    const starts = { brokers: await brokerStarts(brokers), all: await containerStarts() };
    const traffic = await Traffic.start(outputs, queues);
    try {
      stack.runFrom(root);
      await stack.up();
      const report = await traffic.stop();
      const changes = changesBetween(before, await state());
      console.log(
        `${recorded.release} ${recorded.name}: ${changes.length} resources ran again\n${listing(changes)}` +
          `${report.confirmed} messages confirmed, longest gap ${report.longestGapSeconds.toFixed(1)} s`,
      );
      const harm = harmful(changes);
      if (harm.length > 0) throw new Error(`The update did what it must not:\n${listing(harm)}\n${details(harm)}`);
      expect(losses(report)).toEqual({});
      expect(restarted(starts.brokers, await brokerStarts(brokers))).toBe(0);
      expect(await containerStarts()).toBe(starts.all);
      expect(unforeseen(changes, recordedUpgrade(recorded))).toEqual([]);
    } finally {
      traffic.end();
    }
  }, 600_000);

  test("is complete after that: a second update has no step, and the check finds no fault", async () => {
    await stack.up("--expect-no-changes");
    const { code, output } = await stack.check();
    if (code !== 0) throw new Error(output);
  }, 120_000);

  test("is destroyed by this checkout, and the brokers' data is kept", async () => {
    await stack.destroy();
    const left =
      "docker ps -aq; nft list tables | grep warren; ls /etc/warren 2> /dev/null; ip -4 -o addr show to 198.18.66.100/31; true";
    expect(await onEveryHost(left)).toEqual(["", "", "", "", ""]);
    const data = await onEveryHost("ls /var/lib/warren/rabbitmq 2> /dev/null || true");
    expect(data).toEqual([
      ...brokers.map(
        (_, index) => expect.stringMatching(new RegExp(`^rabbitmq${index + 1}\\.removed-\\S+$`)) as string,
      ),
      "",
      "",
    ]);
  }, 300_000);
});
