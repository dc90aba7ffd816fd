import { DriftWatch } from "../../facts/drift";
import type { HostFacts } from "../../facts/read";
import { container as containerFacts, hostFacts as facts } from "./support/hostFacts";

/* What of the facts makes a resource run again, and what does not. */

const now = "2026-01-01T00:00:00Z";
const before = "2025-06-01T00:00:00Z";

const holding = (again = "") => ({ input: "c", again, faults: [] });
const broken = (again = "") => ({ input: "c", again, faults: [{ kind: "file", says: "/etc/x was changed" }] });
const container = (settings: string) => containerFacts({ settings });

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

test("a page that does not answer is no fault of its own where what serves it is stopped", () => {
  const http = { kind: "http", says: "port 8100 does not answer for /x" };
  const stopped = { kind: "running", says: "the container haproxy is exited" };
  const says = (...faults: (typeof http)[]): string[] => {
    const watch = new DriftWatch({ one: facts({ steps: { ready: { input: "c", again: "", faults } } }) }, {}, now);
    watch.step("one", "ready");
    return watch.found.map((drift) => drift.says);
  };
  expect(says(stopped, http)).toEqual([stopped.says]);
  expect(says(http)).toEqual([http.says]);
});

describe("the same look, by who declares no resources", () => {
  const hosts = {
    one: facts({
      containers: { rabbitmq: container("d") },
      images: { "rabbitmq:1": false },
      steps: {
        gate: broken(),
        member: {
          input: "c",
          again: "",
          faults: [{ kind: "container", says: "the container rabbitmq was changed by hand" }],
        },
      },
    }),
  };
  const believed = { gate: "", member: "", box: "", image: "", gone: "" };
  const declared = new DriftWatch(hosts, believed, now);
  declared.step("one", "gate");
  declared.step("one", "member");
  declared.step("one", "gone");
  declared.image("one", "image", "rabbitmq:1");
  declared.container("one", "box", "rabbitmq", "member", "d");

  test("finds what the declaration finds", () => {
    const again = new DriftWatch(hosts, believed, now);
    again.lookAgain(declared.watched);
    expect(again.found).toEqual(declared.found);
    expect(again.found).toHaveLength(5);
  });

  test("finds what the hosts have recorded, where the last update did not say at what it looked", () => {
    const again = new DriftWatch({ ...hosts, two: new Error("no") }, believed, now);
    again.lookAgain();
    expect(again.found.map(({ resource }) => resource)).toEqual(["gate", "member"]);
  });
});
