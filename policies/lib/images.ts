import type { Resource } from "./policy";
import { text } from "./read";
import { isWarrens, types } from "./types";

/** The types that say which image runs. */
export const imageTypes: readonly string[] = [types.cluster, types.balancers, types.vip, types.image, types.container];

/**
 * The name of the image that a resource asks for. Warren's own components are asked, not each of their hosts; a container
 * that names an image by its id has it from a resource that is judged itself.
 */
export function imageOf({ type, urn, inputs }: Resource): string | undefined {
  if (isWarrens(urn)) return undefined;
  const image = text(type === types.image ? inputs.name : inputs.image);
  return image?.startsWith("sha256:") === true ? undefined : image;
}

/** A name's parts: `registry:5000/name:tag@digest`. */
export function imageParts(image: string): { tag?: string; digest?: string } {
  const [, tag, digest] = /^[^@]*?(?::([\w.-]+))?(?:@(\S+))?$/.exec(image) ?? [];
  return { ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}
