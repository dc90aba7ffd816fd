import { leavesFile } from "./haproxy";
import { answers200 } from "./http";
import { installPackages } from "./prepareHost";
import { waitUntil } from "./shell";

const directory = "/etc/keepalived";
export const configFile = `${directory}/keepalived.conf`;
/** The configuration before it has been checked. */
export const stagedFile = `${directory}/keepalived.conf.staged`;
/** The script by which keepalived asks the balancer. */
export const checkFile = `${directory}/warren-check`;
/**
 * First line of what Warren writes. A file without it is somebody else's, and one with another host's name in it is not
 * this resource's to remove: it was written after the host was given that name.
 */
export function marker(host: string): string {
  return `# Written by Warren for ${host}.`;
}

/**
 * The check script's text: the balancer itself says whether it can serve. A live pid alone would prove nothing. The port is
 * the one at which the balancer was last seen to serve; a balancer that is about to be replaced does not count.
 */
export function checkScript(portFile: string, path: string): string {
  return `#!/bin/bash
[ ! -e ${leavesFile} ] && read -r port < ${portFile} && ${answers200("$port", path)}
`;
}

/** Script: keepalived from the distribution, not yet started. */
export function install(): string {
  return `if ! command -v keepalived > /dev/null; then
${installPackages({ apt: "keepalived", dnf: "keepalived" })}
fi
mkdir -p ${directory}`;
}

/**
 * Script: checks the staged configuration (a copy in which the check runs as root, since keepalived 2.2.7 otherwise ends
 * the test by a signal: https://github.com/acassen/keepalived/issues/2617), swaps it in, and starts keepalived or has it reload. A configuration of somebody
 * else's is kept beside it and comes back on destroy.
 */
export function takeUp(): string {
  return `umask 077
trap 'rm -f ${stagedFile}.check' EXIT
sed 's/^ *script_user .*/script_user root/' ${stagedFile} > ${stagedFile}.check
keepalived -t -f ${stagedFile}.check
if [ -s ${configFile} ] && ! grep -q "^# Written by Warren" ${configFile}; then
  cp -p ${configFile} ${configFile}.before-warren
fi
mv -f ${stagedFile} ${configFile}
systemctl enable -q keepalived
if systemctl is-active -q keepalived; then systemctl reload keepalived; else systemctl start keepalived; fi`;
}

/** Script: stops keepalived, which gives the virtual IP up at once, and puts back what was there before. */
export function remove(host: string): string {
  return `grep -qxF "${marker(host)}" ${configFile} || exit 0
systemctl disable -q --now keepalived
rm -f ${checkFile} ${configFile} ${stagedFile}
if [ -e ${configFile}.before-warren ]; then
  mv ${configFile}.before-warren ${configFile}
  systemctl enable -q --now keepalived
fi`;
}

/** Shell condition: this host has the virtual IP. */
function holds(address: string, networkInterface: string): string {
  return `ip -4 -o addr show dev ${networkInterface} | grep -qF " ${address}/"`;
}

const settleSeconds = 30;

/** Script: waits until this host holds the virtual IP. */
export function awaitHeld(address: string, networkInterface: string): string {
  return waitUntil(
    holds(address, networkInterface),
    settleSeconds,
    `this host should hold ${address} and does not: see journalctl -u keepalived`,
    0.1,
  );
}

/** Script: waits until this host does not hold the virtual IP. */
export function awaitNotHeld(address: string, networkInterface: string): string {
  return waitUntil(
    `! ${holds(address, networkInterface)}`,
    settleSeconds,
    `two hosts hold ${address}: is VRRP (IP protocol 112, 224.0.0.18) blocked between the balancers?`,
    0.1,
  );
}
