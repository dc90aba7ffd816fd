import type { Facts } from "../../facts/ask";
import type { HostFacts } from "../../facts/read";
import { notices, refuse, survey, SurveyError, type Belief } from "../../facts/survey";
import { parsed } from "./configFixture";
import { hostFacts, nodeFacts } from "./support/hostFacts";

/* What the hosts' facts mean for an update, before it declares anything. */

const config = parsed();
const directory = config.rabbitmq.dataDirectory;
const places = config.rabbitmq.nodes.map(({ name, host }) => ({ name, host }));

const facts = (host: string, changes: Partial<HostFacts> = {}): HostFacts =>
  hostFacts({
    nodes: Object.fromEntries(
      places.filter((place) => place.host === host).map(({ name }) => [`${directory}/${name}`, nodeFacts()]),
    ),
    ...changes,
  });
const all = (changes: Record<string, HostFacts | Error> = {}): Facts => ({
  ...Object.fromEntries(Object.keys(config.hosts).map((host) => [host, facts(host)])),
  ...changes,
});
const belief: Belief = { deployment: "own-id", stack: "o/p/s", steps: {}, serving: places };
const [first, second] = places;
const withoutData = (place = second!): Record<string, HostFacts> => ({
  [place.host]: facts(place.host, {
    owner: null,
    nodes: { [`${directory}/${place.name}`]: nodeFacts({ data: false }) },
  }),
});

test("nothing is said where all is as it was", () => {
  const found = survey(config, belief, all());
  expect([found.blank, notices(found)]).toEqual([[], []]);
});

describe("a host of another deployment", () => {
  const foreign = { id: "other-id", stack: "o/p/other" };
  const message = `host ${first!.host} belongs to the Warren stack o/p/other. Choose other hosts, or destroy that stack. If that stack no longer exists, remove /etc/warren/owner there. Nothing was changed`;

  test("is refused by the id", () => {
    const found = survey(config, belief, all({ [first!.host]: facts(first!.host, { owner: foreign }) }));
    expect(() => {
      refuse(found);
    }).toThrow(new SurveyError(message));
    expect(found.foreign).toEqual([first!.host]);
  });

  test("is told by the stack's name, as long as the id is not known", () => {
    const unknown = { ...belief, deployment: undefined };
    const other = all({ [first!.host]: facts(first!.host, { owner: foreign }) });
    expect(() => {
      refuse(survey(config, unknown, other));
    }).toThrow(message);
    expect(survey(config, unknown, all()).foreign).toEqual([]);
    expect(survey(config, { ...unknown, stack: undefined }, other).foreign).toEqual([]);
  });

  test("is not one whose stack was renamed", () => {
    const renamed = { ...belief, stack: "o/p/renamed" };
    expect(survey(config, renamed, all()).foreign).toEqual([]);
  });

  test("is looked at no further: what another deployment did there is no drift", () => {
    const found = survey(
      config,
      { ...belief, steps: { a: "" } },
      all({ [first!.host]: facts(first!.host, { owner: foreign, nodes: {} }) }),
    );
    found.drift.step(first!.host, "a");
    expect([found.blank, notices(found)]).toEqual([[], []]);
  });
});

describe("a node without its data", () => {
  test("is blank, and all its resources run again", () => {
    const found = survey(config, { ...belief, steps: { [`${second!.name}-boot`]: "" } }, all(withoutData()));
    expect(found.blank).toEqual([second!.name]);
    expect(found.drift.step(second!.host, `${second!.name}-boot`)).toBeDefined();
    expect(notices(found)).toEqual([
      `host ${second!.host}: the data of ${second!.name} are not there: it joins the others as a blank node. Runs again: ${second!.name}`,
    ]);
  });

  test("is one that served: a new one has none yet", () => {
    expect(survey(config, { ...belief, serving: [first!] }, all(withoutData())).blank).toEqual([]);
  });

  test("is refused where every node that can be reached is without: the cluster would start blank", () => {
    const none = Object.assign({}, ...places.map((place) => withoutData(place))) as Record<string, HostFacts>;
    expect(() => {
      refuse(survey(config, belief, all(none)));
    }).toThrow(/the data of every node that can be reached are missing/);
    const silent = { ...none, [first!.host]: new Error("no route") };
    expect(() => {
      refuse(survey(config, belief, all(silent)));
    }).toThrow(SurveyError);
  });
});

test("a host that does not answer is named, and its node counts as having its data", () => {
  const found = survey(config, belief, all({ [second!.host]: new Error("Connection\nrefused") }));
  expect(found.blank).toEqual([]);
  expect(notices(found)).toEqual([
    `host ${second!.host} does not answer: Connection refused. What the state says of it is believed`,
  ]);
});

test("what runs again for one reason is told in one sentence", () => {
  const found = survey(config, { ...belief, steps: { a: "", b: "" } }, all());
  for (const step of ["a", "b"]) found.drift.step(first!.host, step);
  expect(notices(found)).toEqual([`host ${first!.host}: the host does not know of it. Runs again: a, b`]);
});
