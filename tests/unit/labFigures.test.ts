import { withFigure, type Figure } from "../lab/support/figures";

const empty = "Before.\n\n<!-- figures: made by the lab's tests -->\n<!-- end of figures -->\n\nAfter.\n";
const figure = (change: Figure["change"], broker: string, confirmed: number): Figure => ({
  change,
  broker,
  traffic: { confirmed, lost: 0, longestGapSeconds: 1.25 },
  restarted: 3,
});

describe("the table of figures in docs/operations.md", () => {
  test("has one row for each change and broker, in the order of the list, as Prettier lays it out", () => {
    let text = empty;
    for (const row of [
      figure("Power loss of all hosts", "4.0.5", 5),
      figure("A setting changes", "3.10.8", 7),
      figure("A setting changes", "3.8.9", 12345),
      figure("A setting changes", "3.10.8", 70),
    ]) {
      text = withFigure(text, row);
    }
    expect(text).toBe(`Before.

<!-- figures: made by the lab's tests -->

| Change                  | Broker | Confirmed | Lost | Longest gap | Nodes restarted |
| ----------------------- | ------ | --------: | ---: | ----------: | --------------: |
| A setting changes       | 3.8.9  |     12345 |    0 |       1.3 s |               3 |
| A setting changes       | 3.10.8 |        70 |    0 |       1.3 s |               3 |
| Power loss of all hosts | 4.0.5  |         5 |    0 |       1.3 s |               3 |

<!-- end of figures -->

After.
`);
  });

  test("needs its place on the page", () => {
    expect(() => withFigure("A page.\n", figure("A setting changes", "3.8.9", 1))).toThrow(
      "the page has no place for figures",
    );
  });
});
