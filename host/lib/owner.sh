# shellcheck shell=bash
# One deployment owns a host. Its id stands in the first line of the owner file, its stack's name in the second.

owner_file() { echo "${WARREN_ROOT:-}/etc/warren/owner"; }

# Ends the step if the host belongs to another deployment, or to none.
require_owner() { # DEPLOYMENT
  local file id='' stack=''
  file=$(owner_file)
  if [ -e "$file" ]; then { read -r id && read -r stack; } < "$file" || true; fi
  [ -z "$id" ] || [ "$id" != "$1" ] || return 0
  if [ -n "$id" ]; then
    echo "this host belongs to the Warren stack $stack ($file). Choose another host, or destroy that stack. If that stack no longer exists, remove $file. Nothing was changed on this host" >&2
  else
    echo "this host has no $file, so it cannot be told whose it is. Run \`pulumi up\`, which prepares the host. Nothing was changed on this host" >&2
  fi
  exit 1
}
