#!/usr/bin/env bash
# npm test: every test, or the named parts: npm test -- static unit engine lab chaos
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$root"

parts=(static unit engine lab chaos)
case ${1-} in --help | -h)
  cat <<END
npm test [-- PART...]    PART: ${parts[*]} (default: all)

static   types, lint, format, ShellCheck
unit     Jest with Pulumi's mocks; needs nothing but Node
engine   the engine's own tests (Go)
lab      the real engine on the lab's hosts, which it resets: a dev stack that runs there is gone afterwards
chaos    the same, with runs that are killed half-way
END
  exit 0 ;;
esac
[ $# = 0 ] || parts=("$@")

install_packages
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
passed=0 failed=0 failures=()

# One check that counts as one test.
check() { # name command...
  local name=$1
  shift
  say "$name"
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)) failures+=("$name"); fi
}

# A run of Jest, counted by its own report.
jest_project() {
  say "jest: $1"
  local report=$results/$1.json
  jest --selectProjects "$@" --json --outputFile "$report" || true
  if [ -s "$report" ]; then
    local counts
    # shellcheck disable=SC2016 # JavaScript expands these
    counts=$(node -p 'const r = require(process.argv[1]); `${r.numPassedTests} ${r.numFailedTests + r.numRuntimeErrorTestSuites}`' "$report")
    passed=$((passed + ${counts% *})) failed=$((failed + ${counts#* }))
    [ "${counts#* }" = 0 ] || failures+=("jest: $1")
  else
    failed=$((failed + 1)) failures+=("jest: $1")
  fi
}

# A suite that closes on `N passed, N failed` itself; that line is read and not shown, since there is to be one of it.
suite() { # name command...
  say "$1"
  local output=$results/suite counts
  "${@:2}" 2>&1 | tee "$output" | grep -vE '^[0-9]+ passed, [0-9]+ failed' || true
  if counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$output" | tail -n 1); then
    read -r ok _ bad _ <<< "$counts"
    passed=$((passed + ok)) failed=$((failed + bad))
    [ "$bad" = 0 ] || failures+=("$1")
  else
    failed=$((failed + 1)) failures+=("$1")
  fi
}

for part in "${parts[@]}"; do
  case $part in
    static)
      check types tsc --noEmit -p .
      check "policy pack's types" tsc --noEmit -p policies
      check shellcheck scripts/shellcheck.sh
      check lint eslint .
      check format prettier --check --log-level warn .
      ;;
    unit) jest_project unit ;;
    engine) suite engine engine/test.sh ;;
    lab | chaos)
      . scripts/env.sh
      lab/lab up --all
      jest_project "$part" --runInBand --verbose
      ;;
    *) echo "no such part: $part (see npm test -- --help)" >&2; exit 2 ;;
  esac
done

[ ${#failures[@]} = 0 ] || printf '\nfailed: %s' "${failures[@]}" >&2
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
