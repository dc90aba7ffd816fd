import { labels } from "./docker";
import { quote } from "./shell";

/*
 * What keepalived on the host and keepalived in a container have in common: the files on the host, which a container has
 * mounted in the same places, and how the one gives way to the other.
 */

/** Where keepalived looks for its configuration. */
export const configDirectory = "/etc/keepalived";
export const configFile = `${configDirectory}/keepalived.conf`;
/** The configuration before it has been checked. */
export const stagedFile = `${configDirectory}/keepalived.conf.staged`;
/** The script by which keepalived asks the balancer. */
export const checkFile = `${configDirectory}/warren-check`;
/** The script that keepalived runs at each change. */
export const notifyFile = `${configDirectory}/warren-notify`;
/**
 * What Warren adds to the distribution's unit: a keepalived that was killed is back at once. Dead, it would leave the virtual
 * IP on this host while another one takes it, too.
 */
export const unitFile = "/etc/systemd/system/keepalived.service.d/warren.conf";
export const unitText =
  "# Written by Warren.\n[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=100ms\n";
/**
 * First line of what Warren writes. A file without it is somebody else's, and one with another host's name in it is not
 * this resource's to remove: it was written after the host was given that name.
 */
export function marker(host: string): string {
  return `# Written by Warren for ${host}.`;
}

/** Name of keepalived's container on its host. */
export const container = "keepalived";

/** How long it may take to give the virtual IP up. */
export const stopGraceSeconds = 10;

/** Where keepalived says why; the end of a sentence. */
export const seeLog = "see journalctl -u keepalived (in a container: docker logs keepalived)";

/** Which container is this stack's. */
export interface OwnContainer {
  stack: string;
  part: string;
}

/** Shell words: prints the id of this stack's own container, if it runs. */
export function ownContainer({ stack, part }: OwnContainer): string {
  const filters = [`name=^/${container}$`, `label=${labels.stack}=${stack}`, `label=${labels.part}=${part}`];
  return `docker ps -q ${filters.map((filter) => `--filter ${quote(filter)}`).join(" ")}`;
}

/** Script: the container gives way to the host's own keepalived. It gives the virtual IP up at once, and stays stopped. */
export function endContainer(own: OwnContainer): string {
  return `running=$(${ownContainer(own)})
if [ -n "$running" ]; then
docker update --restart=no "$running" > /dev/null
docker stop -t ${stopGraceSeconds} "$running" > /dev/null
fi`;
}

/** Script: swaps the checked configuration in. One of somebody else's is kept beside it and comes back on destroy. */
export function swapIn(digest: string): string {
  return `umask 077
if [ ! -e ${stagedFile} ]; then
  if ! echo "${digest}  ${configFile}" | sha256sum -c --status; then
    echo "${configFile} is not what Warren wrote, and nothing is staged: somebody has changed it by hand" >&2
    exit 1
  fi
else
  if [ -s ${configFile} ] && ! grep -q "^# Written by Warren" ${configFile}; then
    cp -p ${configFile} ${configFile}.before-warren
  fi
  mv -f ${stagedFile} ${configFile}
fi`;
}

/** Script: where the configuration is still this host's, does what ends it, and puts back what was there before. */
export function restore(host: string, end: string): string {
  return `grep -qxF "${marker(host)}" ${configFile} || exit 0
${end}
if [ -e ${configFile}.before-warren ]; then
  mv ${configFile}.before-warren ${configFile}
  systemctl enable -q --now keepalived
fi`;
}
