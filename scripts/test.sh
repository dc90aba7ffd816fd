#!/usr/bin/env bash
# npm test: every test, or the named parts: npm test -- static unit engine lab chaos
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$root"

parts=(static unit engine lab chaos)
case ${1-} in --help | -h)
  cat <<END
npm test [-- PART...]    PART: ${parts[*]} (default: all)

static   types, lint, format, shell scripts
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
  jest --selectProjects "$1" --json --outputFile "$report" ${2-} || true
  if [ -s "$report" ]; then
    local counts
    counts=$(node -p 'const r = require(process.argv[1]); `${r.numPassedTests} ${r.numFailedTests + r.numRuntimeErrorTestSuites}`' "$report")
    passed=$((passed + ${counts% *})) failed=$((failed + ${counts#* }))
    [ "${counts#* }" = 0 ] || failures+=("jest: $1")
  else
    failed=$((failed + 1)) failures+=("jest: $1")
  fi
}

for part in "${parts[@]}"; do
  case $part in
    static)
      check types tsc --noEmit -p .
      check "policy pack's types" tsc --noEmit -p policies
      check lint eslint .
      check format prettier --check --log-level warn .
      ;;
    unit) jest_project unit ;;
    engine) check engine engine/test.sh ;;
    lab | chaos)
      . scripts/env.sh
      lab/lab up
      jest_project "$part" --runInBand
      ;;
    *) echo "no such part: $part (see npm test -- --help)" >&2; exit 2 ;;
  esac
done

[ ${#failures[@]} = 0 ] || printf '\nfailed: %s' "${failures[@]}" >&2
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
