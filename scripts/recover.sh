#!/usr/bin/env bash
# npm run recover: finishes a run that was killed. See --help.
set -euo pipefail
pulumi=${WARREN_PULUMI-$(dirname "${BASH_SOURCE[0]}")/pulumi.sh}

usage() {
  cat <<'END'
npm run recover [-- --stack STACK]

After a `pulumi up` that was killed: takes its lock away if its owner is gone, runs `pulumi up` to the end, and clears what
the killed run left as pending in the state. It can be run again at any time, also when nothing was wrong.

  --stack STACK      the stack (default: the selected one)
  --cwd DIR          the Pulumi project's folder (default: this checkout)
  --owner-is-gone    take the lock away although its owner cannot be looked at from here: it ran on another machine, or the
                     backend does not say who it is. Make sure first that it is gone.

It asks nothing: what it does is what the config says now. To look first: pulumi preview.
END
}

project=() where=() gone=
while [ $# -gt 0 ]; do
  case $1 in
    --stack | --cwd)
      [ $# -gt 1 ] || { usage >&2; exit 2; }
      where+=("$1" "$2")
      [ "$1" = --stack ] || project=("$1" "$2")
      shift
      ;;
    --owner-is-gone) gone=yes ;;
    --help) usage; exit 0 ;;
    *) echo "recover: what is '$1'?" >&2; usage >&2; exit 2 ;;
  esac
  shift
done

say() { printf '\n==> %s\n' "$*" >&2; }
refuse() {
  printf '\n%s Nothing was changed.\n' "$1" >&2
  exit 1
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT

up() {
  "$pulumi" up "${where[@]}" --yes --skip-preview --parallel 32 2>&1 | tee "$log"
}

# A process that ended, but was not yet waited for, is gone as well; a number may belong to another program by now.
runs() { # PID
  case $(ps -o stat=,comm= -p "$1" 2> /dev/null) in
    Z* | '') return 1 ;;
    *pulumi*) return 0 ;;
    *) return 1 ;;
  esac
}

# The backends of Pulumi's own making (file, S3 and their like) say who holds a lock: created by USER@HOST (pid N) at TIME.
look_at_owners() {
  local user host pid owners
  owners=$(sed -nE 's/.*created by ([^@]*)@(.*) \(pid ([0-9]+)\) at .*/\1 \2 \3/p' "$log")
  if [ -z "$owners" ]; then
    [ -n "$gone" ] || refuse "Another run holds the stack, says the backend, and not whose it is. If it is gone: npm run recover -- ${where[*]} --owner-is-gone."
    return 0
  fi
  while read -r user host pid; do
    if [ "$host" = "$(hostname)" ]; then
      ! runs "$pid" || refuse "The run of $user, process $pid on this machine, goes on: wait for it, or end it with Ctrl-C where it runs."
    elif [ -z "$gone" ]; then
      refuse "The lock is of $user's run on $host, process $pid: look there whether it goes on. If it is gone: npm run recover -- ${where[*]} --owner-is-gone."
    fi
  done <<< "$owners"
}

# Beside each of its files a file backend keeps another one with attributes. A run that is killed while it writes that one
# leaves it empty, and nobody can read the state, which is whole. Without attributes it can be read.
mend_attributes() {
  local folder
  folder=$("$pulumi" whoami "${project[@]}" --verbose --json | sed -n 's|.*"url": "file://\([^"?]*\).*|\1|p')
  [ -n "$folder" ] || return 1
  [ -n "$(find "${folder/#\~/$HOME}/.pulumi" -name '*.attrs' -empty -print -delete)" ]
}

say "pulumi up"
until up; do
  if grep -q 'error: .*EOF$' "$log" && mend_attributes; then
    say "The killed run had left an empty file beside the state, which is removed: pulumi up"
  elif grep -qE 'currently locked by|Another update is currently in progress' "$log"; then
    look_at_owners
    say "Its owner is gone: pulumi cancel"
    "$pulumi" cancel "${where[@]}" --yes
    say "pulumi up"
  else
    exit 1
  fi
done
# An update leaves them where they are, although it has made anew what they stand for.
# `grep -q` would not read to the end, and what is cut off while it prints fails.
if "$pulumi" stack export "${where[@]}" | grep '"pending_operations": \[' > /dev/null; then
  say "Clearing what the killed run left as pending"
  "$pulumi" refresh "${where[@]}" --yes --skip-preview --clear-pending-creates
fi
say "Recovered"
