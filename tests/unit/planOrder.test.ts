import { acts } from "../../plan/acts";
import { turns } from "../../plan/order";
import { group, preview, raw, step, urn, type RawStep } from "./support/previews";

/** When each one's turn comes, by name. */
function turnsOf(...steps: RawStep[]): Record<string, number> {
  const { steps: read } = preview(steps);
  const found = turns(read);
  return Object.fromEntries(read.map(({ name, urn: of }) => [name, found.get(of) ?? -1]));
}

/** What happens, a line for each: its turn, to whom, what. */
function told(...steps: RawStep[]): string[] {
  return acts(preview(steps)).map(({ turn, of, says }) => `${turn} ${of.join(", ")}: ${says}`);
}

const node = (op: string, name: string, given?: Parameters<typeof step>[3]) => step(op, "RabbitNode", name, given);
const needs = (...names: string[]) => ({ needs: names.map((name) => urn("RabbitNode", name)) });

describe("turns", () => {
  test("what changes comes after what it needs", () => {
    expect(turnsOf(node("create", "b-files", needs("a-files")), node("create", "a-files"))).toEqual({
      "a-files": 1,
      "b-files": 2,
    });
  });

  test("through what stays as it is, without counting it", () => {
    const steps = [
      node("replace", "a-container"),
      node("same", "a-start-app", needs("a-container")),
      node("update", "b-gate", needs("a-start-app")),
    ];
    expect(turnsOf(...steps)).toEqual({ "a-container": 1, "a-start-app": 1, "b-gate": 2 });
  });

  test("a provider is needed, too", () => {
    const provider = urn("Host", "host1-docker");
    const steps = [
      step("create", "Host", "host1-docker"),
      node("create", "a-image", { provider: `${provider}::04da6b54-80e4-46f7-96ec-b56ff0331ba9` }),
    ];
    expect(turnsOf(...steps)).toEqual({ "host1-docker": 1, "a-image": 2 });
  });

  test("what is deleted goes last, and what needs the others first", () => {
    const steps = [
      node("delete", "b-files"),
      node("delete", "b-container", needs("b-files")),
      node("update", "a-files"),
    ];
    expect(turnsOf(...steps)).toEqual({ "a-files": 1, "b-container": 2, "b-files": 3 });
  });

  test("a circle, which no engine writes, is no reason to go round for ever", () => {
    const steps = [node("create", "a-files", needs("b-files")), node("create", "b-files", needs("a-files"))];
    expect(Object.keys(turnsOf(...steps))).toEqual(["a-files", "b-files"]);
  });
});

describe("acts", () => {
  test("a restart tells its gate and its boot, and why", () => {
    const steps = [
      node("update", "a-gate", { differing: ["stdin"] }),
      node("replace", "a-container", { ...needs("a-gate"), replacedFor: ["image", "labels"] }),
      node("replace", "a-boot", needs("a-container")),
    ];
    expect(told(...steps)).toEqual([
      "2 a: **restarts**: drained, then a new container on its data (for: image, settings or plugins)",
    ]);
  });

  test("the digest of all settings says nothing beside the setting itself", () => {
    expect(told(node("replace", "a-container", { replacedFor: ["labels", "ports"] }))[0]).toMatch(/\(for: ports\)$/);
  });

  test("an input without a word of its own is named as it is", () => {
    expect(told(node("replace", "a-container", { replacedFor: ["tmpfs"] }))[0]).toMatch(/\(for: tmpfs\)$/);
  });

  test("brokers that are stopped on purpose stop one after the other, and nobody waits for them", () => {
    const still = { old: { mustRun: true }, new: { mustRun: false } };
    const steps = [
      node("update", "a-container", still),
      node("update", "b-container", still),
      node("update", "b-member", needs("b-container")),
      node("update", "a-member", needs("b-member")),
      step("update", "RabbitCluster", "rabbitmq-formed", needs("a-member")),
    ];
    expect(told(...steps)).toEqual(["2 b: **stops**", "3 a: **stops**"]);
  });

  test("and start again", () => {
    const awake = { old: { mustRun: false }, new: { mustRun: true } };
    const steps = [
      node("update", "a-container", awake),
      node("update", "a-member", needs("a-container")),
      step("update", "RabbitCluster", "rabbitmq-formed", needs("a-member")),
    ];
    expect(told(...steps)).toEqual(["2 a: **starts**", "3 rabbitmq: waits until all members run as configured"]);
  });

  test("another machine's broker is not restarted: it begins blank, and joins", () => {
    const steps = [
      node("replace", "a-image", { replacedFor: ["triggers"] }),
      node("update", "a-files", needs("a-image")),
      node("replace", "a-container", { ...needs("a-files"), replacedFor: ["image", "labels"] }),
      node("update", "a-join-cluster", needs("a-container")),
      node("update", "a-start-app", needs("a-join-cluster")),
    ];
    expect(told(...steps)).toEqual([
      "1 a: new image is pulled",
      "2 a: configuration and cookie are written on the other machine",
      "3 a: starts on the other machine, blank",
      "4 a: **joins** the cluster, which forgets its former member of that name",
    ]);
  });

  test("a member whose later steps alone run again is looked at", () => {
    expect(told(node("update", "a-start-app"))).toEqual(["1 a: looks whether it is a member"]);
  });

  test("the first of a cluster has nobody to join", () => {
    const nodes = [
      { name: "a", host: "host1", type: "disc" },
      { name: "b", host: "host2", type: "disc" },
    ];
    const steps = [
      group("create", "RabbitCluster", "rabbitmq", { new: { nodes } }),
      node("create", "a-join-cluster"),
      node("create", "b-join-cluster"),
    ];
    expect(told(...steps)).toEqual(["1 b: **joins** the cluster"]);
  });

  test("a member's end is told before its container's", () => {
    const steps = [
      node("delete", "a-member", needs("a-boot")),
      node("delete", "a-boot", needs("a-container")),
      node("delete", "a-container", needs("a-gate")),
      node("delete", "a-gate", needs("a-files")),
      node("delete", "a-files"),
    ];
    expect(told(...steps)).toEqual([
      "1 a: **leaves** the cluster: its clients and queues go to the others first",
      "3 a: **stops**",
      "5 a: data directory is moved aside",
    ]);
  });

  test("a gate that alone runs again says so itself", () => {
    expect(told(node("update", "a-gate", { differing: ["stdin"] }))).toEqual(["1 a: looks whether a restart is due"]);
  });

  test("the same at the same time stands on one line, in the order in which people count", () => {
    expect(told(node("create", "n10-image"), node("create", "n9-image"))).toEqual(["1 n9, n10: image is pulled"]);
  });

  test("a changed login is told once, whatever runs again for it", () => {
    const differing = ["connection"];
    const steps = [
      step("update", "Host", "host1-prepare", { differing }),
      node("update", "a-files", { differing, needs: [urn("Host", "host1-prepare")] }),
      node("update", "a-boot", { differing, ...needs("a-files") }),
    ];
    expect(told(...steps)).toEqual(["0 a, host1: login changes: scripts run once more and find everything done"]);
  });

  test("a login that changes together with the script is not taken for one alone", () => {
    expect(told(node("update", "a-files", { differing: ["connection", "stdin"] }))).toEqual([
      "1 a: hosts file and cookie are written anew",
    ]);
  });

  test.each([
    ["in no component", "urn:pulumi:test::warren::rabbitmq:index/queue:Queue::orders", "rabbitmq:index/queue:Queue"],
    [
      "in a component that is not Warren's",
      "urn:pulumi:test::warren::my:index:Thing$command:remote:Command::a-container",
      "command:remote:Command",
    ],
    [
      "new in a component of Warren's",
      "urn:pulumi:test::warren::warren:index:RabbitNode$command:remote:Command::a-unheard",
      "command:remote:Command",
    ],
  ])("a resource that the table does not know, %s, is told plainly", (_where, of, type) => {
    const name = of.split("::")[3] ?? "";
    expect(told(raw("replace", of))).toEqual([`1 ${name}: is replaced (${type})`]);
  });

  test("a component is nothing that happens", () => {
    expect(told(group("update", "RabbitCluster", "rabbitmq"))).toEqual([]);
  });

  test("what the engine only reads or leaves is nothing that happens", () => {
    expect(told(node("read", "a-files"), node("same", "b-files"), node("refresh", "c-files"))).toEqual([]);
  });

  test("what was replaced half-way before is made anew, and told once", () => {
    expect(told(node("delete-replaced", "a-container"), node("create", "a-container"))).toEqual(["1 a: starts"]);
  });
});
