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

The tests on hosts use labs of their own, test1 and test2, and not the one of npm start. A lab that is not up is brought up,
and taken down at the end. LAB=NAME: all of them use that lab, which they reset.
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

# Scenarios run side by side, each in a lab of its own. Not in the full tier: some of its faults are measured in tenths of a second.
labs=(test1 test2)
[ $tier = daily ] || labs=(test1)
[ -z "${LAB+set}" ] || labs=("$LAB")

results=$(mktemp -d)
passed=0 failed=0 failures=() begun=() complete=

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
  for lab in "${begun[@]}"; do LAB=$lab lab/lab down; done
  [ ${#failures[@]} = 0 ] || printf 'failed: %s\n' "${failures[@]}" >&2
  printf '\n%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" = 0 ] || exit 1
}
trap finish EXIT

milliseconds() { date +%s%3N; }

# One check that counts as one test.
check() { # name command...
  local name=$1 start status=0
  shift
  say "$name"
  start=$(milliseconds)
  "$@" || status=$?
  ended "$name" $(($(milliseconds) - start)) $status
}
ended() { # name milliseconds status
  if [ "$3" = 0 ]; then passed=$((passed + 1)); else fail "$1"; fi
  printf '%d.%03d\t%s\n' $(($2 / 1000)) $(($2 % 1000)) "$1" >> "$results/times"
}

# Checks that run side by side, until `checked`, which prints what they said.
checks=()
check_beside() { # name command...
  local name=$1 output=$results/check${#checks[@]}
  shift
  say "$name"
  (
    start=$(milliseconds) status=0
    "$@" > "$output" 2>&1 || status=$?
    echo "$(($(milliseconds) - start)) $status" > "$output.end"
  ) &
  checks+=("$name")
}
checked() {
  local number took status
  wait
  for number in "${!checks[@]}"; do
    if [ -s "$results/check$number" ]; then say "${checks[number]}:" && cat "$results/check$number"; fi
    read -r took status < "$results/check$number.end"
    ended "${checks[number]}" "$took" "$status"
  done
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

# Brings a lab up, which is taken down at the end unless it was up before.
lab_up() { # LAB arguments of `lab up`
  local lab=$1
  shift
  [ -d "$(LAB=$lab lab/lab facts state)" ] || begun+=("$lab")
  check "lab${lab:+ $lab} comes up" env LAB="$lab" lab/lab up "$@"
}

# Brings up what scenarios need, once: the engine and the labs. Fails where that fails, so that no scenario is begun.
hosts=
hosts_up() {
  local before=$failed images=() lab
  [ -z "$hosts" ] || return 0
  [ $tier = daily ] || images=(--all)
  check "the engine is there" engine/ensure.sh > /dev/null
  for lab in "${labs[@]}"; do lab_up "$lab" "${images[@]}"; done
  [ "$failed" = "$before" ] || return 1
  # shellcheck source=scripts/env.sh
  LAB=${labs[0]} . scripts/env.sh || { fail "scripts/env.sh" && return 1; }
  export WARREN_LABS=${#labs[@]}
  hosts=up
}

# Scenarios: as many files at a time as there are labs. Jest's workers choose theirs by their number.
scenarios() { # name of the run, arguments of Jest
  if hosts_up; then jest_project "$@" --maxWorkers="${#labs[@]}" --verbose; else fail "$1: not begun"; fi
}

install_packages
for part in "${parts[@]}"; do
  case $part in
    static)
      check_beside types tsc --noEmit -p .
      check_beside "policy pack's types" tsc --noEmit -p policies
      check_beside shellcheck scripts/shellcheck.sh
      check_beside lint eslint .
      check_beside format prettier --check --log-level warn .
      checked
      ;;
    unit) jest_project unit --selectProjects unit --maxWorkers=100% ;;
    engine) suite engine engine/test.sh ;;
    lab)
      only=()
      [ $tier = full ] || only=(--testPathPatterns /tests/lab/daily/)
      scenarios lab --selectProjects lab "${only[@]}"
      ;;
    chaos) scenarios chaos --selectProjects chaos ;;
    selftest)
      lab_up "${labs[0]}"
      LAB=${labs[0]} suite selftest lab/test.sh --full
      ;;
  esac
done
complete=1
