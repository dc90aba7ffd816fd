# shellcheck shell=bash
# The end of an update: a client logs in through every way in, and every balancer uses every broker. What is not so after a while is
# named, with why.
#
# Data: doors (lines of `NAME ADDRESS PORT`, or with `tls` behind them), username, password, authority (PEM, optional), balancers (lines of
#       `NAME ADDRESS`), stats_port, configuration_path (at which each says that it runs by this configuration), statistics_login, brokers
#       (by name), wait_seconds (longest wait for a balancer to use a broker, in seconds)

create() {
  local door balancer name address port tls login_deadline=$((SECONDS + 30)) deadline=$((SECONDS + wait_seconds)) faults=() authority_file=
  if [ -n "${authority:-}" ]; then
    authority_file=$(mktemp)
    # shellcheck disable=SC2064 # the name as it is now
    trap "rm -f '$authority_file'" EXIT
    printf '%s\n' "$authority" > "$authority_file"
  fi
  for door in "${doors[@]}"; do
    read -r name address port tls <<< "$door"
    wait_until $((login_deadline - SECONDS)) 0.5 log_in ||
      faults+=("clients cannot log in by $name ($address:$port${tls:+, TLS}): $amqp_fault")
  done
  for balancer in "${balancers[@]}"; do
    read -r name address <<< "$balancer"
    wait_until $((deadline - SECONDS)) 0.5 sees_brokers "$address" "$stats_port" "$configuration_path" "$statistics_login" "${brokers[@]}" ||
      faults+=("the balancer on $name does not use every broker: $unseen")
  done
  [ ${#faults[@]} -gt 0 ] || return 0
  printf 'everything was deployed, and the service is not as it should be:\n' >&2
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
