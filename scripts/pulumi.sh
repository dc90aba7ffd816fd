#!/usr/bin/env bash
# Any Pulumi command with the project's engine: npm run pulumi -- ARGS
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root"
use_dev_config "$@"
exec pulumi "$@"
