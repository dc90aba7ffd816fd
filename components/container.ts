import * as pulumi from "@pulumi/pulumi";

/**
 * What every container of Warren has in common. Network mode, log driver and log options are named although they are
 * Docker's defaults, because the provider otherwise reports them as changed for ever; logs are rotated.
 */
export const containerDefaults = {
  restart: "always",
  networkMode: "bridge",
  logDriver: "json-file",
  logOpts: { "max-size": "50m", "max-file": "3" },
} as const;

/** The stack's full name, as the value of the containers' label. */
export function stackLabel(): string {
  return `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
}
