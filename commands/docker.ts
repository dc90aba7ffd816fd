import { quote } from "./shell";

/** Container labels that say which stack and which part of it a container belongs to. */
export const labels = {
  /** Value: `organization/project/stack`. */
  stack: "io.warren.stack",
  /** Value: the resource's own name within the stack, such as `rabbitmq1`. */
  part: "io.warren.part",
  /** Value: a digest of everything that replaces the container, beside its image. */
  settings: "io.warren.settings",
} as const;

/**
 * Script: sets `$container_owner` to `uid:gid` of a user inside an image (999 in the Debian image, 100 in Alpine's). It
 * reads the image's own /etc/passwd from a container that is made but never started.
 */
export function containerOwner(image: string, user: string): string {
  return `scratch=$(docker create ${quote(image)})
trap 'docker rm -f "$scratch" > /dev/null' EXIT
container_owner=$(docker cp "$scratch:/etc/passwd" - | tar -xO | awk -F: -v user=${quote(user)} '$1 == user { print $3 ":" $4 }')
if [ -z "$container_owner" ]; then
  echo "the image ${image} has no user ${user}" >&2
  exit 1
fi`;
}

/**
 * Script: goes no further where a container of this name is somebody else's: another stack's, another part's, or made by
 * hand. Whatever is written after this does not come under a container that runs. `byHand`: one made by hand is expected.
 */
export function refuseForeign(container: string, stack: string, part: string, byHand = false): string {
  const format = `{{index .Config.Labels "${labels.stack}"}} {{index .Config.Labels "${labels.part}"}}`;
  return `if found=$(docker inspect -f '${format}' ${container} 2> /dev/null) && [ "$found" != "${stack} ${part}" ]${byHand ? ' && [ "$found" != " " ]' : ""}; then
  echo "this host has a container ${container} already that is not ${part} of ${stack} (its labels say: $found). Nothing was changed" >&2
  exit 1
fi`;
}

/**
 * Removes a container that Docker made but the state does not know, as a run leaves it that was killed while the container
 * was being made. Only a container with this stack's and this part's labels is touched; it is stopped with its grace first.
 */
export function removeStray(name: string, stack: string, part: string, graceSeconds: number): string {
  const filters = [`name=^/${name}$`, `label=${labels.stack}=${stack}`, `label=${labels.part}=${part}`].map(
    (filter) => `--filter ${quote(filter)}`,
  );
  return `stray=$(docker ps -aq ${filters.join(" ")}) && if [ -n "$stray" ]; then docker stop -t ${graceSeconds} $stray && docker rm $stray; fi`;
}

/** Shell condition: there is such a container, and it is not one of Warren's. */
export function madeByHand(container: string): string {
  return `[ "$(docker inspect -f '<{{index .Config.Labels "${labels.stack}"}}>' ${container} 2> /dev/null)" = "<>" ]`;
}

/** What an adopted container is called from then on: it is kept, stopped, in case somebody wants to go back. */
export function keptName(container: string): string {
  return `${container}.before-warren`;
}
