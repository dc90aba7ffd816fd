# shellcheck shell=bash
# The administrator can log in with this password and has every right in the virtual host. The broker makes its first user on a blank database
# only; from then on a changed name, password or virtual host comes about here. The HTTP API says whether anything is to be done.
#
# Data: name container directory (of the node that is asked), username, password, path (of the API, for the user's permissions), definitions
# (JSON, with the password's hash), management_port

create() {
  answers_200 "$management_port" "$path" "$username:$password" || import_definitions "$username" "$definitions"
}

# Connections that the login still has are closed by the broker.
delete() {
  local found
  found=$(find_user "$username")
  [ -z "$found" ] || cli rabbitmqctl delete_user "$username"
}
