import { imageOf, imageParts, imageTypes } from "../lib/images";
import { policy } from "../lib/policy";

export const pinnedImages = policy(
  {
    name: "pinned-images",
    level: "mandatory",
    levelReason: "otherwise the version depends on the day on which a host pulls",
    asks: "Images are pinned by a version's tag or by a digest.",
    why: "Under a name that moves, two hosts can get two versions, and a replaced container an upgrade that nobody asked for.",
    mend: "Name the version in full, such as rabbitmq:3.8.9-management, or add the digest.",
    source: "https://docs.docker.com/build/building/best-practices/#pin-base-image-versions",
  },
  {
    types: imageTypes,
    resource: (resource, report) => {
      const image = imageOf(resource);
      if (image === undefined) return;
      const { tag, digest } = imageParts(image);
      if (digest !== undefined || (tag !== undefined && namesVersion(tag))) return;
      const fault = tag === undefined ? "has no tag, which means latest" : `has the tag ${tag}, which moves`;
      report(`The image ${image} of ${resource.name} ${fault}.`);
    },
  },
);

/** `3.8.9-management`, `2.6`, `20240110`, `git-1a2b3c4`, but not `latest`, `management`, `3` or `3-management`. */
function namesVersion(tag: string): boolean {
  return /\d\.\d|\d{8}|(?:^|-)(?=[a-f]*\d)[0-9a-f]{7,64}$/.test(tag);
}
