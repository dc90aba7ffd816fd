#!/usr/bin/env bash
# The engine's own tests: ensure.sh against a stand-in for the official releases, then the Go modules, and with them the
# whole engine against a host on the loopback. Prints one line for each test, and "N passed, N failed" at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

case ${1:-} in
  '') ;;
  -h | --help) echo "Usage: engine/test.sh    (needs Go; the end-to-end tests also need the npm packages)" && exit ;;
  *) echo "engine/test.sh takes no arguments" >&2 && exit 2 ;;
esac

passed=0 failed=0 skipped=0
count() { # go test's -v output, made into one line for each test
  local line
  while IFS= read -r line; do
    case $line in
      "--- PASS: "*) passed=$((passed + 1)) && printf '  ok    %s\n' "${line#--- PASS: }" ;;
      "--- SKIP: "*) skipped=$((skipped + 1)) && printf '  skip  %s\n' "${line#--- SKIP: }" ;;
      "--- FAIL: "*) failed=$((failed + 1)) && printf '  FAIL  %s\n' "${line#--- FAIL: }" ;;
      "=== "* | PASS | ok* | "?"* | "FAIL"*) ;;
      *) printf '        %s\n' "$line" ;;
    esac
  done
}

echo "==> ensure.sh"
count < <(bash tests/ensure_test.sh 2>&1 || true)

if command -v go >/dev/null; then
  # The end-to-end tests start from an engine that is there, so that its first build is not one of their seconds.
  ./ensure.sh >/dev/null
  for module in plugins language command; do
    echo "==> go test: engine/$module"
    tests=$(cd "$module" && GOWORK=off go test -v -count=1 -tags no_compose ./... 2>&1) || {
      # A package that does not compile fails without a test that does.
      grep -q '^--- FAIL: ' <<<"$tests" || tests+=$'\n--- FAIL: '"engine/$module"
    }
    count <<<"$tests"
  done
else
  echo "Go is not installed: the Go modules are not tested"
fi

printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[[ $failed == 0 ]]
