import { recordedStacks } from "../../releases/release";
import { FormerStack } from "../support/formerRelease";

/** The release's own program deploys a stack, and this checkout takes it over under live traffic. */
describe.each(recordedStacks.filter(({ name }) => name === "dev"))("the stack $name of $release", (recorded) => {
  const stack = new FormerStack(recorded);

  beforeAll(async () => {
    await stack.deploy();
  }, 900_000);

  afterAll(() => {
    stack.remove();
  });

  test("is on these hosts what its record says", async () => {
    await stack.expectAsRecorded();
  }, 180_000);

  test("is updated by this checkout: no container restarts, and no confirmed message is lost", async () => {
    await stack.expectUpdate();
  }, 900_000);

  test("is complete then: a second update changes nothing, and the check finds no fault", async () => {
    await stack.expectComplete();
  }, 300_000);

  test("is destroyed by this checkout after the update, and the brokers' data is kept", async () => {
    await stack.expectDestroy();
  }, 600_000);
});
