#!/usr/bin/env bash
# Makes sure that Warren's Pulumi engine is there: the CLI, its Node language host and the five resource plugins.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: engine/ensure.sh [--print-bin | --env | --help]

Makes sure that the Pulumi CLI, its Node language host and the resource plugins of the versions in
engine/versions.sh are there. Each part comes from the first of these that has it:

  1. this machine, where the version matches exactly (pulumi on PATH, plugins in its home);
  2. the official release, downloaded;
  3. the Go modules in this folder, built with `go build` (needs Go; minutes, once).

  --print-bin   print the folder to put first on PATH (the default)
  --env         print the exports that a shell needs; engine/env.sh evaluates them

Environment:
  WARREN_ENGINE            auto (the default), or build: build everything, ask neither machine nor network
  WARREN_ENGINE_RELEASES   where official releases are downloaded from (https://get.pulumi.com/releases)
  WARREN_CACHE             where downloads and builds are kept (~/.cache/warren)
  PULUMI_HOME              the home that plugins are installed into

Only the answer goes to standard output; everything it has to say goes to standard error.
TEXT
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=engine/versions.sh
source "$here/versions.sh"
# shellcheck source=engine/lib/releases.sh
source "$here/lib/releases.sh"
# shellcheck source=engine/lib/build.sh
source "$here/lib/build.sh"
cache=${WARREN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/warren}/engine
releases=${WARREN_ENGINE_RELEASES:-https://get.pulumi.com/releases}
source_wanted=${WARREN_ENGINE:-auto}

say() { printf 'engine: %s\n' "$*" >&2; }
die() {
  printf 'engine: error: %s\n' "$1" >&2
  shift
  [[ $# -eq 0 ]] || printf '  %s\n' "$@" >&2
  exit 1
}

# --- what is asked for, as one short key -----------------------------------------------------------------------------

# Everything that decides a module's build: its sources, the pinned versions, and how it is built.
module_files() {
  (cd "$here" && find "$@" -type f \( -name '*.go' -o -name go.mod -o -name go.sum \) ! -name '*_test.go' -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum versions.sh lib/build.sh)
}
module_hash() { module_files "$1" | sha256sum | cut -c1-16; }

# A pulumi of the user's own. Our cache may already be on PATH (an npm script inside an npm script), which is not one.
own_pulumi() {
  [[ $source_wanted == auto ]] || return 0
  local found
  while read -r found; do
    [[ $found == "$cache"/* ]] || { printf '%s\n' "$found"; return; }
  done < <(type -aP pulumi)
}

# PULUMI_HOME as the user set it; the one that a surrounding run of this script exported is ours, not a wish.
wished_home=${PULUMI_HOME:-}
[[ $wished_home != "$cache/home" ]] || wished_home=

stamp_key() {
  local own
  own=$(own_pulumi)
  {
    printf '%s\n' "$cache" "$releases" "$source_wanted" "$wished_home" "$own"
    [[ -z $own ]] || stat -Lc '%s %Y' "$own"
    module_files cli language plugins command
  } | sha256sum | cut -c1-32
}

# --- the parts -------------------------------------------------------------------------------------------------------

# Puts a finished folder where it belongs, all at once, so that a run that was cut off leaves nothing half done.
place() { # FROM TO
  mkdir -p "$(dirname "$2")"
  rm -rf "$2"
  mv "$1" "$2"
}

mark="built-by-warren"
module_mark() { case $1 in command) module_hash command ;; *) module_hash plugins ;; esac; }
plugin_folder() { printf '%s/plugins/resource-%s-v%s' "$1" "$2" "$3"; }

# A plugin counts when its folder is whole, and when one that we built was built from today's sources.
has_plugin() { # HOME NAME VERSION
  local folder
  folder=$(plugin_folder "$1" "$2" "$3")
  [[ -x $folder/pulumi-resource-$2 && ! -e $folder.partial ]] || return 1
  if [[ -e $folder/$mark ]]; then [[ $(<"$folder/$mark") == "$(module_mark "$2")" ]]
  else [[ $source_wanted == auto ]]
  fi
}

has_all_plugins() { # HOME
  local plugin
  for plugin in "${plugin_versions[@]}"; do has_plugin "$1" "${plugin%=*}" "${plugin#*=}" || return 1; done
}

install_plugin() { # NAME VERSION FILE
  PULUMI_HOME=$home PULUMI_SKIP_UPDATE_CHECK=true "$bin/pulumi" plugin install resource "$1" "$2" \
    --file "$3" --reinstall --non-interactive >"$work/install.log" 2>&1 ||
    { cat "$work/install.log" >&2; die "the $1 plugin could not be installed into $home"; }
}

ensure_cli() { # sets bin
  local own version
  own=$(own_pulumi)
  if [[ -n $own ]]; then
    version=$("$own" version 2>/dev/null || true)
    if [[ $version == "v$cli_version" ]]; then
      bin=$(dirname "$own")
      say "using pulumi $version at $own"
      return
    fi
    say "$own is pulumi ${version:-of an unknown version}, Warren is tested with v$cli_version: it stays untouched and unused"
  fi
  bin=$cache/official/pulumi-$cli_version
  [[ $source_wanted == auto && -x $bin/pulumi ]] || download_cli "$bin" || {
    bin=$cache/built/bin-$(module_hash cli)-$(module_hash language)
    [[ -x $bin/pulumi ]] || build_cli "$bin"
    touch "$bin"
  }
}

ensure_plugins() { # sets home
  local plugin name version users=$HOME/.pulumi
  # A user's own home is used as it is, or not at all: nothing of ours is put into it, unless PULUMI_HOME asks for it.
  home=${wished_home:-$cache/home}
  if [[ -z $wished_home && $bin != "$cache"/* ]] && has_all_plugins "$users"; then
    home=$users
    return
  fi
  for plugin in "${plugin_versions[@]}"; do
    name=${plugin%=*} version=${plugin#*=}
    has_plugin "$home" "$name" "$version" || download_plugin "$name" "$version" || build_plugin "$name" "$version"
  done
}

# Sets marks to what the home's plugins were built from; fails where one is missing. Starts no process: it is on every
# command's way.
read_marks() {
  local plugin folder
  marks=
  for plugin in "${plugin_versions[@]}"; do
    folder=$home/plugins/resource-${plugin%=*}-v${plugin#*=}
    [[ -x $folder/pulumi-resource-${plugin%=*} ]] || return 1
    if [[ -r $folder/$mark ]]; then marks+=" $(<"$folder/$mark")"; else marks+=" official"; fi
  done
}

# Each change of a module leaves its old build behind: the newest three of each are kept.
prune() {
  local module old
  [[ -d $cache/built ]] || return 0
  for module in cli language command plugins bin; do
    find "$cache/built" -maxdepth 1 -name "$module-*" -printf '%T@ %p\n' | sort -rn | tail -n +4 |
      while read -r _ old; do rm -rf "$old"; done
  done
}

read_stamp() {
  local stamped
  [[ -r $stamp ]] && { read -r bin && read -r home && read -r stamped; } <"$stamp" || return 1
  [[ -x $bin/pulumi ]] && read_marks && [[ "$marks" == " $stamped" ]]
}

answer() {
  if [[ $want == bin ]]; then
    printf '%s\n' "$bin"
    return
  fi
  [[ $PATH == "$bin":* ]] || printf 'export PATH=%q:"%s"\n' "$bin" "\$PATH"
  printf 'export PULUMI_SKIP_UPDATE_CHECK=true\n'
  if [[ $home != "$HOME/.pulumi" ]]; then
    printf 'export PULUMI_HOME=%q\n' "$home"
    # A home of ours must not log the user out of a backend that `pulumi login` has set.
    if [[ $home == "$cache/home" && -z ${PULUMI_CREDENTIALS_PATH:-} && -e $HOME/.pulumi/credentials.json ]]; then
      printf 'export PULUMI_CREDENTIALS_PATH=%q\n' "$HOME/.pulumi"
    fi
  fi
}

# In a function, so that bash has read all of it: the file may change while a build runs.
main() {
  want="bin"
  case ${1:-} in
    '' | --print-bin) ;;
    --env) want="env" ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
  esac
  case $source_wanted in auto | build) ;; *) die "WARREN_ENGINE is \"$source_wanted\"; it can be auto or build" ;; esac

  stamp=$cache/stamps/$(stamp_key)
  if ! read_stamp; then
    mkdir -p "$cache/stamps"
    exec 9>"$cache/lock"
    flock -n 9 || { say "another run is preparing the engine; waiting for it" && flock 9; }
    if ! read_stamp; then
      # Held under the lock, so whatever is in it was left by a run that was cut off.
      work=$cache/work
      rm -rf "$work"
      mkdir "$work"
      builder=
      trap '[[ -z $builder ]] || kill "$builder" 2>/dev/null || true; rm -rf "$work"' EXIT
      trap 'exit 130' INT TERM HUP
      ensure_cli
      ensure_plugins
      read_marks
      printf '%s\n' "$bin" "$home" "${marks# }" >"$work/stamp"
      mv "$work/stamp" "$stamp"
      prune
      say "ready: $("$bin/pulumi" version) in $bin"
    fi
  fi
  answer
}

main "$@"
exit
