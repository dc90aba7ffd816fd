import { DriftWatch } from "../../facts/drift";
import type { HostFacts } from "../../facts/read";

/* What of the facts makes a resource run again, and what does not. */

const now = "2026-01-01T00:00:00Z";
const before = "2025-06-01T00:00:00Z";

const facts = (changes: Partial<HostFacts> = {}): HostFacts => ({
  machine: "1",
  owner: { id: "a", stack: "o/p/s" },
  library: "b",
  addresses: [],
  containers: {},
  images: {},
  nodes: {},
  members: null,
  steps: {},
  ...changes,
});
const holding = (again = "") => ({ input: "c", again, faults: [] });
const broken = (again = "") => ({ input: "c", again, faults: [{ kind: "file", says: "/etc/x was changed" }] });
const container = (settings: string) => ({ id: "1", image: "2", state: "running", stack: "", part: "", settings });

describe("a step", () => {
  test.each<[string, HostFacts | Error | undefined, Record<string, string> | undefined, string | undefined, string[]]>([
    ["that holds", facts({ steps: { gate: holding() } }), { gate: "" }, undefined, []],
    ["that holds since it ran again", facts({ steps: { gate: holding(before) } }), { gate: "" }, before, []],
    ["that no longer holds", facts({ steps: { gate: broken() } }), { gate: "" }, now, ["/etc/x was changed"]],
    [
      "that has run again and no longer holds",
      facts({ steps: { gate: broken(before) } }),
      { gate: before },
      now,
      ["/etc/x was changed"],
    ],
    ["that the host does not know of", facts(), { gate: before }, now, ["the host does not know of it"]],
    ["that is new", facts(), { other: "" }, undefined, []],
    ["of a release that recorded nothing", facts(), undefined, undefined, []],
    ["on a host that does not answer", new Error("no"), { gate: before }, before, []],
    ["on a host that was not asked", undefined, { gate: "" }, undefined, []],
  ])("%s", (_title, host, believed, again, says) => {
    const watch = new DriftWatch({ one: host as HostFacts }, believed, now);
    expect(watch.step("one", "gate")).toBe(again);
    expect(watch.found.map((drift) => drift.says)).toEqual(says);
    expect(watch.again["gate"]).toBe(again ?? "");
  });
});

describe("a container", () => {
  const changed = {
    input: "c",
    again: "",
    faults: [{ kind: "container", says: "the container rabbitmq was changed by hand" }],
  };
  test.each<[string, HostFacts | Error, string | undefined, string | undefined, number]>([
    [
      "as it should be",
      facts({ containers: { rabbitmq: container("d") }, steps: { boot: holding() } }),
      "",
      undefined,
      0,
    ],
    [
      "that was replaced before for its own sake",
      facts({ containers: { rabbitmq: container(`d.${before}`) } }),
      before,
      before,
      0,
    ],
    ["that the config changes", facts({ containers: { rabbitmq: container(`e.${before}`) } }), before, undefined, 0],
    ["that is missing", facts(), "", now, 1],
    ["that was never made", facts(), undefined, undefined, 0],
    [
      "that was changed by hand",
      facts({ containers: { rabbitmq: container("d") }, steps: { boot: changed } }),
      "",
      now,
      1,
    ],
    ["on a host that does not answer", new Error("no"), before, before, 0],
  ])("%s", (_title, host, last, again, found) => {
    const watch = new DriftWatch({ one: host }, last === undefined ? {} : { box: last }, now);
    expect(watch.container("one", "box", "rabbitmq", "boot", "d")).toBe(again);
    expect(watch.found).toHaveLength(found);
  });
});
