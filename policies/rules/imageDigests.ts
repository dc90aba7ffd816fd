import { imageOf, imageParts, imageTypes } from "../lib/images";
import { policy } from "../lib/policy";

export const imageDigests = policy(
  {
    name: "image-digests",
    level: "advisory",
    levelReason: "a registry of one's own can keep its tags from moving, which no resource shows",
    asks: "Images are pinned by a digest.",
    why: "A tag can be pushed anew with other contents; a digest cannot.",
    mend: "Append the digest that `docker inspect --format '{{.RepoDigests}}' IMAGE` shows: NAME:TAG@sha256:….",
    source: "https://docs.docker.com/reference/cli/docker/image/pull/#pull-an-image-by-digest-immutable-identifier",
  },
  {
    types: imageTypes,
    resource: (resource, report) => {
      const image = imageOf(resource);
      if (image === undefined || imageParts(image).digest !== undefined) return;
      report(`The image ${image} of ${resource.name} has no digest.`);
    },
  },
);
