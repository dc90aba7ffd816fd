import { median, withFaults } from "../lab/support/faultTable";

test("the median of an odd and of an even number of rounds", () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([7])]).toEqual([2, 2.5, 7]);
});

test("the table takes its place on the page, and what was there before goes", () => {
  const page = "a\n\n<!-- faults: made by the lab's tests -->\n\nold\n\n<!-- end of faults -->\n\nb\n";
  const figures = [{ fault: "a crash", gaps: [1, 5, 2], lost: 0, doubleHeld: 0.3 }];
  expect(withFaults(page, figures)).toBe(`a

<!-- faults: made by the lab's tests -->

| Fault   | Rounds | Median gap | Worst gap | Lost | Held twice |
| ------- | -----: | ---------: | --------: | ---: | ---------: |
| a crash |      3 |      2.0 s |     5.0 s |    0 |      0.3 s |

<!-- end of faults -->

b
`);
  expect(() => withFaults("nothing", figures)).toThrow("the page has no place for figures");
});
