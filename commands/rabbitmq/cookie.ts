import { writeFiles } from "../files";
import { quote, waitUntil } from "../shell";
import { dataMount, type NodePlace } from "./place";

/** Longest wait for a broker that is just booting to answer its CLI. */
const patienceSeconds = 60;

/** An Erlang term that has the virtual machine take up the cookie in a file: the cookie stands in no command's text. */
function takeUp(file: string): string {
  return `{ok,C}=file:read_file("${file}"),erlang:set_cookie(node(),list_to_atom(string:trim(binary_to_list(C)))).`;
}

/**
 * Script: the node's Erlang cookie is this one. Erlang compares cookies only when two nodes connect, so a broker that runs
 * takes the new one up at run time: it goes on, and so do its connections to the other nodes. From then on the CLI needs
 * the new cookie, too; it reads the one in its home directory. Wherever an earlier run was cut off, this goes on: a cookie
 * that was staged and that the broker knows already is the current one.
 */
export function writeCookie(place: NodePlace, cookie: string): string {
  const { container, directory } = place;
  const current = `${directory}/data/.erlang.cookie`;
  const home = `${directory}/data/rotation`;
  const staged = `${home}/.erlang.cookie`;
  const inside = `${dataMount}/rotation`;
  const found = `{{.State.Running}}{{range .Mounts}}{{if eq .Destination "${dataMount}"}} {{.Source}}{{end}}{{end}}`;
  return `# On these data: a container of that name made by hand, on its own data, has nothing to do with this file.
broker_runs() { [ "$(docker inspect -f '${found}' ${container} 2> /dev/null)" = "true ${directory}/data" ]; }
# HOME: where the CLI finds the cookie to log in with.
evaluate() { docker exec -u rabbitmq -e HOME="$1" ${container} rabbitmqctl -q eval "$2" > /dev/null 2>&1; }
knows_staged() { evaluate ${inside} 'ok.'; }
if [ -e ${staged} ]; then
  if broker_runs && knows_staged; then mv -f ${staged} ${current}; else rm -f ${staged}; fi
fi
mkdir -p ${home}
chown "$container_owner" ${home}
chmod 700 ${home}
${writeFiles([{ path: staged, mode: "0400", owner: "container", content: cookie }])}
if broker_runs && [ -e ${current} ] && [ "$(cat ${staged})" != "$(cat ${current})" ]; then
  takes_it_up() { evaluate ${dataMount} ${quote(takeUp(`${inside}/.erlang.cookie`))} || knows_staged; }
${waitUntil("takes_it_up", patienceSeconds, `${place.name} runs, but its CLI can log in neither with the cookie in ${current} nor with the new one: the cookie was not changed. Stop its container, run pulumi up again, start the container`, 1)}
fi
mv -f ${staged} ${current}
rmdir ${home}`;
}
