import { createHash } from "node:crypto";

import { labels } from "./docker";
import { answers200 } from "./http";
import { quote, waitUntil } from "./shell";

/** Where a node lives on its host. */
export interface NodePlace {
  /** Short host name of the broker's container; the Erlang node is `rabbit@NAME`. */
  name: string;
  /** Name of the container. */
  container: string;
  /** The host's directory for this node; `data` in it is the broker's own. */
  directory: string;
}

/** A member as a cluster should show it. */
export interface ExpectedMember {
  name: string;
  type: "disc" | "ram";
}

/** Longest wait for a node to boot, or for the others to be well: one that has to sync or replay much needs minutes. */
const patienceSeconds = 600;

/** The Erlang name of a node. */
export function erlangName(name: string): string {
  return `rabbit@${name}`;
}

/** A broker CLI call in a node's container, as the user that owns the cookie. */
export function cli(place: NodePlace, tool: string, args: string): string {
  return `docker exec -u rabbitmq ${place.container} ${tool} -q ${args}`;
}

function pluginsFile(place: NodePlace): string {
  return `${place.directory}/conf/enabled_plugins`;
}

/**
 * Script: lets a node that is to join boot without plugins while it is blank. It boots sooner, and stops at once: 3.10 takes
 * 5 s to stop an application that has the management plugin. They come when it starts again as a member.
 */
export function bootBare(place: NodePlace): string {
  return `if [ ! -e ${place.directory}/data/mnesia ]; then
  echo "[]." > ${pluginsFile(place)}
fi`;
}

/** The container's own directory for the broker's data. */
export const dataMount = "/var/lib/rabbitmq";

/**
 * Script: goes no further where a node that exists would be given another data directory, with which it would start empty,
 * or other ports between nodes, on which the other members would not find it.
 */
export function refuseMove(place: NodePlace, environment: string[]): string {
  const format = `{{range .Mounts}}{{if eq .Destination "${dataMount}"}}{{.Source}}{{end}}{{end}}{{range .Config.Env}}\\n{{.}}{{end}}`;
  return `if found=$(docker inspect -f $'${format}' ${place.container} 2> /dev/null); then
  for fixed in ${[`${place.directory}/data`, ...environment].join(" ")}; do
    if ! grep -qxF "$fixed" <<< "$found"; then
      echo "${place.name} was made without $fixed: a node keeps its data directory and its ports epmd and distribution for life. Nothing was changed" >&2
      exit 1
    fi
  done
fi`;
}

/** Script: makes a node's directories. The data directory is the container's; nothing in it is touched. */
export function makeDirectories(place: NodePlace): string {
  return `mkdir -p ${place.directory}/data ${place.directory}/conf
chmod 711 ${place.directory}
chown "$container_owner" ${place.directory}/data ${place.directory}/conf
chmod 750 ${place.directory}/data ${place.directory}/conf`;
}

/**
 * Script: a node's end on its host. The data directory is moved aside under the date, never deleted; what Warren wrote
 * (configuration, cookie) goes.
 */
export function moveAside(place: NodePlace): string {
  return `if [ -d ${place.directory} ]; then
  rm -rf ${place.directory}/conf ${place.directory}/hosts ${place.directory}/data/.erlang.cookie
  mv ${place.directory} ${place.directory}.removed-$(date -u +%Y%m%dT%H%M%SZ)
fi`;
}

/**
 * Shell functions that read what the broker itself has on disk, which is right whether its application runs or not, and
 * costs nothing beside a CLI call (a whole Erlang VM).
 *
 * - `members`: every member of the cluster that this node knows, itself included. Mnesia keeps them in
 *   `cluster_nodes.config`; a broker without that file (Khepri) is asked.
 * - `holds_data`: durable queues of the node's own.
 */
function look(place: NodePlace): string {
  const self = erlangName(place.name);
  const database = `${place.directory}/data/mnesia/${self}`;
  return `members() {
  if [ -e ${database}/cluster_nodes.config ]; then cat ${database}/cluster_nodes.config; else ${cli(place, "rabbitmqctl", "cluster_status --formatter json")} | grep -o '"disk_nodes":[^]]*'; fi |
    grep -o 'rabbit@[A-Za-z0-9_-]*' | sort -u
}
holds_data() { [ -n "$(find ${database}/msg_stores/vhosts/*/queues ${database}/quorum/${self} -mindepth 1 -maxdepth 1 -type d 2> /dev/null | head -n 1)" ]; }`;
}

/**
 * Mark that a blank node is on its way into the cluster: it was looked at while its application ran. A broker on Khepri
 * cannot say who is a member while its application is stopped.
 */
function joining(place: NodePlace): string {
  return `${place.directory}/joining`;
}

/**
 * Script: before anything of a joining node is stopped or wiped. A member is left alone, whatever the state believes; a
 * node with queues of its own is refused.
 */
function guard(place: NodePlace): string {
  return `${look(place)}
known=$(members || true)
if [ -z "$known" ] && [ ! -e ${joining(place)} ]; then
  echo "it cannot be told whether ${place.name} is a member of a cluster: nothing was changed" >&2
  exit 1
fi
if [ -n "$known" ] && grep -vx ${erlangName(place.name)} <<< "$known" > /dev/null; then
  echo "${place.name} is a member already: left alone"
  exit 0
fi
if holds_data; then
  echo "${place.name} has queues of its own in ${place.directory}/data and is in no cluster: joining would wipe them. Move the directory away, or take the node out of the configuration" >&2
  exit 1
fi`;
}

/** Shell condition: the broker listens for AMQP inside its container. Read from /proc: no CLI call slows the boot. */
function listens(place: NodePlace, port: number): string {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return `{ pid=$(docker inspect -f '{{.State.Pid}}' ${place.container}) && grep -qs ':${hex} [0-9A-F:]* 0A' /proc/$pid/net/tcp /proc/$pid/net/tcp6; } 2> /dev/null`;
}

/** Script: waits until a node has booted; on failure the broker's last log lines say why. */
export function awaitBoot(place: NodePlace, amqpPort: number): string {
  return `trap '[ $? = 0 ] || docker logs --tail 30 ${place.container} >&2' EXIT
${waitUntil(listens(place, amqpPort), patienceSeconds, `${place.name} did not boot within ${patienceSeconds} s`)}
${cli(place, "rabbitmqctl", "await_startup")}`;
}

/** Script: stops the application of a blank node, so that it can join. */
export function stopApp(place: NodePlace): string {
  return `${guard(place)}
touch ${joining(place)}
${cli(place, "rabbitmqctl", "stop_app")}`;
}

/** Script: resets a blank node. */
export function reset(place: NodePlace): string {
  return `${guard(place)}
${cli(place, "rabbitmqctl", "reset")}`;
}

/** Script: joins a blank node to the cluster of another. */
export function joinCluster(place: NodePlace, peer: string, type: "disc" | "ram"): string {
  return `${guard(place)}
${cli(place, "rabbitmqctl", `join_cluster ${type === "ram" ? "--ram " : ""}${erlangName(peer)}`)}`;
}

/**
 * Script: starts the application of a node that has joined, with its plugins; on one that runs it does nothing. `plugins` is
 * the text of the `enabled_plugins` file.
 */
export function startApp(place: NodePlace, plugins: string): string {
  return `if [ -e ${joining(place)} ]; then printf %s ${quote(plugins)} > ${pluginsFile(place)}; fi
${cli(place, "rabbitmqctl", "start_app")}
rm -f ${joining(place)}`;
}

/** Who administers the broker. */
export interface Administrator {
  username: string;
  password: string;
  /** The virtual host in which the user has every right. */
  vhost: string;
}

/**
 * Script: the administrator can log in with this password and has every right in the virtual host. The broker makes its
 * first user on a blank database only; from then on a changed name, password or virtual host comes about here. The HTTP API
 * says whether anything is to be done; if so, definitions with the password's hash are imported.
 */
export function administrator(place: NodePlace, admin: Administrator, managementPort: number): string {
  const { username, password, vhost } = admin;
  const path = `/api/permissions/${encodeURIComponent(vhost)}/${encodeURIComponent(username)}`;
  const file = "/tmp/warren-administrator.json";
  const load = `umask 077; cat > ${file}; rabbitmqctl -q import_definitions ${file}; status=$?; rm -f ${file}; exit $status`;
  return `if ! ${answers200(managementPort, path, `${username}:${password}`)}; then
  docker exec -i -u rabbitmq ${place.container} sh -c '${load}' > /dev/null <<'END'
${definitions(admin)}
END
fi`;
}

/** Definitions of one user, as the management plugin exports them. The salt is the user's own: text and state stay stable. */
function definitions({ username, password, vhost }: Administrator): string {
  const salt = createHash("sha256").update(username).digest().subarray(0, 4);
  const hash = createHash("sha256").update(salt).update(password).digest();
  return JSON.stringify({
    users: [
      {
        name: username,
        password_hash: Buffer.concat([salt, hash]).toString("base64"),
        hashing_algorithm: "rabbit_password_hashing_sha256",
        tags: "administrator",
      },
    ],
    vhosts: [{ name: vhost }],
    permissions: [{ user: username, vhost, configure: ".*", write: ".*", read: ".*" }],
  });
}

/** Shell function `names LIST`: the nodes in one list of a cluster status in `$status`, sorted, on one line. */
const names = `names() { printf %s "$status" | grep -o "\\"$1\\":\\[[^]]*\\]" | grep -o 'rabbit@[A-Za-z0-9_-]*' | sort | tr '\\n' ' '; }`;

/** What a node's container should be, as its image's id and the value of its settings label say. */
export interface WantedContainer {
  image: string;
  settings: string;
}

/**
 * Script: what has to hold before a serving node's container may be replaced. It looks at the container itself: where none
 * runs, or it is already the wanted one, or no broker runs in it, it returns at once. Otherwise it waits until all other
 * members run and none of the broker's own checks calls this node critical, then drains it; if that does not come to pass
 * it fails and has changed nothing. A node that an earlier run drained and did not replace is revived.
 */
export function gate(place: NodePlace, wanted: WantedContainer, amqpPort: number): string {
  const status = cli(place, "rabbitmqctl", "cluster_status --formatter json");
  const diagnostics = (check: string): string => `${cli(place, "rabbitmq-diagnostics", check)} > /dev/null 2>&1`;
  const mirrorCheck = "check_if_node_is_mirror_sync_critical"; // gone with mirroring in 4.0
  return `found=$(docker inspect -f '{{.State.Running}} {{.Image}} {{index .Config.Labels "${labels.settings}"}}' ${place.container} 2> /dev/null) || exit 0
case $found in
"true ${wanted.image} ${wanted.settings}")
  ${listens(place, amqpPort)} || ${cli(place, "rabbitmq-upgrade", "revive")} > /dev/null 2>&1 || true
  exit 0 ;;
true*) ;;
*) exit 0 ;;
esac
if ! status=$(${status} 2> /dev/null); then
  if ${listens(place, amqpPort)}; then
    echo "${place.name} serves clients, but its CLI does not answer: nothing was changed" >&2
    exit 1
  fi
  exit 0
fi
${names}
case " $(names running_nodes)" in *" ${erlangName(place.name)} "*) ;; *) exit 0 ;; esac
[ "$(names disk_nodes)$(names ram_nodes)" != "${erlangName(place.name)} " ] || exit 0
mirrors=$(${cli(place, "rabbitmq-diagnostics", "help")} | grep -o ${mirrorCheck} | head -n 1 || true)
one_by_one() { for list; do names $list; done | tr ' ' '\n' | sort -u; }
all_well() {
  status=$(${status} 2> /dev/null) &&
  [ "$(one_by_one disk_nodes ram_nodes)" = "$(one_by_one running_nodes)" ] &&
  ${diagnostics("check_if_node_is_quorum_critical")} &&
  { [ -z "$mirrors" ] || ${diagnostics(mirrorCheck)}; }
}
${waitUntil("all_well", patienceSeconds, `the cluster cannot spare ${place.name} now: another member is down, or a queue would lose its majority or its last synchronised mirror. Nothing was changed`, 2)}
${cli(place, "rabbitmq-upgrade", "drain")} > /dev/null`;
}

/**
 * Script: waits until the cluster is as configured (members, types, all running, one broker version, no partition), and
 * prints the cluster status as JSON.
 */
export function formed(place: NodePlace, expected: ExpectedMember[], seconds = 120): string {
  const list = (type: "disc" | "ram"): string =>
    expected
      .filter((member) => member.type === type)
      .map((member) => `${erlangName(member.name)} `)
      .sort()
      .join("");
  const running = expected.map((member) => `${erlangName(member.name)} `).sort();
  return `${names}
as_configured() {
  status=$(${cli(place, "rabbitmqctl", "cluster_status --formatter json")} 2> /dev/null) &&
  [ "$(names disk_nodes)" = "${list("disc")}" ] && [ "$(names ram_nodes)" = "${list("ram")}" ] && [ "$(names running_nodes)" = "${running.join("")}" ]
}
trap '[ $? = 0 ] || echo "disc: $(names disk_nodes); ram: $(names ram_nodes); running: $(names running_nodes)" >&2' EXIT
${waitUntil("as_configured", seconds, `the cluster is not as configured (disc: ${list("disc").trimEnd()}; ram: ${list("ram").trimEnd()}). It shows`, 1)}
if [ "$(printf %s "$status" | grep -o '"rabbitmq_version":"[^"]*"' | sort -u | wc -l)" -gt 1 ]; then
  echo "the members run different broker versions" >&2
  exit 1
fi
case $status in *'"partitions":{}'* | *'"partitions":[]'*) ;; *) echo "the cluster is partitioned" >&2; exit 1 ;; esac
printf '%s\\n' "$status"`;
}

/** Script: names the cluster. */
export function nameCluster(place: NodePlace, clusterName: string): string {
  return cli(place, "rabbitmqctl", `set_cluster_name ${clusterName}`);
}
