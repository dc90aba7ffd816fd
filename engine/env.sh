# shellcheck shell=bash
# To be sourced: puts Warren's Pulumi engine first on PATH, and its plugins where it finds them.
# Says nothing about the backend or the passphrase: those are the caller's.
if ! __warren_engine=$(bash "$(dirname "${BASH_SOURCE[0]:-$0}")/ensure.sh" --env); then
  unset __warren_engine
  # shellcheck disable=SC2317 # `exit` is reached where this file is run instead of sourced
  return 1 2>/dev/null || exit 1
fi
eval "$__warren_engine"
unset __warren_engine
