import { recordedStacks } from "../../releases/release";
import { testDestroy, testTakeover } from "../support/formerRelease";

describe.each(recordedStacks.filter(({ name }) => name !== "dev"))("the stack $name of $release", testTakeover);
describe.each(recordedStacks)("the stack $name of $release", testDestroy);
