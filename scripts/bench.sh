#!/usr/bin/env bash
# npm run bench [-- ROUNDS [IMAGE]]: what Warren takes beside the same steps done by hand, side by side on the lab's hosts,
# which it resets. Standard output has the figures and nothing else.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$root"
export LAB=${LAB-} # the tests have labs of their own
install_packages
. scripts/env.sh
lab/lab up >&2
exec ts-node --transpile-only tests/bench/main.ts "$@"
