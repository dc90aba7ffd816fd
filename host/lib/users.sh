# shellcheck shell=bash
# The broker's users.

# The tag of a user that Warren made. Nothing is done to a user without it.
user_mark=warren

# Imports definitions, which leave alone what they do not name. They reach the broker by standard input and a file that only it may read;
# the subject tells the file from those of steps that run at the same time.
import_definitions() { # SUBJECT JSON
  local file=/tmp/warren-$1.json
  docker exec -i -u rabbitmq "$container" sh -c \
    "umask 077; cat > $file; rabbitmqctl -q import_definitions $file; status=\$?; rm -f $file; exit \$status" > /dev/null <<< "$2"
}

# What the broker lists of a user, its tags included; nothing where there is none. Fails where the broker does not answer.
find_user() { # USERNAME
  local users
  users=$(cli rabbitmqctl list_users --formatter json) || return 1
  tr '}' '\n' <<< "$users" | grep -F "\"user\":\"$1\"" || true
}
