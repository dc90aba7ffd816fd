# shellcheck shell=bash
# Makes file systems from Debian packages, and images from them.

BUILD_NICE="nice -n 10"

# What a bare machine may lack. COMMAND=PACKAGE.
commands_up() {
  local pair missing=()
  for pair in curl=curl ssh=openssh-client ip=iproute2 perl=perl gpgv=gpgv awk=mawk flock=util-linux; do
    command -v "${pair%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "this machine lacks: ${missing[*]}" "install them and run this again"
  say "installing ${missing[*]}"
  apt_quiet "${missing[@]}"
}

# The tools are unpacked into the cache, not installed: a registry must not become a service of this machine.
tool() { echo "$CACHE/tools/usr/bin/$1"; } # NAME
KEYRING=$CACHE/tools/usr/share/keyrings/debian-archive-keyring.gpg
tools_up() {
  [ -e "$CACHE/tools/.done" ] && return
  command -v apt-get >/dev/null || die "the lab builds its images with apt, and this machine has none" "use a Debian or Ubuntu machine"
  rm -rf "$CACHE/tools"
  mkdir -p "$CACHE/tools/deb" "$CACHE/logs"
  (
    cd "$CACHE/tools/deb" || exit 1
    set -- docker-registry mmdebstrap debian-archive-keyring
    apt-get download "$@" || { apt-get update && apt-get download "$@"; } || exit 1
    for deb in *.deb; do dpkg -x "$deb" .. || exit 1; done
  ) >"$CACHE/logs/tools.log" 2>&1 9>&- || die "the build tools could not be downloaded with apt-get" "its output is in $CACHE/logs/tools.log"
  touch "$CACHE/tools/.done"
  say "build tools unpacked (mmdebstrap, docker-registry)"
}

# What this machine's own apt knows, so that no mirror has to be named: "URI RELEASE COMPONENT" lines of Debian's archive.
machine_sources() {
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
  # A machine that is older than a release may lack its keys; bookworm's own keyring package has trixie's.
  [ "$suite" != trixie ] || for line in "$CACHE"/debs/bookworm/debian-archive-keyring_*.deb; do [ ! -e "$line" ] || dpkg -x "$line" "$CACHE/tools"; done
  [ ! -e "$KEYRING" ] || opts+=(--keyring="$KEYRING")
  TMPDIR=$CACHE/work PATH=$CACHE/tools/usr/bin:$PATH $BUILD_NICE mmdebstrap --mode=root --format=tar \
    --variant=apt --include="$packages" \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/lib/locale/*' --dpkgopt='path-include=/usr/lib/locale/C.*' \
    --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "3"' "${opts[@]}" \
    --skip=download/empty,essential/unlink \
    --setup-hook="mkdir -p \"\$1/var/cache/apt/archives\"; cp -l $debs/*.deb \"\$1/var/cache/apt/archives/\" 2>/dev/null || true" \
    --customize-hook="cp -ln \"\$1\"/var/cache/apt/archives/*.deb $debs/ 2>/dev/null || true" \
    "$@" --customize-hook="$setup" "$suite" - ${src:+"$src"}
}
