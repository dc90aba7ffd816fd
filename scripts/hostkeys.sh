#!/usr/bin/env bash
# npm run hostkeys -- ADDRESS...: prints what stands under `hostKey` for each host, and the fingerprint to compare it by.
set -euo pipefail
if [ $# = 0 ] || [ "$1" = --help ]; then
  cat <<'END'
npm run hostkeys -- ADDRESS...

Asks each host for its public SSH key and prints a `hostKey` line for the stack's config with the key's fingerprint. Whoever
answers at the address could have answered: compare the fingerprint with what the host itself says, on its console:
  ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub
END
  [ $# != 0 ] || exit 2
  exit 0
fi
status=0
for address; do
  key=
  for type in ed25519 ecdsa rsa; do
    key=$(ssh-keyscan -T 5 -t "$type" "$address" 2> /dev/null | cut -d ' ' -f 2-3 | head -n 1) || true
    [ -z "$key" ] || break
  done
  if [ -z "$key" ]; then
    echo "$address: no SSH server answered" >&2
    status=1
    continue
  fi
  echo "# $address $(ssh-keygen -lf - <<< "$key" | cut -d ' ' -f 2)"
  echo "hostKey: $key"
done
exit $status
