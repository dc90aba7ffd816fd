import { answers200 } from "./http";
import { quote, waitUntil } from "./shell";

/** Where a balancer lives on its host. */
export interface BalancerPlace {
  /** Name of the container. */
  container: string;
  /** The host's directory with the configuration; it is mounted where the official image reads it. */
  directory: string;
  image: string;
}

/** Where the official image reads its configuration. */
export const configDirectory = "/usr/local/etc/haproxy";

/** The files of a balancer's configuration directory, by name. */
export const configFile = "haproxy.cfg";
export const certificateFile = "frontend.pem";

/** Script: an empty staging directory beside the real one; its files are received next. */
export function stage({ directory }: BalancerPlace): string {
  return `rm -rf ${directory}/new
mkdir -p ${directory}/new ${directory}/conf
chown "$container_owner" ${directory}/new ${directory}/conf
chmod 750 ${directory}/new ${directory}/conf`;
}

/**
 * Script: has the image's own HAProxy check the staged configuration, swaps it in, and tells a running balancer to take it
 * up. A reload starts a new worker and lets the old one finish its connections; none is cut. A configuration that HAProxy
 * refuses changes nothing.
 */
export function takeUp({ container, directory, image }: BalancerPlace): string {
  return `docker run --rm --network none -v ${directory}/new:${configDirectory}:ro ${quote(image)} haproxy -c -q -f ${configDirectory}/${configFile}
for file in ${directory}/conf/*; do [ -e "${directory}/new/\${file##*/}" ] || rm -f "$file"; done
mv -f ${directory}/new/* ${directory}/conf/
rmdir ${directory}/new
if [ "$(docker inspect -f '{{.State.Running}}' ${container} 2> /dev/null)" = true ]; then docker kill --signal USR2 ${container} > /dev/null; fi`;
}

/** Script: waits until the balancer answers and has a broker to send clients to. */
export function awaitServing({ container }: BalancerPlace, statsPort: number, healthPath: string): string {
  return `trap '[ $? = 0 ] || docker logs --tail 20 ${container} >&2' EXIT
${waitUntil(answers200(statsPort, healthPath), 60, "the balancer has no broker that it can send clients to", 0.1)}`;
}

/** Script: a balancer's end on its host. */
export function removeConfig({ directory }: BalancerPlace): string {
  return `rm -rf ${directory}`;
}
