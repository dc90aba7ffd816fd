/** @jest-config-loader-options {"transpileOnly": true} */
import type { Config } from "jest";

const transform: Config["transform"] = {
  "^.+\\.ts$": [
    "ts-jest",
    {
      diagnostics: false,
      tsconfig: { module: "commonjs", target: "es2023", esModuleInterop: true, isolatedModules: true },
    },
  ],
};

/** `unit` needs nothing but Node, `engine` the engine; `lab` needs the lab's hosts as well, and runs one file at a time. */
const config: Config = {
  // Where a test says nothing else. Machines that run the lab have much to do, and a slow answer is no wrong one.
  testTimeout: 60_000,
  projects: [
    {
      displayName: "unit",
      testMatch: [
        "<rootDir>/tests/unit/**/*.test.ts",
        "<rootDir>/tests/host/**/*.test.ts",
        "<rootDir>/policies/tests/**/*.test.ts",
      ],
      transform,
      // Of Pulumi's SDK: what it looks into functions' closures with, which is most of it and needed by no test.
      moduleNameMapper: {
        "^(?:\\./closure/(?:serializeClosure|codePaths))$": "<rootDir>/tests/unit/support/nothing.ts",
      },
    },
    { displayName: "engine", testMatch: ["<rootDir>/tests/engine/**/*.test.ts"], transform },
    { displayName: "lab", testMatch: ["<rootDir>/tests/lab/**/*.test.ts"], transform },
    { displayName: "chaos", testMatch: ["<rootDir>/tests/chaos/**/*.test.ts"], transform },
  ],
};

export default config;
