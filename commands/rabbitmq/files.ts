import { dataMount, type NodePlace } from "./place";

/** The list of plugins that a node has enabled, on its host. */
export function pluginsFile(place: NodePlace): string {
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

/**
 * Script: the hosts file that the container has mounted, which thus keeps its inode. Names that it had before and has no
 * more stay in it: a node that leaves is needed until it has left.
 */
export function writeHosts(place: NodePlace, content: string): string {
  const file = `${place.directory}/hosts`;
  return `{
  cat <<'END'
${content}END
  if [ -e ${file} ]; then awk 'NR == FNR { known[$2]; next } NF == 2 && $1 ~ /^[0-9]/ && !($2 in known)' - ${file} <<'END'
${content}END
  fi
} > ${file}.new
cat ${file}.new > ${file}
rm ${file}.new
chmod 644 ${file}`;
}

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
  rm -rf ${place.directory}/conf ${place.directory}/hosts ${place.directory}/data/.erlang.cookie ${place.directory}/data/rotation
  mv ${place.directory} ${place.directory}.removed-$(date -u +%Y%m%dT%H%M%SZ)
fi`;
}
