import {
  checkFile,
  configDirectory,
  configFile,
  container,
  notifyFile,
  ownContainer,
  restore,
  stagedFile,
  swapIn,
  unitFile,
  type OwnContainer,
} from "./keepalivedFiles";
import { installPackages } from "./prepareHost";
import { quote, waitUntil } from "./shell";

/**
 * All that keepalived may do beside an ordinary process: set addresses, send its own packets, run the check as nobody, and
 * end it where it hangs. Without the last three a check counts as good though it has never run (2.2.7).
 */
export const capabilities = ["KILL", "NET_ADMIN", "NET_BROADCAST", "NET_RAW", "SETGID", "SETUID"].map(
  (name) => `CAP_${name}`,
);

/** Script: the directory, and the tool that listens for others' VRRP. keepalived itself comes with the image. */
export function installTools(): string {
  return `if ! command -v nft > /dev/null; then
${installPackages({ apt: "nftables", dnf: "nftables" })}
fi
mkdir -p ${configDirectory}`;
}

/** Script: the image has what a container of it needs. */
export function requireTools(image: string): string {
  return `if ! docker run --rm --network none --entrypoint bash ${quote(image)} -c 'command -v keepalived' > /dev/null; then
  echo "the image ${image} (vip.image) has no keepalived, or no bash, by which it asks the balancer" >&2
  exit 1
fi`;
}

/** Script: the file to which changes are added is there before it is mounted: Docker would make a directory of it. */
export function makeLogFile(logFile: string): string {
  return `(umask 022 && : >> ${logFile})`;
}

/** The shell words that run the image's own keepalived, with the host's configuration and interfaces. */
export function program(image: string): string {
  const caps = ["--cap-drop ALL", ...capabilities.map((capability) => `--cap-add ${capability}`)].join(" ");
  return `docker run --rm --network host ${caps} -v ${configDirectory}:${configDirectory}:ro --entrypoint keepalived ${quote(image)}`;
}

/**
 * Script: swaps the checked configuration in, and has whatever keepalived runs take it up, be it still the host's own: no
 * host may be ahead of the others for long.
 */
export function takeUpInContainer(digest: string, own: OwnContainer): string {
  return `${swapIn(digest)}
if systemctl is-active -q keepalived 2> /dev/null; then systemctl reload keepalived; fi
running=$(${ownContainer(own)})
if [ -n "$running" ]; then docker kill -s HUP "$running" > /dev/null; fi`;
}

/** Script: the host's own keepalived gives way, right before the container is made. It gives the virtual IP up at once. */
export function endService(): string {
  return `if systemctl is-enabled -q keepalived 2> /dev/null || systemctl is-active -q keepalived 2> /dev/null; then
systemctl disable -q --now keepalived
fi
if [ -e ${unitFile} ]; then
rm -f ${unitFile}
rmdir ${unitFile.replace(/\/[^/]*$/, "")} 2> /dev/null || true
systemctl daemon-reload
fi`;
}

/** Script: waits until keepalived has asked its balancer, and stands by or holds. */
export function awaitRunning(): string {
  return `trap '[ $? = 0 ] || docker logs --tail 20 ${container} >&2' EXIT
${waitUntil(`docker logs ${container} 2>&1 | grep -E 'Entering (BACKUP|MASTER) STATE' > /dev/null`, 30, "keepalived does not come to stand by in its container", 0.1)}`;
}

/** Script: after the container's end, takes its files away and puts back what was there before. */
export function removeFiles(host: string): string {
  return restore(host, `rm -f ${[checkFile, notifyFile, configFile, stagedFile].join(" ")}`);
}
