#!/usr/bin/env bash
# Tests of ensure.sh, in homes and caches of their own. The official releases are stood in for by a folder; nothing is
# built. Prints like `go test -v`.
set -uo pipefail
engine=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=engine/versions.sh
source "$engine/versions.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# A pulumi that knows the two commands that ensure.sh uses.
stand_in() { # FOLDER VERSION
  mkdir -p "$1"
  cat >"$1/pulumi" <<END
#!/usr/bin/env bash
case \$1 in
  version) echo "v$2" ;;
  plugin)
    folder=\$PULUMI_HOME/plugins/resource-\$4-v\$5
    echo "\$4" >>"\$PULUMI_HOME/installed"
    mkdir -p "\$folder" && tar -xzf "\$7" -C "\$folder" ;;
esac
END
  chmod +x "$1/pulumi"
}

plugin_file() { printf '#!/bin/sh\n' >"$1" && chmod +x "$1"; }

machine() { case $(uname -m) in x86_64) echo "$1" ;; aarch64) echo arm64 ;; *) uname -m ;; esac; }
system=$(uname -s | tr '[:upper:]' '[:lower:]')

# The stand-in for the official releases.
releases=$scratch/releases
mkdir -p "$releases/sdk" "$releases/plugins"
stand_in "$scratch/pack/pulumi" "$cli_version"
archive=pulumi-v$cli_version-$system-$(machine x64).tar.gz
tar -czf "$releases/sdk/$archive" -C "$scratch/pack" pulumi
checksums=$releases/sdk/pulumi-$cli_version-checksums.txt
(cd "$releases/sdk" && sha256sum "$archive" >"$checksums")
for plugin in "${plugin_versions[@]}"; do
  name=${plugin%=*}
  plugin_file "$scratch/pulumi-resource-$name"
  tar -czf "$releases/plugins/pulumi-resource-$name-v${plugin#*=}-$system-$(machine amd64).tar.gz" \
    -C "$scratch" "pulumi-resource-$name"
done

# PATH without any Go or Pulumi of this machine.
bare_path=
while read -r -d : folder; do
  [[ -x $folder/go || -x $folder/pulumi ]] || bare_path+=$folder:
done <<<"$PATH:"

# Runs ensure.sh on a machine that is new in each test; OUT and ERR are what it printed.
ensure() {
  env -u PULUMI_HOME -u WARREN_ENGINE -u XDG_CACHE_HOME HOME="$home" PATH="$path" WARREN_CACHE="$home/cache" \
    WARREN_ENGINE_RELEASES="${from-file://$releases}" "$engine/ensure.sh" "$@" >"$home/out" 2>"$home/err"
  local code=$?
  OUT=$(<"$home/out") ERR=$(<"$home/err")
  return $code
}

problems=
want() { # DESCRIPTION CONDITION...
  local what=$1
  shift
  "$@" || problems+="    $what (out: ${OUT:-}; err: ${ERR:-})"$'\n'
}
has() { [[ $1 == *"$2"* ]]; }
not() { ! "$@"; }

run() {
  home=$scratch/$1 path=$bare_path problems=
  mkdir -p "$home"
  "$1"
  if [[ -z $problems ]]; then echo "--- PASS: $1"; else printf '%s--- FAIL: %s\n' "$problems" "$1"; fi
}

help_and_wrong_arguments() {
  want "--help succeeds" ensure --help
  want "--help shows the usage" has "$OUT" "Usage: engine/ensure.sh"
  want "an unknown option fails" not ensure --nonsense
}

the_official_release_is_downloaded_once() {
  want "it succeeds" ensure
  want "it says what it does" has "$ERR" "downloading the official Pulumi CLI $cli_version"
  want "it prints the folder" test -x "$OUT/pulumi"
  local plugin
  for plugin in "${plugin_versions[@]}"; do
    want "the ${plugin%=*} plugin is there" \
      test -x "$home/cache/engine/home/plugins/resource-${plugin%=*}-v${plugin#*=}/pulumi-resource-${plugin%=*}"
  done
  want "again it succeeds" ensure --print-bin
  want "and says nothing" test -z "$ERR"
  want "--env succeeds" ensure --env
  want "--env names the home" has "$OUT" "export PULUMI_HOME=$home/cache/engine/home"
  rm "$home"/cache/engine/home/plugins/resource-random-*/pulumi-resource-random
  want "a lost plugin is brought again" ensure
  want "and it alone" test "$(sort "$home/cache/engine/home/installed" | uniq -d)" = random
}

when_all_is_there_it_takes_no_time() {
  ensure
  local started=${EPOCHREALTIME/./}
  for _ in 1 2 3 4 5; do ensure; done
  local each=$(((${EPOCHREALTIME/./} - started) / 5000))
  want "it took $each ms" test "$each" -lt 100
}

a_wrong_checksum_is_refused() {
  local right
  right=$(<"$checksums")
  printf '%064d  %s\n' 0 "$archive" >"$checksums"
  want "it fails" not ensure
  want "it says why" has "$ERR" "does not have its published checksum"
  want "nothing is kept" test ! -e "$home/cache/engine/official"
  printf '%s\n' "$right" >"$checksums"
  want "afterwards it succeeds" ensure
}

a_pulumi_of_the_right_version_is_used() {
  stand_in "$home/bin" "$cli_version"
  path=$home/bin:$bare_path
  local plugin folder
  for plugin in "${plugin_versions[@]}"; do
    folder=$home/.pulumi/plugins/resource-${plugin%=*}-v${plugin#*=}
    mkdir -p "$folder" && plugin_file "$folder/pulumi-resource-${plugin%=*}"
  done
  from=file:///nowhere want "it succeeds" ensure
  want "it is the user's" test "$OUT" = "$home/bin"
  ensure --env
  want "the user's home stays" not has "$OUT" PULUMI_HOME=
}

missing_plugins_do_not_go_into_the_users_home() {
  stand_in "$home/bin" "$cli_version"
  path=$home/bin:$bare_path
  mkdir -p "$home/.pulumi" && echo '{}' >"$home/.pulumi/credentials.json"
  want "it succeeds" ensure --env
  want "the CLI is the user's" has "$ERR" "using pulumi v$cli_version at $home/bin/pulumi"
  want "the home is ours" has "$OUT" "PULUMI_HOME=$home/cache/engine/home"
  want "the user stays logged in" has "$OUT" "PULUMI_CREDENTIALS_PATH=$home/.pulumi"
  want "the user's home is untouched" test "$(ls "$home/.pulumi")" = credentials.json
}

a_pulumi_of_another_version_is_left_alone() {
  stand_in "$home/bin" 3.1.0
  path=$home/bin:$bare_path
  want "it succeeds" ensure
  want "it says so" has "$ERR" "is pulumi v3.1.0"
  want "the official release is used" has "$OUT" "$home/cache/engine/official"
}

without_network_and_go_it_says_what_to_install() {
  from=file:///nowhere want "it fails" not ensure
  want "it says that it cannot download" has "$ERR" "the official releases cannot be reached"
  want "it says what to install" has "$ERR" "install Go"
  want "it names the version" has "$ERR" "install Pulumi $cli_version"
}

a_go_that_is_too_old_is_named() {
  mkdir -p "$home/bin"
  printf '#!/bin/sh\necho go1.19.8\n' >"$home/bin/go" && chmod +x "$home/bin/go"
  path=$home/bin:$bare_path
  from=file:///nowhere want "it fails" not ensure
  want "it says so" has "$ERR" "Go 1.19.8 is too old"
}

two_at_once_do_the_work_once() {
  local first second
  (ensure) & first=$!
  (ensure) & second=$!
  want "one succeeds" wait "$first"
  want "the other succeeds" wait "$second"
  want "each plugin was installed once" test -z "$(sort "$home/cache/engine/home/installed" | uniq -d)"
}

what_a_killed_run_left_is_cleared() {
  mkdir -p "$home/cache/engine/work/plugins"
  echo half >"$home/cache/engine/work/$archive"
  want "it succeeds" ensure
  want "nothing is left" test ! -e "$home/cache/engine/work"
}

the_npm_packages_have_the_same_versions() {
  local package=$engine/../package.json plugin
  [[ -e $package ]] || return
  want "@pulumi/pulumi" grep -q "\"@pulumi/pulumi\": \"$cli_version\"" "$package"
  for plugin in "${plugin_versions[@]}"; do
    grep -q "\"@pulumi/${plugin%=*}\"" "$package" || continue
    want "@pulumi/${plugin%=*}" grep -q "\"@pulumi/${plugin%=*}\": \"${plugin#*=}\"" "$package"
  done
}

for name in help_and_wrong_arguments the_official_release_is_downloaded_once when_all_is_there_it_takes_no_time \
  a_wrong_checksum_is_refused a_pulumi_of_the_right_version_is_used missing_plugins_do_not_go_into_the_users_home \
  a_pulumi_of_another_version_is_left_alone without_network_and_go_it_says_what_to_install a_go_that_is_too_old_is_named \
  two_at_once_do_the_work_once what_a_killed_run_left_is_cleared the_npm_packages_have_the_same_versions; do
  run "$name"
done
