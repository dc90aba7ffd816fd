import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/**
 * A generated password of letters and digits; a secret. The first one has no keepers, as those of older stacks have none;
 * with another number the resource is replaced, and with it what was made from it changes.
 */
export function generated(
  name: string,
  { length, rotation, parent }: { length: number; rotation: number; parent: pulumi.Resource },
): pulumi.Output<string> {
  const keepers = rotation === 1 ? {} : { keepers: { rotation: String(rotation) } };
  return new random.RandomPassword(name, { length, special: false, ...keepers }, { parent }).result;
}
