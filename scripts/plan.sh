#!/usr/bin/env bash
# npm run plan [-- --stack STACK]: what `pulumi up` would do, as Markdown for a reviewer. See docs/review.md.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
install_packages
. "$root/scripts/env.sh"
use_dev_config "$@"
exec ts-node --transpile-only "$root/plan/main.ts" "$@"
