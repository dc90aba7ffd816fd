import { Resource } from "@pulumi/pulumi";

/**
 * Runs a program without the stack traces that Pulumi's SDK takes for each promise and each resource: with Jest's source
 * maps they cost more than everything else in the program.
 */
export async function withoutStackTraces<T>(run: () => Promise<T>): Promise<T> {
  const sdk = Resource as unknown as { callsites: () => unknown[] };
  const { callsites } = sdk;
  const { stackTraceLimit } = Error;
  sdk.callsites = () => [];
  Error.stackTraceLimit = 0;
  try {
    return await run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    sdk.callsites = callsites;
  }
}
