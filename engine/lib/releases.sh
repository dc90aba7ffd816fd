# shellcheck shell=bash disable=SC2154 # ensure.sh sets the variables
# The official releases. Sourced by ensure.sh.

arch() { case $(uname -m) in x86_64 | amd64) echo "$1" ;; aarch64 | arm64) echo arm64 ;; *) uname -m ;; esac; }
system() { uname -s | tr '[:upper:]' '[:lower:]'; }

# The connect limit is short: a machine without this network must fall through to the build in seconds.
fetch() { # URL FILE [SECONDS]
  local progress=--silent
  [[ ! -t 2 ]] || progress=--progress-bar
  curl -fSL "$progress" --connect-timeout 3 --speed-limit 1024 --speed-time 20 --max-time "${3:-900}" -o "$2" "$1"
}

releases_reachable() {
  if [[ -z ${reachable:-} ]]; then
    reachable=no
    if [[ $source_wanted != auto ]]; then :
    elif ! command -v curl >/dev/null; then say "curl is not installed: the official releases are not tried"
    elif fetch "$releases/sdk/pulumi-$cli_version-checksums.txt" "$work/checksums.txt" 10 2>/dev/null; then reachable=yes
    else say "the official releases cannot be reached from here ($releases)"
    fi
  fi
  [[ $reachable == yes ]]
}

download_cli() { # into the bin folder $1
  releases_reachable || return 1
  local file
  file=pulumi-v$cli_version-$(system)-$(arch x64).tar.gz
  say "downloading the official Pulumi CLI $cli_version (over 100 MB)"
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
