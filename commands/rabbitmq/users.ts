import { quote } from "../shell";
import { importDefinitions, userDefinition } from "./definitions";
import { cli, type NodePlace } from "./place";

/** An application's login. */
export interface User {
  username: string;
  password: string;
  vhosts: readonly string[];
  /** Regular expressions of names. */
  configure: string;
  write: string;
  read: string;
  tags: readonly string[];
}

/** The tag of a user that Warren made. Nothing is done to a user without it. */
export const userMark = "warren";

/** Shell variable `$found`: what the broker lists of a user, its tags among it; empty where there is none. */
function findUser(place: NodePlace, username: string): string {
  return `users=$(${cli(place, "rabbitmqctl", "list_users --formatter json")})
found=$(tr '}' '\\n' <<< "$users" | grep -F '"user":"${username}"' || true)`;
}

/**
 * Script: the user can log in with this password and has these permissions, and none in other virtual hosts. A user of
 * that name whom somebody else made is left alone, and the run fails.
 */
export function user(place: NodePlace, wanted: User): string {
  const { username, password, vhosts, configure, write, read, tags } = wanted;
  const definitions = {
    users: [userDefinition(username, password, [userMark, ...tags])],
    permissions: vhosts.map((vhost) => ({ user: username, vhost, configure, write, read })),
  };
  const list = cli(place, "rabbitmqctl", "list_vhosts name --formatter json");
  const permissions = cli(place, "rabbitmqctl", `list_user_permissions ${username} --formatter json`);
  return `${findUser(place, username)}
if [ -n "$found" ] && ! grep -qF '"${userMark}"' <<< "$found"; then
  echo "the broker has a user ${username} already that Warren did not make: it was left alone. Give yours another name, or hand it over: rabbitmqctl set_user_tags ${username} ${userMark}" >&2
  exit 1
fi
existing=$(${list})
for vhost in ${vhosts.join(" ")}; do
  if ! grep -qF "\\"name\\":\\"$vhost\\"" <<< "$existing"; then
    echo "the broker has no virtual host $vhost for the user ${username}: make it first" >&2
    exit 1
  fi
done
${importDefinitions(place, username, definitions)}
permissions=$(${permissions})
grep -o '"vhost":"[^"]*"' <<< "$permissions" | cut -d'"' -f4 | while read -r vhost; do
  case ${quote(` ${vhosts.join(" ")} `)} in
  *" $vhost "*) ;;
  *) ${cli(place, "rabbitmqctl", `clear_permissions -p "$vhost" ${username}`)} ;;
  esac
done`;
}

/** Script: a user's end. Its queues stay; connections that it still has are closed by the broker. */
export function deleteUser(place: NodePlace, username: string): string {
  return `${findUser(place, username)}
if grep -qF '"${userMark}"' <<< "$found"; then ${cli(place, "rabbitmqctl", `delete_user ${username}`)}; fi`;
}
