# shellcheck shell=bash
# What only `npm run check` looks at on a host, as members of a JSON object. It changes nothing; what cannot be told is null.
#
# Data: broker (true: one is to be here), stats_port and stats_login (`user:password`; absent: no balancer is to be here), keepalived (true: it is
# to be here), certificates (patterns of files)

seen_facts() {
  printf '"cluster":%s,"statistics":%s,"keepalived":%s,' "$(seen_cluster)" "$(seen_statistics)" "$(seen_keepalived)"
  printf '"certificates":{%s}' "$(seen_certificates)"
}

text_or_null() { # TEXT
  if [ -n "$1" ]; then quoted "$1"; else printf null; fi
}

# What the broker itself says of its cluster. Its CLI answers without a login, and while the management plugin is off.
seen_cluster() {
  local said=
  [ "$broker" = false ] || said=$(docker exec -u rabbitmq rabbitmq timeout 20 rabbitmqctl -q cluster_status --formatter json 2> /dev/null) || said=
  text_or_null "$said"
}

# The balancer's table of brokers, as CSV.
seen_statistics() {
  local said=
  [ -z "${stats_port:-}" ] || said=$(http_get "$stats_port" '/;csv' "$stats_login") || said=
  text_or_null "$said"
}

seen_keepalived() {
  local said=
  if [ "$keepalived" = true ]; then
    if runs keepalived; then said=active; else said=$(systemctl is-active keepalived 2> /dev/null) || true; fi
  fi
  text_or_null "$said"
}

# By file: the certificates in it, and no keys.
seen_certificates() {
  local file sep=
  # shellcheck disable=SC2068 # patterns
  for file in ${certificates[@]}; do
    [ -r "$file" ] || continue
    printf '%s%s:%s' "$sep" "$(quoted "$file")" "$(quoted "$(sed -n '/^-----BEGIN CERTIFICATE-/,/^-----END CERTIFICATE-/p' "$file")")"
    sep=,
  done
}
