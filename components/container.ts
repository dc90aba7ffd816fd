import { createHash } from "node:crypto";

import * as pulumi from "@pulumi/pulumi";

import { labels } from "../commands/docker";

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

/** The labels of a container of this stack: which part of it that is, and the {@link containerDigest} it was made with. */
export function ownLabels(stack: string, part: string, settings: string): { label: string; value: string }[] {
  return [
    { label: labels.stack, value: stack },
    { label: labels.part, value: part },
    { label: labels.settings, value: settings },
  ];
}

/** SHA-256 of a text, in hexadecimal digits. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Changes with whatever needs a new container, beside the image. */
export function containerDigest(...parts: unknown[]): string {
  return sha256(JSON.stringify(parts)).slice(0, 16);
}
