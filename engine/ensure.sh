#!/usr/bin/env bash
# Makes sure that Warren's Pulumi engine is there: the CLI, its Node language host and the four resource plugins.
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

# Everything that decides a module's build: its sources, and this folder's versions.
module_files() {
  (cd "$here" && find "$@" -type f \( -name '*.go' -o -name go.mod -o -name go.sum \) ! -name '*_test.go' -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum versions.sh)
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

# --- the official releases -------------------------------------------------------------------------------------------

arch() { case $(uname -m) in x86_64 | amd64) echo "$1" ;; aarch64 | arm64) echo arm64 ;; *) uname -m ;; esac; }
system() { uname -s | tr '[:upper:]' '[:lower:]'; }

# The connect limit is short: a machine without this network must fall through to the build in seconds.
fetch() { # URL FILE
  curl -fsSL --connect-timeout 3 --speed-limit 1024 --speed-time 20 --max-time 900 -o "$2" "$1"
}

releases_reachable() {
  if [[ -z ${reachable:-} ]]; then
    reachable=no
    if [[ $source_wanted != auto ]]; then :
    elif ! command -v curl >/dev/null; then say "curl is not installed: the official releases are not tried"
    elif fetch "$releases/sdk/pulumi-$cli_version-checksums.txt" "$work/checksums.txt" 2>/dev/null; then reachable=yes
    else say "the official releases cannot be reached from here ($releases)"
    fi
  fi
  [[ $reachable == yes ]]
}

download_cli() { # into the bin folder $1
  releases_reachable || return 1
  local file
  file=pulumi-v$cli_version-$(system)-$(arch x64).tar.gz
  say "downloading the official Pulumi CLI $cli_version (about 150 MB)"
  fetch "$releases/sdk/$file" "$work/$file" || return 1
  (cd "$work" && grep -E "  \*?$file\$" checksums.txt | sha256sum -c --status -) ||
    die "the downloaded $file does not have its published checksum" "Try again; if it stays so, do not trust this network."
  mkdir -p "$work/official"
  tar -xzf "$work/$file" -C "$work/official"
  place "$work/official/pulumi" "$1"
}

# Plugins' releases publish no checksums beside the archive: HTTPS has to do.
download_plugin() { # NAME VERSION
  releases_reachable || return 1
  local file
  file=pulumi-resource-$1-v$2-$(system)-$(arch amd64).tar.gz
  say "downloading the official $1 plugin $2"
  fetch "$releases/plugins/$file" "$work/$file" && install_plugin "$1" "$2" "$work/$file"
}

# --- the build -------------------------------------------------------------------------------------------------------

# Puts a finished folder where it belongs, all at once, so that a run that was cut off leaves nothing half done.
place() { # FROM TO
  mkdir -p "$(dirname "$2")"
  rm -rf "$2"
  mv "$1" "$2"
}

need_go() {
  [[ -z ${go_checked:-} ]] || return 0
  local need have
  need=$(awk '$1 == "go" { print $2 }' "$here/cli/go.mod")
  command -v go >/dev/null ||
    die "neither a Pulumi engine nor the official releases are to be had here, and Go is not installed to build one" \
      "Either install Pulumi $cli_version (https://www.pulumi.com/docs/install/)," \
      "or install Go $need or later (https://go.dev/doc/install) and run this again."
  # Inside the module, a newer go that may fetch toolchains answers with the one it will use.
  have=$(cd "$here/cli" && GOWORK=off go env GOVERSION 2>/dev/null) || have=$(go env GOVERSION)
  have=${have#go}
  [[ $(printf '%s\n' "$need" "${have%%[- ]*}" | sort -V | head -1) == "$need" ]] ||
    die "Go $have is too old to build the engine: it needs $need or later" "See https://go.dev/doc/install."
  go_checked=yes
}

# Runs a go command in a module of ours, apart from the user's own workspace and flags.
in_module() { # MODULE COMMAND...
  local module=$1
  shift
  (cd "$here/$module" && GOWORK=off GOFLAGS=-buildvcs=false exec "$@")
}

# go build -v names a package on a line of its own as it starts on it; that is the only progress it tells.
watch_build() { # PID LOG TITLE TOTAL START
  local line done_ last=0 seconds
  while kill -0 "$1" 2>/dev/null; do
    sleep 1
    done_=$(grep -vc '^go: ' "$2" || true)
    seconds=$((SECONDS - $5))
    line=$(printf '%s: %d:%02d, %d of at most %d packages' "$3" $((seconds / 60)) $((seconds % 60)) "$done_" "$4")
    if [[ -t 2 ]]; then printf '\rengine: %s ' "$line" >&2
    elif ((seconds - last >= 15)); then say "$line" && last=$seconds
    fi
  done
  [[ ! -t 2 ]] || printf '\r\033[K' >&2
}

# Builds a module's programs into its own folder in the cache, and prints that folder.
build() { # MODULE TITLE CORE-SECONDS GO-BUILD-ARGUMENTS...
  local module=$1 title=$2 effort=$3 out log total started cores minutes
  shift 3
  out=$cache/built/$module-$(module_hash "$module")
  if [[ ! -d $out ]]; then
    need_go
    log=$cache/$module.log
    cores=$(getconf _NPROCESSORS_ONLN)
    minutes=$(((effort / cores + 59) / 60))
    say "building $title from Go modules: about $minutes minute$([[ $minutes == 1 ]] || echo s) on $cores cores, once" \
      "(log: $log)"
    started=$SECONDS
    # -deps also downloads the modules that are missing.
    total=$(in_module "$module" go list -deps "$@" 2>"$log" | wc -l) || build_failed "$title" "$log"
    mkdir "$work/$module"
    in_module "$module" go build -v -o "$work/$module/" -ldflags "$ldflags" "$@" >"$log" 2>&1 &
    builder=$!
    watch_build "$builder" "$log" "$title" "$total" "$started"
    wait "$builder" || build_failed "$title" "$log"
    builder=
    place "$work/$module" "$out"
    say "built $title in $((SECONDS - started)) s"
  fi
  built=$out
}

build_failed() { # TITLE LOG
  tail -n 20 "$2" >&2
  die "building $1 failed; the whole log is $2"
}

build_cli() { # into the bin folder $1
  local cli
  ldflags="-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$cli_version"
  build cli "the Pulumi CLI $cli_version" 420 github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
  cli=$built
  ldflags="-s -w -X main.version=$cli_version"
  build language "its Node language host" 30 .
  # The CLI looks for its language host beside itself.
  mkdir "$work/bin"
  ln "$cli/pulumi" "$work/bin/pulumi"
  ln "$built/language" "$work/bin/pulumi-language-nodejs"
  place "$work/bin" "$1"
}

build_plugin() { # NAME VERSION
  local name=$1
  if [[ $name == command ]]; then
    ldflags="-s -w -X main.version=$2"
    build command "the command plugin" 60 .
  else
    # One module makes all three, the first time one of them is asked for.
    ldflags="-s -w -X 'plugins/bridge.versions=${plugin_versions[*]}'"
    build plugins "the docker, random and rabbitmq plugins" 600 -tags no_compose ./docker ./random ./rabbitmq
  fi
  # The plugin's folder carries what it was built from, so that a changed source replaces it.
  mkdir "$work/plugin-$name"
  ln "$built/$name" "$work/plugin-$name/pulumi-resource-$name"
  module_mark "$name" >"$work/plugin-$name/$mark"
  install_plugin "$name" "$2" "$work/plugin-$name"
}

# --- the parts -------------------------------------------------------------------------------------------------------

mark=built-by-warren
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
  [[ $PATH == "$bin":* ]] || printf 'export PATH=%q:"$PATH"\n' "$bin"
  printf 'export PULUMI_SKIP_UPDATE_CHECK=true\n'
  if [[ $home != "$HOME/.pulumi" ]]; then
    printf 'export PULUMI_HOME=%q\n' "$home"
    # A home of ours must not log the user out of a backend that `pulumi login` has set.
    if [[ $home == "$cache/home" && -z ${PULUMI_CREDENTIALS_PATH:-} && -e $HOME/.pulumi/credentials.json ]]; then
      printf 'export PULUMI_CREDENTIALS_PATH=%q\n' "$HOME/.pulumi"
    fi
  fi
}

want=bin
case ${1:-} in
  '' | --print-bin) ;;
  --env) want=env ;;
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
    say "ready: $("$bin/pulumi" version) in $bin"
  fi
fi
answer
