#!/bin/bash
# Checks the lab's contract on the running lab (LAB=NAME: on that one), which it gives five hosts; --full also cuts it off, resets it and
# takes it down, so nobody else may use it meanwhile; --life does only that. --variants renews host2 and host3, in each way that there is.
# Prints `ok` or `FAIL` lines and closes with `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")" || exit 2
for part in common facts docker; do
  # shellcheck source=/dev/null
  . "lib/$part.sh"
done
PASSED=0 FAILED=0
CASE=''

ok() { PASSED=$((PASSED + 1)) && echo "ok    $1"; }
fail() { FAILED=$((FAILED + 1)) && printf 'FAIL  %s\n%s\n' "$1" "$(printf '%s' "${2:-}" | head -c 1500 | sed 's/^/      /')"; }
check() { # NAME COMMAND...: has to succeed
  local name=$1 out
  shift
  if out=$("$@" 2>&1); then ok "$name"; else fail "$name" "$* -> $out"; fi
}
equal() { # NAME WANTED GOT
  if [ "$2" = "$3" ]; then ok "$1"; else fail "$1" "wanted: $2
got:    $3"; fi
}
contains() { # NAME WANTED TEXT
  case $3 in *"$2"*) ok "$1" ;; *) fail "$1" "wanted in it: $2
got: $3" ;; esac
}
refused() { # NAME COMMAND...: has to fail
  local name=$1 out
  shift
  if out=$("$@" 2>&1); then fail "$name" "it worked: $* -> $out"; else ok "$name"; fi
}
on() { # [USER@]HOST COMMAND
  ./lab ssh "$@" </dev/null
}
until_true() { # SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.2; done
}

# shellcheck source=/dev/null
for part in test/*.sh; do . "$part"; done

./lab up --hosts 5 || exit 2
read_facts
case ${1:-} in
  '') test_cli; test_hosts; test_network; test_images; test_labs ;;
  --life) test_life ;;
  --variants) test_variants ;;
  --full) test_cli; test_hosts; test_network; test_images; test_labs; test_variants; test_life ;;
  *) echo "usage: lab/test.sh [--full | --life | --variants]" >&2 && exit 2 ;;
esac
echo "$PASSED passed, $FAILED failed"
[ $FAILED -eq 0 ]
