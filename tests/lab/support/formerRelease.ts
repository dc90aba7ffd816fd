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

/** Has the release's own program deploy the stack, before all tests. From then on this checkout's program runs. */
function deployedByRelease(recorded: RecordedStack): Stack {
  const program = new ReleaseProgram(recorded.release);
  const stack = stackInLab(recorded);

  beforeAll(async () => {
    await resetLab();
    stack.runFrom(program.directory);
    await stack.init();
    await stack.up();
    stack.runFrom(root);
  }, 600_000);

  afterAll(() => {
    stack.remove();
    program.remove();
  });
  return stack;
}

const stateOf = async (stack: Stack): Promise<Deployment> => JSON.parse(await stack.export("plain")) as Deployment;

/** Destroys the stack. Nothing of it is left on any host but the brokers' data, which were moved aside. */
async function destroyed(stack: Stack): Promise<void> {
  const { nodes } = stack.config()["warren:rabbitmq"];
  await stack.destroy();
  const left = `docker ps -aq; nft list tables | grep warren; ls /etc/warren 2> /dev/null; ip -4 -o addr show to ${vip}/31; true`;
  expect((await onEveryHost(left)).join("")).toBe("");
  const data = nodes.map(({ host }) => onHost(host, "ls /var/lib/warren/rabbitmq"));
  expect(await Promise.all(data)).toEqual(
    nodes.map(({ name }) => expect.stringMatching(`^${name}\\.removed-\\S+$`) as string),
  );
}

/** The tests of a stack that its release has deployed, and that this checkout updates and destroys. */
export function testTakeover(recorded: RecordedStack): void {
  const stack = deployedByRelease(recorded);

  test("is on these hosts what its record says", async () => {
    const found = withoutOperator(await stateOf(stack), labOperator());
    expect(unlike(recordedState(recorded), found, ofDefaultLab)).toEqual({});
  }, 60_000);

  test("is updated by this checkout: no container restarts, and no confirmed message is lost", async () => {
    const outputs = await stack.outputs();
    const [version = ""] = Object.values(outputs.members.versions);
    if (version.startsWith("3.")) await mirrorQueues(outputs.nodes[0]!.host, outputs.vhost);
    const [before, starts] = [await stateOf(stack), await containerStarts()];
    const traffic = await Traffic.start(outputs, queues);
    try {
      await stack.up();
      const report = await traffic.stop();
      const changes = changesBetween(before, await stateOf(stack));
      const ran = changes.length === 0 ? "nothing ran again" : `ran again:\n${listing(changes)}`;
      console.log(`${recorded.release} ${recorded.name}: ${ran}; ${report.confirmed} messages confirmed`);
      const harm = harmful(changes);
      if (harm.length > 0) throw new Error(`An update must not do this:\n${listing(harm)}\n${details(harm)}`);
      expect(losses(report)).toEqual({});
      expect(await containerStarts()).toBe(starts);
      expect(unforeseen(changes, recordedUpgrade(recorded))).toEqual([]);
    } finally {
      traffic.end();
    }
  }, 600_000);

  test("is complete then: a second update changes nothing, and the check finds no fault", async () => {
    await stack.up("--expect-no-changes");
    const { code, output } = await stack.check();
    if (code !== 0) throw new Error(output);
  }, 120_000);

  test("is destroyed by this checkout after the update, and the brokers' data is kept", async () => {
    await destroyed(stack);
  }, 300_000);
}

/** The test of a stack that its release has deployed, and that this checkout destroys without an update before. */
export function testDestroy(recorded: RecordedStack): void {
  const stack = deployedByRelease(recorded);

  test("is destroyed by this checkout without an update, and the brokers' data is kept", async () => {
    await destroyed(stack);
  }, 300_000);
}
