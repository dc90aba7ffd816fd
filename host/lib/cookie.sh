# shellcheck shell=bash
# A node's Erlang cookie. Erlang compares cookies only when two nodes connect, so a broker that runs can be given another one: it goes on,
# and so do its connections to the other nodes. From then on the CLI needs the new cookie, too; it reads the one in its home directory.

cookie_file() { echo "$directory/data/.erlang.cookie"; }

# Writes the cookie, after a running broker has taken it. Wherever an earlier run was cut off, this goes on: a cookie that was staged and
# that the broker knows already is the current one.
write_cookie() { # COOKIE
  local current home staged
  current=$(cookie_file)
  home=$directory/data/rotation
  staged=$home/.erlang.cookie
  if [ -e "$staged" ]; then
    if runs_on_own_data && knows_staged_cookie; then mv -f "$staged" "$current"; else rm -f "$staged"; fi
  fi
  mkdir -p "$home"
  chown "$container_owner" "$home"
  chmod 700 "$home"
  write_files "0400 container $staged $(printf %s "$1" | base64 -w0)"
  if runs_on_own_data && [ -e "$current" ] && [ "$(cat "$staged")" != "$(cat "$current")" ]; then
    # A broker that is just booting does not answer its CLI yet.
    wait_until 60 1 takes_staged_cookie ||
      die "$name runs, but its CLI can log in neither with the cookie in $current nor with the new one: the cookie was not changed. Stop its container, run pulumi up again, start the container"
  fi
  mv -f "$staged" "$current"
  rmdir "$home"
}

takes_staged_cookie() {
  evaluate_with_cookie_in "$data_mount" \
    "File = \"$data_mount/rotation/.erlang.cookie\", $(sed '/^ *%/d' "$library/rabbitmq/set-cookie.erl")" || knows_staged_cookie
}
knows_staged_cookie() { evaluate_with_cookie_in "$data_mount/rotation" 'ok.'; }

evaluate_with_cookie_in() { # HOME TERM
  docker exec -u rabbitmq -e HOME="$1" "$container" rabbitmqctl -q eval "$2" > /dev/null 2>&1
}
