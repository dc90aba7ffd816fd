#!/usr/bin/env bash
# npm test and npm run test:full: all parts of a tier, or the named ones. Their last line is `N passed, N failed`.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$root"

daily_parts=(static unit engine lab)
full_parts=(static unit engine lab chaos selftest)
command="npm test" tier=daily parts=("${daily_parts[@]}")
if [ "${1-}" = --full ]; then
  shift
  command="npm run test:full" tier=full parts=("${full_parts[@]}")
fi

case ${1-} in
  --help | -h)
    cat <<END
$command [-- PART...]    PART: ${parts[*]} (default: all)

                 npm test                          npm run test:full
static           types, lint, format, shell files  the same
unit             Jest with Pulumi's mocks          the same
engine           the engine's own tests (Go)       the same
lab              what users do each day, on the    every scenario on the lab's hosts
                 lab's hosts (tests/lab/daily/)    (tests/lab/daily/ and tests/lab/full/)
chaos            -                                 runs that are killed at many steps (tests/chaos/)
selftest         -                                 the lab's own tests (lab/test.sh --full)

$command -- --list    every scenario on hosts, with its tier

The tests on hosts reset the lab: a dev stack that runs there is gone afterwards.
END
    exit ;;
  --list)
    install_packages
    exec node scripts/scenarios.mjs ;;
esac
if [ $# -gt 0 ]; then
  for part in "$@"; do
    case " ${parts[*]} " in *" $part "*) continue ;; esac
    case " ${full_parts[*]} " in *" $part "*) echo "$part is only in the full tier: npm run test:full -- $part" >&2 && exit 2 ;; esac
    echo "no such part: $part (see $command -- --help)" >&2
    exit 2
  done
  parts=("$@")
fi

results=$(mktemp -d)
passed=0 failed=0 failures=() complete=

fail() { failed=$((failed + 1)) failures+=("$1"); }

# The end of every run, of one that ends early as well: what failed, what took longest, and the count as the last line.
finish() {
  [ "$complete" ] || fail "$command ended before its last test"
  if [ -s "$results/times" ]; then
    printf '\nThe slowest tests:\n'
    sort -t $'\t' -k 1,1nr "$results/times" | sed -n '1,20p' | while IFS=$'\t' read -r seconds name; do
      printf '%8.1f s  %s\n' "$seconds" "$name"
    done
  fi
  rm -rf "$results"
  [ ${#failures[@]} = 0 ] || printf 'failed: %s\n' "${failures[@]}" >&2
  printf '\n%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" = 0 ] || exit 1
}
trap finish EXIT

milliseconds() { date +%s%3N; }

# One check that counts as one test.
check() { # name command...
  local name=$1 start took
  shift
  say "$name"
  start=$(milliseconds)
  if "$@"; then passed=$((passed + 1)); else fail "$name"; fi
  took=$(($(milliseconds) - start))
  printf '%d.%03d\t%s\n' $((took / 1000)) $((took % 1000)) "$name" >> "$results/times"
}

# A run of Jest, counted by its own report. One that ends badly has failed, whatever its report says.
jest_project() { # name of the run, arguments of Jest
  local name="jest: $1" report=$results/report status=0 counts
  shift
  say "$name"
  rm -f "$report"
  jest "$@" --json --outputFile "$report" || status=$?
  if counts=$(node scripts/testReport.mjs "$report" "$results/times"); then
    passed=$((passed + ${counts% *})) failed=$((failed + ${counts#* }))
    if [ "${counts#* }" != 0 ]; then failures+=("$name"); elif [ $status != 0 ]; then fail "$name: Jest ended with $status"; fi
  else
    fail "$name"
  fi
}

# A suite that closes on `N passed, N failed` itself; that line is read and not shown, since there is to be one of it.
suite() { # name command...
  local output=$results/suite counts status=0 ok bad _
  say "$1"
  "${@:2}" 2>&1 | tee "$output" | sed -uE '/^[0-9]+ passed, [0-9]+ failed/d' || status=$?
  sed -nE "s/^ *ok +(.*) \(([0-9.]+)s\)\$/\2\t$1: \1/p" "$output" >> "$results/times"
  if counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$output" | tail -n 1) && [ -n "$counts" ]; then
    read -r ok _ bad _ <<< "$counts"
    passed=$((passed + ok)) failed=$((failed + bad))
    if [ "$bad" != 0 ]; then failures+=("$1"); elif [ $status != 0 ] || [ "$ok" = 0 ]; then fail "$1"; fi
  else
    fail "$1"
  fi
}

# Brings up what tests on hosts need, once: the engine and the lab. Fails where that fails, so that those tests are not begun.
hosts=
hosts_up() {
  local before=$failed
  [ -z "$hosts" ] || return 0
  check "the engine is there" engine/ensure.sh > /dev/null
  check "the lab comes up" lab/lab up --all
  [ "$failed" = "$before" ] || return 1
  # shellcheck source=scripts/env.sh
  . scripts/env.sh || { fail "scripts/env.sh" && return 1; }
  hosts=up
}

install_packages
for part in "${parts[@]}"; do
  case $part in
    static)
      check types tsc --noEmit -p .
      check "policy pack's types" tsc --noEmit -p policies
      check "shell scripts' syntax" bash -c 'for file in .ci/run scripts/*.sh engine/*.sh lab/lab lab/lib/*.sh tests/bench/*.sh; do bash -n "$file" || exit 1; done'
      check lint eslint .
      check format prettier --check --log-level warn .
      ;;
    unit) jest_project unit --selectProjects unit --maxWorkers=100% ;;
    engine) suite engine engine/test.sh ;;
    lab)
      only=()
      [ $tier = full ] || only=(--testPathPatterns /tests/lab/daily/)
      if hosts_up; then jest_project lab --selectProjects lab "${only[@]}" --runInBand --verbose; else fail "lab: not begun"; fi
      ;;
    chaos) if hosts_up; then jest_project chaos --selectProjects chaos --runInBand --verbose; else fail "chaos: not begun"; fi ;;
    selftest) suite selftest lab/test.sh --full ;;
  esac
done
complete=1
