# shellcheck shell=bash
# An application's user can log in with its password and has these permissions, and none in other virtual hosts. A user of that name that
# somebody else made is left alone.
#
# Data: name container directory (of the node that is asked), username, vhosts, definitions (JSON,
# with the password's hash), wanted (what the broker is to know of the user: lines as host/rabbitmq/user.erl prints them)

create() {
  local known vhost
  known=$(evaluate rabbitmq/user.erl "U = <<\"$username\">>,") || die "the broker does not say what it knows of the user $username. Run \`pulumi up\` again"
  if grep -q '^user ' <<< "$known" && ! grep -q "^user .* $user_mark\( \|$\)" <<< "$known"; then
    die "the broker has a user $username that Warren did not make: it was left alone. Give yours another name, or hand it over: rabbitmqctl set_user_tags $username $user_mark"
  fi
  for vhost in "${vhosts[@]}"; do
    grep -qx "vhost $(encoded "$vhost")" <<< "$known" || die "the broker has no virtual host $vhost for the user $username: make it first"
  done
  # Nothing is imported that the broker knows already.
  if grep -qvxF "$known" <<< "$(printf '%s\n' "${wanted[@]}")"; then import_definitions "$username" "$definitions"; fi
  clear_others
}

encoded() { printf %s "$1" | base64 -w0; } # TEXT

clear_others() {
  local kind vhost own
  own=" $(for vhost in "${vhosts[@]}"; do encoded "$vhost"; echo -n ' '; done)"
  while read -r kind vhost _; do
    if [ "$kind" = permission ] && ! is_among "$vhost" "$own"; then
      cli rabbitmqctl clear_permissions -p "$(base64 -d <<< "$vhost")" "$username"
    fi
  done <<< "$known"
}

# Its queues stay; connections that it still has are closed by the broker.
delete() {
  local found
  found=$(find_user "$username")
  ! grep -qF "\"$user_mark\"" <<< "$found" || cli rabbitmqctl delete_user "$username"
}
