import * as pulumi from "@pulumi/pulumi";

import type { NodeConfig } from "../config";

/**
 * The nodes that served when this stack's last update ended; none before the first. The stack's own last outputs
 * say so on every backend, and a preview knows them too.
 */
export async function servingNodes(): Promise<NodeConfig[]> {
  const stack = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  const self = new pulumi.StackReference("self", { name: stack });
  const { value } = (await self.getOutputDetails("nodes")) as { value?: NodeConfig[] };
  return value ?? [];
}
