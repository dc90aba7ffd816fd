# shellcheck shell=bash
# Makes file systems from Debian packages, and images from them.

BUILD_NICE="nice -n 10"

# The tools are unpacked into the cache, not installed: a registry must not become a service of this machine.
tool() { echo "$CACHE/tools/usr/bin/$1"; } # NAME
tools_up() {
  [ -e "$CACHE/tools/.done" ] && return
  command -v curl >/dev/null && command -v perl >/dev/null && command -v gpgv >/dev/null || apt_quiet curl perl gpgv
  rm -rf "$CACHE/tools"
  mkdir -p "$CACHE/tools/deb" "$CACHE/logs"
  (
    cd "$CACHE/tools/deb" || exit 1
    apt-get download docker-registry mmdebstrap || { apt-get update && apt-get download docker-registry mmdebstrap; } || exit 1
    for d in *.deb; do dpkg -x "$d" .. || exit 1; done
  ) >"$CACHE/logs/tools.log" 2>&1 9>&- || die "the build tools could not be downloaded with apt-get" "its output is in $CACHE/logs/tools.log"
  touch "$CACHE/tools/.done"
  say "build tools unpacked (mmdebstrap, docker-registry)"
}

# What this machine's own apt knows, so that no mirror has to be named: "URI RELEASE COMPONENT" lines of Debian's archive.
machine_sources() {
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
    awk '$3 == "main" && $1 ~ /\/debian(-security)?\/?$/ { print $1, $2, $3 }'
}
machine_acquire() { # proxies and the like
  apt-config dump 2>/dev/null | grep -E '^Acquire::(Check-Valid-Until|Check-Date|https?::[Pp]roxy|https?::.*::[Pp]roxy|Retries) ' | grep -v ' "";$' || true
}
sources() { # SUITE [1]: apt source lines; none where this machine is no Debian (the tool then knows Debian's default)
  local main security
  main=$(machine_sources | awk '$1 !~ /-security\/?$/ { print $1; exit }')
  [ -n "$main" ] || return 0
  echo "deb $main $1 main"
  [ -n "${2:-}" ] || return 0 # brokers and balancers: a release's own versions, without the updates
  security=$(machine_sources | awk '$1 ~ /-security\/?$/ { print $1; exit }')
  echo "deb $main $1-updates main"
  [ -z "$security" ] || echo "deb $security $1-security main"
}

# A file system of SUITE with PACKAGES, as a tar on standard output. HOOKS are more arguments of mmdebstrap.
rootfs() { # SUITE PACKAGES SETUP [--updates] [HOOKS...]
  local suite=$1 packages=$2 setup=$3 updates=
  shift 3
  [ "${1:-}" != --updates ] || { updates=1; shift; }
  local debs=$CACHE/debs/$suite opts=() line src
  mkdir -p "$debs"
  while read -r line; do [ -z "$line" ] || opts+=(--aptopt="$line"); done < <(machine_acquire)
  src=$(sources "$suite" $updates)
  # A merged /usr from the start; bookworm would otherwise bring perl along to merge it afterwards.
  [ "$suite" != bookworm ] || opts+=(--hook-dir="$CACHE/tools/usr/share/mmdebstrap/hooks/merged-usr")
  # The keys of a release newer than this machine's come from the newest file system made so far.
  [ ! -d "$CACHE/keyrings" ] || opts+=(--keyring="$CACHE/keyrings")
  PATH=$CACHE/tools/usr/bin:$PATH $BUILD_NICE mmdebstrap --mode=root --format=tar \
    --variant=apt --include="$packages" \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/lib/locale/*' --dpkgopt='path-include=/usr/lib/locale/C.*' \
    --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "3"' "${opts[@]}" \
    --skip=download/empty,essential/unlink \
    --setup-hook="mkdir -p \"\$1/var/cache/apt/archives\"; cp -l $debs/*.deb \"\$1/var/cache/apt/archives/\" 2>/dev/null || true" \
    --customize-hook="cp -ln \"\$1\"/var/cache/apt/archives/*.deb $debs/ 2>/dev/null || true" \
    "$@" --customize-hook="$setup" "$suite" - ${src:+"$src"}
}
