import { keptName, madeByHand } from "../docker";
import { quote } from "../shell";
import { gate, type WantedContainer } from "./gate";
import { cli, dataMount, erlangName, names, type ExpectedMember, type NodePlace } from "./place";

/** A container made by hand that a node takes the place of. */
export interface Adoption {
  /** Its name. */
  container: string;
  /** The node's place in the config, for what is refused: `warren:rabbitmq.nodes[0]`. */
  path: string;
}

/** What the adopted cluster has to be like. */
export interface AdoptedCluster {
  version: string;
  cookie: string;
  members: readonly ExpectedMember[];
  plugins: readonly string[];
  ports: { epmd: number; distribution: number };
}

/** Mark that a node has taken over the data of the container that it adopted. */
export function adopted(place: NodePlace): string {
  return `${place.directory}/adopted`;
}

/** Shell variable `$source`: the host's directory with a container's data; empty where it is in no mount. */
function dataSource(container: string): string {
  const format = `{{range .Mounts}}{{if eq .Destination "${dataMount}"}}{{.Source}}{{end}}{{end}}`;
  return `source=$(docker inspect -f '${format}' ${container})`;
}

/** Whether two directories are the same one, or on the same file system. */
const sameShell = `same() { [ "$(stat -c "$1" "$2")" = "$(stat -c "$1" "$3")" ]; }`;

/**
 * Script: goes no further where a container cannot be adopted as the config has it. It only looks; every node's is run
 * before anything is done to any of them. One that is adopted already, or half-way, was found right before.
 */
export function adoptable(place: NodePlace, { container, path }: Adoption, cluster: AdoptedCluster): string {
  const { version, cookie, members, plugins, ports } = cluster;
  const old: NodePlace = { ...place, container };
  const refuse = (field: string, value: string, rule: string): string =>
    `refuse "${`${field}: ${value} - ${rule}`.replaceAll('"', '\\"')}"`;
  const list = (type: "disc" | "ram"): string =>
    members
      .filter((member) => member.type === type)
      .map(({ name }) => `${erlangName(name)} `)
      .sort()
      .join("");
  const data = `${place.directory}/data`;
  const adopt = `"${container}"`;
  return `refuse() { echo "$1. Nothing was changed" >&2; exit 1; }
[ ! -e ${adopted(place)} ] || exit 0
if ! ${madeByHand(container)}; then
  ! docker inspect ${keptName(container)} > /dev/null 2>&1 || exit 0
  ${refuse(`${path}.adopt`, adopt, "must be a container on this host that Warren did not make, or be left out: there is none of that name")}
fi
${container === place.container ? "" : `! ${madeByHand(place.container)} || ${refuse(`${path}.adopt`, adopt, `must be ${place.container}, or that container be gone: the node's own will have that name`)}\n`}[ "$(docker inspect -f '{{.State.Running}}' ${container})" = true ] || ${refuse(`${path}.adopt`, adopt, "must be a container that runs")}
node=$(${cli(old, "rabbitmqctl", "eval 'node().'")} | grep -o '[^ ]*@[^ ]*' | tail -n 1) || ${refuse(`${path}.adopt`, adopt, "must be a broker whose rabbitmqctl answers")}
[ "$node" = ${erlangName(place.name)} ] || ${refuse(`${path}.name`, `"${place.name}"`, `must be the node's own name: the container ${container} runs $node`)}
version=$(${cli(old, "rabbitmqctl", "version")} | tail -n 1)
[ "$version" = ${version} ] || ${refuse("warren:rabbitmq.version", `"${version}"`, `must be $version, as the container ${container} has it: adopt first, then upgrade`)}
environment=$(docker inspect -f '{{range .Config.Env}}{{println .}}{{end}}' ${container})
given() { sed -n "s/^$1=//p" <<< "$environment" | tail -n 1; }
epmd=$(given ERL_EPMD_PORT) amqp=$(given RABBITMQ_NODE_PORT) distribution=$(given RABBITMQ_DIST_PORT)
epmd=\${epmd:-4369} distribution=\${distribution:-$((\${amqp:-5672} + 20000))}
[ $epmd = ${ports.epmd} ] || ${refuse("warren:rabbitmq.ports.epmd", String(ports.epmd), `must be $epmd, as the container ${container} has it`)}
[ $distribution = ${ports.distribution} ] || ${refuse("warren:rabbitmq.ports.distribution", String(ports.distribution), `must be $distribution, as the container ${container} has it`)}
${dataSource(container)}
[ -n "$source" ] && [ -d "$source/mnesia/${erlangName(place.name)}" ] || ${refuse(`${path}.adopt`, adopt, `must have its data in a mount at ${dataMount}, in mnesia/${erlangName(place.name)}`)}
[ "$(cat "$source/.erlang.cookie")" = "$(printf %s ${Buffer.from(cookie).toString("base64")} | base64 -d)" ] || ${refuse("warren:rabbitmq.cookie", "[secret]", `must be the cookie of the container ${container}`)}
${names}
status=$(${cli(old, "rabbitmqctl", "cluster_status --formatter json")})
disc=$(names disk_nodes | sed "s/ $//" || true) ram=$(names ram_nodes | sed "s/ $//" || true)
[ "$disc" = "${list("disc").trimEnd()}" ] && [ "$ram" = "${list("ram").trimEnd()}" ] || ${refuse("warren:rabbitmq.nodes", "a list", `must be the cluster's members with their types, which are disc: $disc; ram: $ram`)}
for plugin in $(${cli(old, "rabbitmq-plugins", "list -E -m")} | grep -x 'rabbit[a-z0-9_]*' || true); do
  case ${quote(` ${plugins.join(" ")} `)} in *" $plugin "*) ;; *) ${refuse("warren:rabbitmq.plugins", "a list", `must have $plugin among them, as the container ${container} has`)} ;; esac
done
${sameShell}
place=${place.directory}
until [ -d "$place" ]; do place=\${place%/*}; place=\${place:-/}; done
if [ -d ${data} ] && same %d:%i "$source" ${data}; then exit 0; fi
[ ! -e ${data}/mnesia ] || ${refuse("warren:rabbitmq.dataDirectory", `"${place.directory.replace(/\/[^/]*$/, "")}"`, `must be a directory without data of ${place.name}, or the container's own: ${data}/mnesia is there already`)}
if ! same %d "$source" "$place" && [ "$(du -sk "$source" | cut -f1)" -ge "$(df -Pk "$place" | awk 'END { print $4 }')" ]; then
  ${refuse("warren:rabbitmq.dataDirectory", `"${place.directory.replace(/\/[^/]*$/, "")}"`, "must be on the file system of $source, or have room for a copy of it")}
fi`;
}

/** Script: what has to hold of a node's own container, which is there once it has taken the adopted one's place. */
export function onceAdopted(place: NodePlace, checks: string): string {
  return `if [ -e ${adopted(place)} ]; then\n${checks}\nfi`;
}

/**
 * Script: the container made by hand gives way, as one of Warren's would: when the cluster can spare it, drained, with its
 * grace. It is kept, stopped, under another name, and does not start again. Its data are moved to the node's own directory
 * (within a file system; else copied, and the copy compared); the old place is never deleted. It can be cut off anywhere.
 */
export function adopt(
  place: NodePlace,
  { container }: Adoption,
  wanted: WantedContainer,
  { amqpPort, graceSeconds }: { amqpPort: number; graceSeconds: number },
): string {
  const kept = keptName(container);
  const data = `${place.directory}/data`;
  const copy = `${place.directory}/data.copy`;
  return `[ ! -e ${adopted(place)} ] || exit 0
if ${madeByHand(container)}; then
(
${gate({ ...place, container }, wanted, [], amqpPort)}
)
docker update --restart=no ${container} > /dev/null
docker stop -t ${graceSeconds} ${container} > /dev/null
docker rename ${container} ${kept}
fi
${dataSource(kept)}
${sameShell}
shopt -s dotglob nullglob
take() { for entry in "$1"/*; do [ -e "${data}/\${entry##*/}" ] || mv "$entry" ${data}/; done; }
sums() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 -r sha256sum); }
if same %d:%i "$source" ${data}; then
  :
elif same %d "$source" ${data}; then
  take "$source"
else
  rm -rf ${copy}
  cp -a "$source" ${copy}
  if [ "$(sums "$source")" != "$(sums ${copy})" ]; then
    echo "the copy of $source in ${copy} is not the same: is the disk in order? ${kept} and its data are as they were" >&2
    exit 1
  fi
  take ${copy}
  rm -rf ${copy}
fi
owner=$(stat -c %u:%g ${data})
[ "$(stat -c %u:%g ${data}/mnesia)" = "$owner" ] || chown -R "$owner" ${data}
touch ${adopted(place)}`;
}
