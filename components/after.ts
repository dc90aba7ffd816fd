import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

import { sha256 } from "./container";

/** Another value whenever one of these steps runs with other data: a step that has it among its own data runs after them again. */
export function after(steps: readonly command.remote.Command[]): pulumi.Output<string> {
  return pulumi
    .unsecret(pulumi.all(steps.map(({ stdin }) => stdin)))
    .apply((texts) => sha256(JSON.stringify(texts)).slice(0, 16));
}
