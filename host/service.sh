# shellcheck shell=bash
# The end of an update: a client logs in through every way in. What cannot be logged into after a while is named, with why.
#
# Data: doors (lines of `NAME ADDRESS PORT`, or with `tls` behind them), username, password, authority (PEM, optional)

create() {
  local door name address port tls faults=() authority_file=
  if [ -n "${authority:-}" ]; then
    authority_file=$(mktemp)
    # shellcheck disable=SC2064 # the name as it is now
    trap "rm -f '$authority_file'" EXIT
    printf '%s\n' "$authority" > "$authority_file"
  fi
  for door in "${doors[@]}"; do
    read -r name address port tls <<< "$door"
    wait_until "${patience:-30}" 0.5 log_in || faults+=("$name ($address:$port${tls:+, TLS}): $amqp_fault")
  done
  [ ${#faults[@]} -gt 0 ] || return 0
  printf 'clients cannot log in. Everything was deployed, and these ways in are shut:\n' >&2
  printf '  %s\n' "${faults[@]}" >&2
  echo "Run \`npm run check\` to see which part is down, mend it, and run \`pulumi up\` again" >&2
  exit 1
}

log_in() {
  if [ -n "$tls" ]; then
    amqp_login_tls "$address" "$port" "$username" "$password" "$authority_file"
  else
    amqp_login "$address" "$port" "$username" "$password"
  fi
}
