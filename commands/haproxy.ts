import { keptName, labels, madeByHand } from "./docker";
import { answers200 } from "./http";
import { seeLog } from "./keepalivedFiles";
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
/** The first is for clients that name no server. */
export const certificateFile = (index: number): string => (index === 0 ? "frontend.pem" : `frontend-${index + 1}.pem`);

/** The authorities that the balancer trusts for the brokers' certificates. */
export const authorityFile = "brokers-authority.pem";

/** Where the container finds the socket of the host's syslog. */
export const logDirectory = "/run/warren-log";
export const logSocket = "haproxy.sock";

/** What balancers tell keepalived, which may run in a container. It does not outlive a restart of the host. */
export const signsDirectory = "/run/warren";
/** While this file is there, the virtual IP keeps away from the host. */
export const leavesFile = `${signsDirectory}/balancer-leaves`;

/** Holds the port at which the balancer on this host says whether it can serve. */
export function healthPortFile({ directory }: Pick<BalancerPlace, "directory">): string {
  return `${directory}/health-port`;
}

/** What is mounted where the image reads its configuration. */
export function mountedDirectory({ directory }: Pick<BalancerPlace, "directory">): string {
  return `${directory}/conf`;
}

/** Script: an empty staging directory beside the real one; its files are received next. */
export function stage(place: BalancerPlace): string {
  const { directory } = place;
  const mounted = mountedDirectory(place);
  return `umask 022
rm -rf ${directory}/new
mkdir -p ${directory}/new ${mounted}
chmod 755 ${directory}
chown "$container_owner" ${directory}/new ${mounted}
chmod 750 ${directory}/new ${mounted}`;
}

/**
 * Script: has the image's own HAProxy check the staged configuration, swaps it in, and tells a running balancer to take it
 * up. A reload starts a new worker and lets the old one finish its connections; none is cut. A configuration that HAProxy
 * refuses changes nothing.
 */
export function takeUp(place: BalancerPlace): string {
  const { container, directory, image } = place;
  const mounted = mountedDirectory(place);
  return `docker run --rm --network none -v ${directory}/new:${configDirectory}:ro ${quote(image)} haproxy -c -q -f ${configDirectory}/${configFile}
for file in ${mounted}/*; do [ -e "${directory}/new/\${file##*/}" ] || rm -f "$file"; done
mv -f ${directory}/new/* ${mounted}/
rmdir ${directory}/new
if [ "$(docker inspect -f '{{.State.Running}}' ${container} 2> /dev/null)" = true ]; then docker kill --signal USR2 ${container} > /dev/null; fi`;
}

/** The container that a balancer should be. */
export interface WantedBalancer {
  image: string;
  /** Digest of everything else that replaces it. */
  settings: string;
}

/** Where the virtual IP can go. */
export interface WayOut {
  /** Virtual IPs that this host may hold, without a prefix length. */
  ips: readonly string[];
  /** Addresses of the other hosts that may hold them. */
  others: readonly string[];
  /** Port and path at which balancers say that they can serve. */
  health: { port: number; path: string };
}

/**
 * Script: before a balancer's container is replaced, the virtual IP leaves its host. It returns at once where no balancer
 * runs, where it is already the wanted one, and where this host holds no virtual IP. Where no other balancer can serve, it
 * fails and has changed nothing.
 */
export function gate({ container }: BalancerPlace, wanted: WantedBalancer, { ips, others, health }: WayOut): string {
  const holds = `ip -4 -o addr show | grep -E ' (${ips.map((ip) => ip.replaceAll(".", "\\.")).join("|")})/' > /dev/null`;
  const another = others.map((address) => answers200(health.port, health.path, undefined, address)).join(" || ");
  return `found=$(docker inspect -f '{{.State.Running}} {{.Image}} {{index .Config.Labels "${labels.settings}"}}' ${container} 2> /dev/null) || exit 0
case $found in
"true ${wanted.image} ${wanted.settings}")
  rm -f ${leavesFile}
  exit 0 ;;
true*) ;;
*) exit 0 ;;
esac
${holds} || exit 0
another() { ${another === "" ? "false" : another}; }
${waitUntil("another", 60, "no other balancer can serve now, so the virtual IP has nowhere to go. Nothing was changed", 0.5)}
trap '[ $? = 0 ] || rm -f ${leavesFile}' EXIT
mkdir -p ${signsDirectory}
touch ${leavesFile}
${waitUntil(`! ${holds}`, 60, `the virtual IP does not leave this host, so its balancer was not replaced: ${seeLog}`, 0.1)}`;
}

/**
 * Script: waits until the balancer runs by its newest configuration and has a broker to send clients to; from then on the
 * virtual IP may be here.
 */
export function awaitServing(
  place: BalancerPlace,
  statsPort: number,
  paths: { health: string; configuration: string },
): string {
  const { container } = place;
  return `trap '[ $? = 0 ] || docker logs --tail 20 ${container} >&2' EXIT
${waitUntil(answers200(statsPort, paths.configuration), 30, "the balancer did not take its configuration up", 0.1)}
${waitUntil(answers200(statsPort, paths.health), 60, "the balancer has no broker that it can send clients to", 0.1)}
echo ${statsPort} > ${healthPortFile(place)}
chmod 644 ${healthPortFile(place)}
rm -f ${leavesFile}`;
}

/** Script: a balancer's end on its host. */
export function removeConfig({ directory }: BalancerPlace): string {
  return `rm -rf ${directory}`;
}

const rsyslogFile = "/etc/rsyslog.d/49-warren-haproxy.conf";
const logrotateFile = "/etc/logrotate.d/warren-haproxy";
const restartRsyslog = "systemctl restart rsyslog";

/** Where a balancer's log goes on its host. */
export interface HostLog {
  directory: string;
  facility: string;
  file: string;
}

/**
 * Script: the host's rsyslog takes the balancer's messages from a socket that the container has mounted, and writes them to
 * a file. A socket rather than a UDP port: nothing new listens on a network.
 */
export function logByRsyslog({ directory, facility, file }: HostLog): string {
  return `if ! command -v rsyslogd > /dev/null; then
  echo "rsyslog is not installed on this host: install it, or set haproxy.log.target to stdout or to a syslog server" >&2
  exit 1
fi
umask 022
mkdir -p ${directory}/log
cat > ${rsyslogFile}.new <<'END'
# Written by Warren. Change the stack's config instead: the next \`pulumi up\` overwrites this file.
input(type="imuxsock" Socket="${directory}/log/${logSocket}")
if $programname == "haproxy" and $syslogfacility-text == "${facility}" then {
  action(type="omfile" file="${file}" fileCreateMode="0640")
  stop
}
END
cat > ${logrotateFile} <<'END'
${file} {
    weekly
    rotate 8
    compress
    delaycompress
    missingok
    notifempty
    postrotate
        systemctl kill -s HUP rsyslog.service
    endscript
}
END
if cmp -s ${rsyslogFile}.new ${rsyslogFile} && [ -S ${directory}/log/${logSocket} ]; then
  rm ${rsyslogFile}.new
else
  mv -f ${rsyslogFile}.new ${rsyslogFile}
  ${restartRsyslog}
fi`;
}

/** Script: rsyslog knows the balancer no longer. The log stays. */
export function endLogByRsyslog(): string {
  return `[ -e ${rsyslogFile} ] || exit 0
rm -f ${rsyslogFile} ${logrotateFile}
${restartRsyslog}`;
}

/**
 * Script: a balancer made by hand gives way, right before the one that takes its place is made. It is kept, stopped, under
 * another name, and does not start again.
 */
export function adopt(container: string): string {
  const kept = keptName(container);
  return `if ${madeByHand(container)}; then
docker update --restart=no ${container} > /dev/null
docker stop -t 5 ${container} > /dev/null
docker rename ${container} ${kept}
elif ! docker inspect ${kept} > /dev/null 2>&1; then
  echo "warren:haproxy.adopt: \\"${container}\\" - must be a container on this host that Warren did not make, or be left out: there is none of that name" >&2
  exit 1
fi`;
}
