# shellcheck shell=bash disable=SC2154,SC2034
# Building the engine from the Go modules in this folder. Sourced by ensure.sh.

# Measured: a package takes this long on one core, and so many have to be compiled where nothing ever was.
compile_ms=250
all_packages=2700

duration() { if (($1 < 60)); then echo "less than a minute"; else echo "about $((($1 + 59) / 60)) minutes"; fi; }

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
  cores=$(getconf _NPROCESSORS_ONLN)
  say "building from Go modules what is missing, once;" \
    "all of it takes $(duration $((all_packages * compile_ms / 1000 / cores))) on $cores cores, and downloads 400 MB"
}

# Becomes a go command in a module of ours, apart from the user's own workspace and flags: for subshells only.
in_module() { # MODULE COMMAND...
  cd "$here/$1" && shift && GOWORK=off GOFLAGS=-buildvcs=false exec "$@"
}

# go build -v names a package on a line of its own as it starts on it; that is the only progress it tells.
watch_build() { # PID LOG TITLE TOTAL START
  local line done_ last=0 seconds
  while kill -0 "$1" 2>/dev/null; do
    sleep 1
    done_=$(grep -vc '^go: ' "$2" || true)
    seconds=$((SECONDS - $5))
    line=$(printf '%s: %d:%02d, %d of %d packages' "$3" $((seconds / 60)) $((seconds % 60)) "$done_" "$4")
    if [[ -t 2 ]]; then printf '\rengine: %s ' "$line" >&2
    elif ((seconds - last >= 15)); then say "$line" && last=$seconds
    fi
  done
  [[ ! -t 2 ]] || printf '\r\033[K' >&2
}

# Builds a module's programs into its own folder in the cache, and leaves that folder's name in built.
build() { # MODULE TITLE GO-BUILD-ARGUMENTS...
  local module=$1 title=$2 log total started
  shift 2
  built=$cache/built/$module-$(module_hash "$module")
  if [[ ! -d $built ]]; then
    need_go
    log=$cache/$module.log
    started=$SECONDS
    say "building $title (log: $log)"
    # To know what has to be compiled, go downloads the modules that are missing.
    total=$(in_module "$module" go list -deps -f '{{if .Stale}}stale{{end}}' "$@" 2>"$log" | grep -c stale) ||
      [[ $total == 0 ]] || build_failed "$title" "$log"
    say "$total packages to compile: $(duration $((total * compile_ms / 1000 / cores))) on $cores cores"
    mkdir "$work/$module"
    in_module "$module" go build -v -o "$work/$module/" -ldflags "$ldflags" "$@" >"$log" 2>&1 &
    builder=$!
    watch_build "$builder" "$log" "$title" "$total" "$started"
    wait "$builder" || build_failed "$title" "$log"
    builder=
    place "$work/$module" "$built"
    say "built $title in $((SECONDS - started)) s"
  fi
  touch "$built" # what is in use is not what prune takes
}

build_failed() { # TITLE LOG
  tail -n 20 "$2" >&2
  die "building $1 failed; the whole log is $2"
}

build_cli() { # into the bin folder $1
  local cli
  ldflags="-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$cli_version"
  build cli "the Pulumi CLI $cli_version" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
  cli=$built
  ldflags="-s -w -X main.version=$cli_version"
  build language "its Node language host" .
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
    build command "the command plugin" .
  else
    # One module makes all four, the first time one of them is asked for.
    ldflags="-s -w -X 'plugins/bridge.versions=${plugin_versions[*]}'"
    build plugins "the docker, random, rabbitmq and tls plugins" -tags no_compose ./docker ./random ./rabbitmq ./tls
  fi
  # The plugin's folder carries what it was built from, so that a changed source replaces it.
  mkdir "$work/plugin-$name"
  ln "$built/$name" "$work/plugin-$name/pulumi-resource-$name"
  module_mark "$name" >"$work/plugin-$name/$mark"
  install_plugin "$name" "$2" "$work/plugin-$name"
}
