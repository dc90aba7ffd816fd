import * as pulumi from "@pulumi/pulumi";

import { readLastUpdate, type LastOutputs, type LastUpdate } from "../facts/last";

const names = ["users", "username", "password", "members", "tls", "nodes", "deployment"] as const;

/** Reads the stack's own last outputs, which are there on every backend, and in a preview as well. */
export async function lastUpdate(): Promise<LastUpdate> {
  const stack = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const self = new pulumi.StackReference("self", { name: stack });
  const outputs = await Promise.all(
    names.map(async (name: keyof LastOutputs): Promise<[string, unknown]> => {
      const { value, secretValue } = (await self.getOutputDetails(name)) as { value?: unknown; secretValue?: unknown };
      return [name, value ?? secretValue];
    }),
  );
  return readLastUpdate(Object.fromEntries(outputs.filter(([, value]) => value !== undefined)));
}
