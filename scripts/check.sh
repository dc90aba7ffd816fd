#!/usr/bin/env bash
# npm run check: who is where, and whether all is well. See --help.
set -euo pipefail

usage() {
  cat <<'END'
npm run check [-- --stack STACK] [--json]

Asks every host of a stack over SSH, with the host keys that its config has: which host holds each virtual IP, what each balancer
thinks of each broker, what each broker says of the cluster (members, alarms, partitions), which certificates end soon, and what is
no longer as the last `pulumi up` left it. Hosts that the config calls lost are not asked. It changes nothing.

  --stack STACK   the stack (default: the selected one)
  --cwd DIR       the Pulumi project's folder (default: this checkout)
  --json          the same for programs

Exit status: 0 all is well, 1 there is a fault, 2 the stack cannot be read.
END
}

args=()
while [ $# -gt 0 ]; do
  case $1 in
    --stack | --cwd)
      [ $# -gt 1 ] || { usage >&2; exit 2; }
      args+=("$1" "$2")
      shift
      ;;
    --json) args+=("$1") ;;
    --help) usage; exit 0 ;;
    *) echo "check: what is '$1'?" >&2; usage >&2; exit 2 ;;
  esac
  shift
done

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
install_packages
cd "$root"
exec ts-node --transpile-only check/main.ts "${args[@]}"
