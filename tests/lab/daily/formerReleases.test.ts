import { recordedStacks } from "../../releases/release";
import { testTakeover } from "../support/formerRelease";

describe.each(recordedStacks.filter(({ name }) => name === "dev"))("the stack $name of $release", testTakeover);
