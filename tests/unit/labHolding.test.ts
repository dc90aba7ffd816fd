import { longestSilence, longestTwice, type Answer } from "../lab/support/holding";

/** Answers of one host, ten in a second. */
const answers = (mac: string, first: number, last: number): Answer[] =>
  Array.from({ length: Math.round((last - first) * 10) + 1 }, (_, index) => ({ time: first + index / 10, mac }));

test.each<[string, Answer[], number]>([
  ["nobody answers", [], 0],
  ["one host answers", answers("A", 0, 5), 0],
  ["one after the other", [...answers("A", 0, 2), ...answers("B", 2.1, 5)], 0],
  ["there and back", [...answers("A", 0, 2), ...answers("B", 2.1, 5), ...answers("A", 5.1, 9)], 0],
  ["two for a while", [...answers("A", 0, 3), ...answers("B", 2, 5)], 1],
  ["two, twice: the longer time", [...answers("A", 0, 3), ...answers("B", 2.5, 9), ...answers("A", 8, 12)], 1],
])("%s", (_title, given, twice) => {
  expect(longestTwice(given)).toBeCloseTo(twice);
});

test("the longest silence is between two answers, whosever", () => {
  expect(longestSilence([])).toBe(0);
  expect(longestSilence([...answers("A", 0, 2), ...answers("B", 3.5, 5)])).toBeCloseTo(1.5);
});
