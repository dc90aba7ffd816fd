import { forbiddenChanges, remaining, type ServingNode } from "../../config/changes";
import { upgradeProblem } from "../../config/versions";
import { parsed, type Raw } from "./configFixture";

/* What members can be asked to become, and what they cannot. */

const members: ServingNode[] = [
  { name: "rabbit1", host: "host1", type: "disc", machine: "192.0.2.11", version: "3.8.9" },
  { name: "rabbit2", host: "host2", type: "disc", machine: "192.0.2.12", version: "3.8.9" },
  { name: "rabbit3", host: "host3", type: "ram", machine: "192.0.2.13", version: "3.8.9" },
];
const nodes = members.map(({ name, host, type }) => ({ name, host, type }));
// A copy: paths are set in it.
const config = (changes: Raw = {}) => parsed(structuredClone({ "rabbitmq.nodes": nodes, ...changes }));
const problems = (changes: Raw, from = members) =>
  forbiddenChanges(from, config(changes)).map(({ path, value, rule }) => [path.join("."), value, rule]);
const names = (changes: Raw, from = members) => remaining(from, config(changes)).map(({ name }) => name);

describe("allowed", () => {
  test.each<[string, Raw]>([
    ["nothing new", {}],
    ["a node more", { "rabbitmq.nodes": [...nodes.slice(0, 2), { name: "rabbit4", host: "host3", type: "disc" }] }],
    ["a node less", { "rabbitmq.nodes": nodes.slice(1), "rabbitmq.nodes.1.type": "disc" }],
    ["another order", { "rabbitmq.nodes": [nodes[1], nodes[0], nodes[2]] }],
    ["another type", { "rabbitmq.nodes.2.type": "disc" }],
    ["another name on a host", { "rabbitmq.nodes.2.name": "rabbit9" }],
    ["a lost machine", { "hosts.host2.lost": true }],
    ["another machine", { "hosts.host2.machine": "SN-2" }],
    ["a stop", { "rabbitmq.stopped": true }],
  ])("%s", (_title, changes) => {
    expect(problems(changes)).toEqual([]);
  });

  test("anything, before there is a member", () => {
    const changes = { "rabbitmq.image": "rabbitmq:4.1.1", "hosts.host2.lost": true, "rabbitmq.nodes.2.type": "disc" };
    expect(problems(changes, [])).toEqual([]);
  });

  test("a name on another host, once its former host was lost in an update and it is no member any more", () => {
    const moved = { "rabbitmq.nodes": [nodes[0], nodes[1]], "rabbitmq.nodes.1.host": "host3" };
    expect(problems(moved, [members[0]!, members[2]!])).toEqual([]);
  });
});

describe("refused", () => {
  test("a node on another host, be that lost in the same update", () => {
    const rule =
      "must stay host2, where the data of rabbit2 are; give a node on another host another name, or say that host2 is lost and update once before you move the name";
    const swapped = { "rabbitmq.nodes": [nodes[0], { ...nodes[1], host: "host3" }] };
    expect(problems(swapped)).toEqual([["rabbitmq.nodes.1.host", "host3", rule]]);
    expect(problems({ ...swapped, "hosts.host2.lost": true })).toEqual([["rabbitmq.nodes.1.host", "host3", rule]]);
  });

  test("that no member remains on its machine", () => {
    const rule = (list: string) =>
      `must keep at least one of the members (${list}) on its machine: without one, the cluster and its data would be gone. Destroy the stack if that is what you want`;
    const path = "rabbitmq.nodes";
    const renamed = nodes.map((node, index) => ({ ...node, name: `mq${index}` }));
    expect(problems({ "rabbitmq.nodes": renamed })).toEqual([[path, renamed, rule("rabbit1, rabbit2, rabbit3")]]);
    expect(problems({ "hosts.host1.machine": "SN-1" }, members.slice(0, 1))).toEqual([[path, nodes, rule("rabbit1")]]);
    const lostAndNew = { "hosts.host1.lost": true, "hosts.host2.machine": "SN-2" };
    expect(problems(lostAndNew, members.slice(0, 2))).toEqual([[path, nodes, rule("rabbit1, rabbit2")]]);
    expect(problems(lostAndNew)).toEqual([]);
  });

  test("a cluster that stands still before there is one", () => {
    const rule = "must be false until there is a cluster that can be stopped";
    expect(problems({ "rabbitmq.stopped": true }, [])).toEqual([["rabbitmq.stopped", true, rule]]);
  });
});

describe("another version", () => {
  const end = "(https://www.rabbitmq.com/docs/upgrade). rabbitmq.unsupportedUpgrade overrules this";
  const to = (version: string, changes: Raw = {}) =>
    problems({ "rabbitmq.image": `rabbitmq:${version}-management`, ...changes });

  test.each(["3.8.9", "3.8.34", "3.9.0", "3.9.29"])("3.8.9 to %s", (version) => {
    expect(to(version)).toEqual([]);
  });

  test.each([
    ["3.8.8", "must not be older than 3.8.9, which the data are of: RabbitMQ does not go back"],
    ["3.10.8", "must be reached from 3.8.9, which the data are of, by way of 3.9"],
    [
      "3.13.7",
      "must be reached from 3.8.9, which the data are of, by way of 3.9, then 3.10, then 3.11.18 or later, then 3.12",
    ],
  ])("not 3.8.9 to %s, which is told once for all members", (version, rule) => {
    expect(to(version)).toEqual([["rabbitmq.image", `rabbitmq:${version}-management`, `${rule} ${end}`]]);
  });

  test("what one member cannot do counts, and each reason is told", () => {
    const mixed = [{ ...members[0]!, version: "3.9.5" }, members[1]!, { ...members[2]!, version: "3.10.8" }];
    expect(problems({ "rabbitmq.image": "rabbitmq:3.10.5" }, mixed).map(([, , rule]) => rule)).toEqual([
      `must be reached from 3.8.9, which the data are of, by way of 3.9 ${end}`,
      `must not be older than 3.10.8, which the data are of: RabbitMQ does not go back ${end}`,
    ]);
  });

  test("the one that is allowed in so many words, and no other", () => {
    expect(to("3.10.8", { "rabbitmq.unsupportedUpgrade": "3.8.9 to 3.10.8" })).toEqual([]);
    expect(to("3.10.9", { "rabbitmq.unsupportedUpgrade": "3.8.9 to 3.10.8" })).toHaveLength(1);
    expect(to("3.8.8", { "rabbitmq.unsupportedUpgrade": "3.8.9 to 3.8.8" })).toEqual([]);
  });

  test("is held against members that stood still when the last update ended, by what their data are of", () => {
    const stopped = members.map((member) => ({ ...member, running: false }));
    expect(problems({ "rabbitmq.image": "rabbitmq:3.13.7" }, stopped)).toHaveLength(1);
  });

  test("is not held against members of which an older Warren's outputs do not say it", () => {
    const silent = members.map(({ name, host, type }) => ({ name, host, type }));
    expect(problems({ "rabbitmq.image": "rabbitmq:3.13.7" }, silent)).toEqual([]);
  });
});

/** From one release to another one: nothing, what lies between, or why not at all. */
describe("RabbitMQ's upgrade table", () => {
  const all = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "4.0", "4.1", "4.2", "4.3"];

  /** As https://www.rabbitmq.com/docs/upgrade has it. */
  const table: Record<string, string[]> = {
    "3.8": ["3.9"],
    "3.9": ["3.10"],
    "3.10": ["3.11"],
    "3.11": ["3.12"],
    "3.12": ["3.13"],
    "3.13": ["4.0", "4.1", "4.2"],
    "4.0": ["4.1", "4.2"],
    "4.1": ["4.2"],
    "4.2": ["4.3"],
    "4.3": [],
  };

  test("is kept from each series to each other one, and none goes back", () => {
    for (const [from, start] of all.entries())
      for (const [to, target] of all.entries()) {
        const said = upgradeProblem(`${start}.29`, `${target}.29`);
        if (to < from) {
          expect(said).toBe(`not be older than ${start}.29, which the data are of: RabbitMQ does not go back`);
        } else if (to === from || table[start]?.includes(target) === true) expect(said).toBeUndefined();
        else expect(said).toMatch(new RegExp(`^be reached from ${start}\\.29, which the data are of, by way of `));
      }
  });

  test.each([
    ["3.13.7", "4.0.5", undefined],
    ["3.13.7", "4.2.1", undefined],
    ["3.13.7", "4.3.0", "be reached from 3.13.7, which the data are of, by way of 4.2"],
    ["4.0.5", "4.2.1", undefined],
    ["4.0.5", "4.3.0", "be reached from 4.0.5, which the data are of, by way of 4.2"],
    ["3.11.18", "3.12.14", undefined],
    ["3.11.17", "3.12.14", "be reached from 3.11.17, which the data are of, by way of 3.11.18 or later"],
    ["3.11.17", "3.13.7", "be reached from 3.11.17, which the data are of, by way of 3.11.18 or later, then 3.12"],
    ["3.10.25", "3.12.14", "be reached from 3.10.25, which the data are of, by way of 3.11.18 or later"],
    ["3.12.14", "4.0.5", "be reached from 3.12.14, which the data are of, by way of 3.13"],
    ["4.3.0", "4.4.0", "be a release that RabbitMQ 4.3.0, which the data are of, can be upgraded to"],
    ["4.0.5", "5.0.0", "be a release that RabbitMQ 4.0.5, which the data are of, can be upgraded to"],
    ["3.7.28", "3.8.0", "be a release that RabbitMQ 3.7.28, which the data are of, can be upgraded to"],
    ["4.4.1", "4.4.9", undefined],
    ["3.10.8", "3.9.29", "not be older than 3.10.8, which the data are of: RabbitMQ does not go back"],
  ])("%s to %s", (from, to, problem) => {
    expect(upgradeProblem(from, to)).toBe(problem);
  });
});

describe("who remains", () => {
  test.each<[string, Raw, string[]]>([
    ["all, where nothing changes", {}, ["rabbit1", "rabbit2", "rabbit3"]],
    [
      "not a node that the config does not have any more",
      { "rabbitmq.nodes": nodes.slice(0, 2) },
      ["rabbit1", "rabbit2"],
    ],
    ["not one under another name", { "rabbitmq.nodes.1.name": "rabbit9" }, ["rabbit1", "rabbit3"]],
    ["not one whose machine is lost", { "hosts.host1.lost": true }, ["rabbit2", "rabbit3"]],
    ["not one whose machine is another one", { "hosts.host3.machine": "SN-3" }, ["rabbit1", "rabbit2"]],
    [
      "not one whose machine has another address, which tells it",
      { "hosts.host3.address": "192.0.2.33" },
      ["rabbit1", "rabbit2"],
    ],
    [
      "one whose machine has another address, but is said to be the same",
      { "hosts.host3.address": "192.0.2.33", "hosts.host3.machine": "192.0.2.13" },
      ["rabbit1", "rabbit2", "rabbit3"],
    ],
  ])("%s", (_title, changes, left) => {
    expect(names(changes)).toEqual(left);
  });

  test("one of whose machine nobody has said which it was", () => {
    const former = members.map(({ name, host, type }) => ({ name, host, type }));
    expect(names({ "hosts.host1.machine": "SN-1" }, former)).toEqual(["rabbit1", "rabbit2", "rabbit3"]);
  });
});
