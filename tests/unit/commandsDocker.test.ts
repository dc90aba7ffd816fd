import { labels } from "../../commands/docker";

test("labels have names that stay", () => {
  expect(labels).toEqual({
    stack: "io.warren.stack",
    part: "io.warren.part",
    settings: "io.warren.settings",
  });
});
