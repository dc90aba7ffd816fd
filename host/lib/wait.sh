# shellcheck shell=bash

# Waits until a command succeeds; fails when the seconds are over. Use: wait_until 60 1 COMMAND || die "what is wrong"
wait_until() { # SECONDS EVERY COMMAND...
  local deadline=$((SECONDS + $1)) every=$2
  shift 2
  until "$@"; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep "$every"
  done
}
