/** A resource as the engine hands it to a policy pack. */
export interface Registered {
  urn: string;
  type: string;
  name: string;
  /** Secrets are in their envelope, unknown values are their sentinel. */
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
  additionalSecretOutputs: string[];
  /** URN of its provider. */
  provider?: string;
  /** URNs, by input. */
  propertyDependencies: Record<string, string[]>;
}

export interface Stack {
  resources: Registered[];
}

/** The wire's signs for values that a preview cannot know yet (source: @pulumi/policy, proxy.js). */
export const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
export const unknownNumber = "3eeb2bf0-c639-47a8-9e75-3b44932eb421";
export const unknownList = "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2";
export const unknownSection = "dd056dcd-154b-4c76-9bd3-c8f88648b5ff";

/** The wire's envelope around what is marked as a secret. */
export function secret(value: unknown): Record<string, unknown> {
  return { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value };
}
