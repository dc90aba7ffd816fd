import type { Facts } from "../../facts/ask";
import { notices, refuse, survey, type Belief } from "../../facts/survey";
import { parsed } from "./configFixture";
import { hostFacts, nodeFacts } from "./support/hostFacts";

/* A node that its cluster has forgotten behind Warren's back. */

const config = parsed();
const directory = config.rabbitmq.dataDirectory;
const nodes = ["rabbit1", "rabbit2", "rabbit3"] as const;
type Name = (typeof nodes)[number];
const hostOf = (name: Name): string => name.replace("rabbit", "host");
const belief: Belief = {
  deployment: "own-id",
  steps: { "rabbit3-boot": "", "rabbit3-join-cluster": "", "rabbit2-boot": "" },
  serving: nodes.map((name) => ({ name, host: hostOf(name) })),
};

const erlang = (names: readonly string[]): string[] => names.map((name) => `rabbit@${name}`);
/** A host whose broker counts these members; `alone` was never told whom its cluster is to have. */
const counts = (...members: Name[]) => ({
  members: erlang(members).map((name) => ({ name, type: "disc", running: true })),
  intended: { value: erlang(nodes) },
});
const alone = (name: Name) => ({ ...counts(name), intended: null });
const silent = { members: null, intended: null };

/** What the hosts say, by what their brokers say. */
const facts = (views: Record<Name, object>, onDisk: Partial<Record<Name, object>> = {}): Facts =>
  Object.fromEntries(
    nodes.map((name) => [
      hostOf(name),
      hostFacts({ nodes: { [`${directory}/${name}`]: nodeFacts(onDisk[name]) }, ...views[name] }),
    ]),
  );
const forgotten = (views: Record<Name, object>, onDisk?: Partial<Record<Name, object>>): string[] =>
  survey(config, belief, facts(views, onDisk)).forgotten;

const two = counts("rabbit1", "rabbit2");

test.each<[string, Record<Name, object>, string[]]>([
  ["all are members", { rabbit1: counts(...nodes), rabbit2: counts(...nodes), rabbit3: counts(...nodes) }, []],
  ["a member does not answer", { rabbit1: counts(...nodes), rabbit2: counts(...nodes), rabbit3: silent }, []],
  ["one was forgotten, and does not boot", { rabbit1: two, rabbit2: two, rabbit3: silent }, ["rabbit3"]],
  ["one was reset, and is alone", { rabbit1: two, rabbit2: two, rabbit3: alone("rabbit3") }, ["rabbit3"]],
  [
    "the seed node was forgotten",
    { rabbit1: silent, rabbit2: counts("rabbit2", "rabbit3"), rabbit3: silent },
    ["rabbit1"],
  ],
  ["two were forgotten", { rabbit1: counts("rabbit1"), rabbit2: silent, rabbit3: silent }, ["rabbit2", "rabbit3"]],
  ["one was reset, and the others do not answer", { rabbit1: alone("rabbit1"), rabbit2: silent, rabbit3: silent }, []],
  ["there are two clusters", { rabbit1: two, rabbit2: two, rabbit3: counts("rabbit3") }, []],
  ["one still counts it", { rabbit1: two, rabbit2: counts(...nodes), rabbit3: silent }, []],
  ["nobody answers", { rabbit1: silent, rabbit2: silent, rabbit3: silent }, []],
  ["another broker answers under its port", { rabbit1: counts("rabbit2"), rabbit2: silent, rabbit3: silent }, []],
])("%s", (_title, views, expected) => {
  expect(forgotten(views)).toEqual(expected);
});

const views = { rabbit1: two, rabbit2: two, rabbit3: silent };

test("one that a step was joining or resetting is that step's to finish, and one without data is blank anyway", () => {
  expect(forgotten(views, { rabbit3: { underway: true } })).toEqual([]);
  expect(forgotten(views, { rabbit3: { data: false } })).toEqual([]);
});

test("it is told by name, and all its steps run again, and no other's", () => {
  const boot = { "rabbit2-boot": { input: "c", again: "", faults: [] } };
  const found = survey(config, belief, facts({ ...views, rabbit2: { ...two, steps: boot } }));
  const again = ["rabbit2-boot", "rabbit3-boot", "rabbit3-join-cluster"].map((resource) =>
    found.drift.step(hostOf(resource.slice(0, 7) as Name), resource),
  );
  expect(again.map((value) => value !== undefined)).toEqual([false, true, true]);
  expect(found.blank).toEqual(["rabbit3"]);
  expect(found.refusals).toEqual([]);
  expect(notices(found)).toEqual([
    "host host3: the cluster does not know its member rabbit3 any more: its data are moved aside, and it joins as a blank node. Runs again: rabbit3",
  ]);
});

test("with queues of its own it is refused, before anything is declared", () => {
  const found = survey(config, belief, facts(views, { rabbit3: { queues: true } }));
  expect(() => {
    refuse(found);
  }).toThrow(
    `host host3: the cluster does not know its member rabbit3 any more, and the data of rabbit3 hold queues: it would lose them if it joined again. If nothing needs them, run \`docker stop rabbitmq\` on host3, rename ${directory}/rabbit3/data/mnesia, and run \`pulumi up\` again. Nothing was changed`,
  );
  expect(notices(found)).toEqual([]);
});
