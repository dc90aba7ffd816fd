import { leavesFile } from "./haproxy";
import { answers200 } from "./http";
import {
  checkFile,
  configDirectory,
  configFile,
  endContainer,
  notifyFile,
  ownContainer,
  restore,
  seeLog,
  stagedFile,
  swapIn,
  unitFile,
  type OwnContainer,
} from "./keepalivedFiles";
import { installPackages } from "./prepareHost";
import { waitUntil } from "./shell";

/**
 * The check script's text: the balancer itself says whether it can serve. A live pid alone would prove nothing. The port is
 * the one at which the balancer was last seen to serve; a balancer that is about to be replaced does not count.
 */
export function checkScript(portFile: string, path: string): string {
  return `#!/bin/bash
[ ! -e ${leavesFile} ] && read -r port < ${portFile} && ${answers200("$port", path)}
`;
}

/** The notify script's text: a line for each change, and the user's own program, with keepalived's arguments. */
export function notifyScript({ logFile, hook }: { logFile: string; hook?: string }): string {
  return `#!/bin/bash
# TYPE NAME STATE PRIORITY, as keepalived hands them over.
printf '%s %s %s\\n' "$(date '+%F %T %z')" "$2" "$3" >> ${logFile}
${hook === undefined ? "" : `exec ${hook} "$@"\n`}`;
}

/** Script: keepalived from the distribution, not yet started, and the tool that listens for others' VRRP. */
export function install(): string {
  return `if ! command -v keepalived > /dev/null || ! command -v nft > /dev/null; then
${installPackages({ apt: "keepalived nftables", dnf: "keepalived nftables" })}
fi
mkdir -p ${configDirectory} ${unitFile.replace(/\/[^/]*$/, "")}`;
}

/** Script: the user's program for changes is there. */
export function requireHook(hook: string): string {
  return `if ! [ -x ${hook} ]; then
  echo "${hook} (vip.notify.hook) is not a program on this host" >&2
  exit 1
fi`;
}

/** An instance that is about to be on this host, and who else may have it. */
export interface Newcomer {
  interface: string;
  virtualRouterId: number;
  /** Without a prefix length. */
  ips: readonly string[];
  /** Addresses of the other hosts that may hold it. */
  peers: readonly string[];
}

/** How long others' advertisements are listened for; one a second is VRRP's own default. */
const listenSeconds = 4;

/**
 * Script: before keepalived first takes an instance up on this host, nobody else may have its addresses or its router id.
 * Who has an address is asked by ARP, through the kernel's own neighbour table; VRRP is listened for by a counter in a
 * netfilter table of its own, which sees packets that no program has asked for. Peers of the same stack may have both.
 */
export function refuseTaken(newcomers: readonly Newcomer[], container: OwnContainer): string {
  const known = newcomers.map(
    ({ ips, virtualRouterId }) =>
      `grep -qx ' *virtual_router_id ${virtualRouterId}' ${configFile} && ${ips.map((ip) => `grep -q '^ *${ip.replaceAll(".", "\\.")}/' ${configFile}`).join(" && ")}`,
  );
  const addresses = newcomers.flatMap(({ interface: dev, ips, peers }) =>
    ips.map((ip) => `require_free ${ip} ${dev} ${peers.join(" ")}`.trimEnd()),
  );
  const groups = newcomers.map(({ interface: dev }) => dev).filter((dev, index, all) => all.indexOf(dev) === index);
  const own = "127.0.0.1";
  return `if ! { { systemctl is-active -q keepalived || [ -n "$(${ownContainer(container)})" ]; } && ${known.join(" && ")}; } 2> /dev/null; then
mac_of() {
  ip neigh flush to "$1" dev "$2"
  (exec 3<> "/dev/udp/$1/9" && echo >&3) 2> /dev/null || true
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    mac=$(ip neigh show to "$1" dev "$2" | sed -n 's/.* lladdr \\([^ ]*\\).*/\\1/p')
    if [ -n "$mac" ]; then break; fi
    sleep 0.1
  done
}
require_free() {
  address=$1 dev=$2
  shift 2
  if [ -n "$(ip -4 -o addr show to "$address")" ]; then
    grep -q "^# Written by Warren" ${configFile} 2> /dev/null && return
    echo "this host has $address already, and not by Warren's doing. Nothing was changed" >&2
    exit 1
  fi
  mac_of "$address" "$dev"
  [ -n "$mac" ] || return 0
  found=$mac
  for peer; do
    mac_of "$peer" "$dev"
    if [ "$mac" = "$found" ]; then return; fi
  done
  echo "somebody else has $address already: $found answers for it. Nothing was changed" >&2
  exit 1
}
${addresses.join("\n")}
(
trap 'nft delete table ip warren_listen 2> /dev/null || true; ${groups.map((dev) => `ip maddr del 01:00:5e:00:00:12 dev ${dev} 2> /dev/null || true`).join("; ")}' EXIT
${groups.map((dev) => `ip maddr add 01:00:5e:00:00:12 dev ${dev}`).join("\n")}
nft -f - <<'END'
table ip warren_listen {
${newcomers.map(({ virtualRouterId: id }) => `  set heard_${id} { type ipv4_addr; flags dynamic; size 64; }`).join("\n")}
  chain arriving {
    type filter hook prerouting priority -310;
${newcomers.map(({ interface: dev, virtualRouterId: id, peers }) => `    iifname "${dev}" ip protocol 112 @th,8,8 ${id} ip saddr != { ${[own, ...peers].join(", ")} } add @heard_${id} { ip saddr }`).join("\n")}
  }
}
END
sleep ${listenSeconds}
for id in ${newcomers.map(({ virtualRouterId }) => virtualRouterId).join(" ")}; do
  heard=$(nft list set ip warren_listen heard_$id | sed -n 's/.*elements = { *\\(.*[^ ]\\) *}.*/\\1/p')
  if [ -n "$heard" ]; then
    echo "another router on this network has VRRP's router id $id: $heard. Choose another vip.virtualRouterId. Nothing was changed" >&2
    exit 1
  fi
done
)
fi`;
}

/**
 * Script: checks the staged configuration (a copy in which scripts run as root, since keepalived 2.2.7 otherwise ends the
 * test by a signal: https://github.com/acassen/keepalived/issues/2617).
 * `program`: the shell words that run keepalived.
 */
export function check(program = "keepalived"): string {
  return `umask 077
trap 'rm -f ${stagedFile}.check' EXIT
sed 's/^ *script_user .*/script_user root/' ${stagedFile} > ${stagedFile}.check
${program} -t -f ${stagedFile}.check`;
}

/**
 * Script: swaps the checked configuration in, and starts keepalived or has it reload. It is short, so that all hosts do it
 * within one another's patience: with a new password on one of them alone, each would soon think that it is the only one.
 * A keepalived of this stack's that runs in a container first gives way.
 */
export function takeUp(digest: string, own: OwnContainer): string {
  return `${swapIn(digest)}
systemctl daemon-reload
${endContainer(own)}
if systemctl is-active -q keepalived; then systemctl reload keepalived; else systemctl start keepalived; fi
systemctl enable -q keepalived`;
}

/** Script: stops keepalived, which gives the virtual IP up at once, and puts back what was there before. */
export function remove(host: string): string {
  return restore(
    host,
    `systemctl disable -q --now keepalived
rm -f ${checkFile} ${notifyFile} ${configFile} ${stagedFile} ${unitFile}
rmdir ${unitFile.replace(/\/[^/]*$/, "")} 2> /dev/null || true
systemctl daemon-reload`,
  );
}

/** Shell condition: this host has the virtual IP. */
function holds(address: string, networkInterface: string): string {
  return `ip -4 -o addr show dev ${networkInterface} | grep -qF " ${address}/"`;
}

const settleSeconds = 30;

/** Script: waits until this host holds the virtual IP, which it may take `delaySeconds` after it could. */
export function awaitHeld(address: string, networkInterface: string, delaySeconds = 0): string {
  return waitUntil(
    holds(address, networkInterface),
    settleSeconds + delaySeconds,
    `this host should hold ${address} and does not: ${seeLog}`,
    0.1,
  );
}

/** Script: waits until this host does not hold the virtual IP. */
export function awaitNotHeld(address: string, networkInterface: string, delaySeconds = 0): string {
  return waitUntil(
    `! ${holds(address, networkInterface)}`,
    settleSeconds + delaySeconds,
    `two hosts hold ${address}: is VRRP (IP protocol 112, 224.0.0.18) blocked between the balancers?`,
    0.1,
  );
}

/**
 * Script: waits until this host or another one has the virtual IP, where who has it may keep it.
 */
export function awaitSomebody(address: string, networkInterface: string): string {
  return `somebody() {
  ${holds(address, networkInterface)} && return
  ip neigh flush to ${address} dev ${networkInterface}
  (exec 3<> /dev/udp/${address}/9 && echo >&3) 2> /dev/null
  sleep 0.5
  ip neigh show to ${address} dev ${networkInterface} | grep -q lladdr
}
${waitUntil("somebody", settleSeconds, `no host holds ${address}: on each of them ${seeLog}`, 0.1)}`;
}
