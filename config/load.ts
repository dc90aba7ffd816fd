import * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "./errors";
import { parseConfig } from "./parse";
import type { StackConfig } from "./types";

const namespace = "warren:";

/** The config of the stack that is running. A faulty one ends the program with the list of its faults, and no stack trace. */
export function loadConfig(): StackConfig {
  // All keys, not only the known ones: a misspelt section would go unseen otherwise.
  const raw = Object.fromEntries(
    Object.entries(pulumi.runtime.allConfig())
      .filter(([key]) => key.startsWith(namespace))
      .map(([key, value]) => [key.slice(namespace.length), fromJson(value)]),
  );
  try {
    return parseConfig(raw, { stack: pulumi.getStack(), projectDirectory: process.cwd() });
  } catch (error) {
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}

/** Pulumi hands structured values over as JSON, and plain text as it is. */
function fromJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
