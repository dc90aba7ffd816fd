# shellcheck shell=bash
# To be sourced by the project's own scripts.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\n==> %s\n' "$*" >&2; }

# Packages as the lock file has them, when they are not there yet. With them comes the Node that Pulumi needs, and npm has
# put node_modules/.bin first on every script's PATH already; a script started by hand gets the same.
install_packages() {
  export PATH="$root/node_modules/.bin:$PATH"
  [ "$root/node_modules/.package-lock.json" -nt "$root/package-lock.json" ] && return
  say "Installing packages (about half a minute)"
  local output
  # Without npm's warnings: they are about the Node that runs npm, but everything else runs with the Node in the packages.
  output=$(cd "$root" && npm ci --loglevel=error --no-audit --no-fund 2>&1) || {
    printf '%s\n' "$output" >&2
    return 1
  }
  touch "$root/node_modules/.package-lock.json"
}
