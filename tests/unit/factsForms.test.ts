import { ContainerForms, type MadeContainer, type MadeContainers } from "../../facts/forms";
import type { HostFacts } from "../../facts/read";

/* Which form a container keeps, and when it gets the newest one. */

const containers = (settings?: string): Partial<HostFacts> => ({
  containers:
    settings === undefined
      ? {}
      : { rabbitmq: { id: "1", image: "2", state: "running", stack: "", part: "", settings } },
});
const wanted = {
  ...{ resource: "box", container: "rabbitmq", recordedBy: "boot", image: "a", stopSeconds: 60 },
  digests: ["first", "second"],
};
const first = { form: 0, image: "a", stopSeconds: 60 };
const second = { form: 1, image: "a", stopSeconds: 60 };
const made = { ...second, stopSeconds: 120 };

test.each<[string, Partial<HostFacts> | Error | undefined, MadeContainers | undefined, MadeContainer | undefined]>([
  ["there is none", containers(), undefined, undefined],
  ["one of a release that recorded nothing, with these settings", containers("first"), undefined, first],
  ["one of that release, replaced once for its own sake", containers("first.2025-06-01T00:00:00Z"), undefined, first],
  ["one of that release, with other settings", containers("other"), undefined, undefined],
  ["one of the first form", containers("first"), { box: first }, first],
  ["one of another image", containers("first"), { box: { ...first, image: "b" } }, undefined],
  ["one of the newest form", containers("second"), { box: second }, second],
  ["one with another time to stop", containers("second"), { box: made }, made],
  ["the host knows better than the state", containers("second"), { box: first }, second],
  ["a host that does not answer, of a release that recorded nothing", new Error("no"), undefined, first],
  ["a host that does not answer, and a state that knows", new Error("no"), { box: made }, made],
  ["a host that was not asked, and a state that knows", undefined, { box: first }, first],
  ["a host that was not asked, and a new container", undefined, { other: first }, undefined],
])("%s", (_title, host, believed, kept) => {
  const forms = new ContainerForms({ one: host as HostFacts }, believed, new Set(["one"]));
  expect(forms.kept("one", wanted)).toEqual(kept);
});
