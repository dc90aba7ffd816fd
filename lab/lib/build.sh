# shellcheck shell=bash
# Makes file systems from Debian packages, and images from them.

# What a bare machine may lack. COMMAND=PACKAGE.
commands_up() {
  local pair missing=()
  for pair in curl=curl ssh=openssh-client ip=iproute2 mount=mount gpgv=gpgv awk=mawk flock=util-linux; do
    command -v "${pair%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  perl -MEnglish -e 1 2>/dev/null || missing+=(perl) # the command alone is there on every Debian, its modules are not
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
  ) >"$CACHE/logs/tools.log" 2>&1 7>&- 9>&- || die "the build tools could not be downloaded with apt-get" "its output is in $CACHE/logs/tools.log"
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
sources() { # SUITE: apt source lines; none where this machine is no Debian (mmdebstrap and the images then have Debian's default)
  local main security
  main=$(machine_sources | awk '$1 !~ /-security\/?$/ { print $1; exit }')
  [ -n "$main" ] || return 0
  echo "deb $main $1 main"
  [ "$1" = bookworm ] || return 0 # an old release's updates may be gone from the archive, its versions are not
  security=$(machine_sources | awk '$1 ~ /-security\/?$/ { print $1; exit }')
  echo "deb $main $1-updates main"
  [ -z "$security" ] || echo "deb $security $1-security main"
}

# The least system of a release that can install packages: most of the work, so images of one release share it. It is kept for a day,
# as long as its package lists are good.
base() { # SUITE: its directory, in CACHE/base
  local suite=$1 dir=$CACHE/base/$1 opts=() line src recipe
  recipe=$({ declare -f base && cat "$HERE/images/slim" && sources "$suite"; } | sha256sum)
  mkdir -p "$CACHE/base" "$CACHE/debs/$suite"
  (
    flock 8 # two images of one release are made at once
    [ -z "$(find "$CACHE/base" -maxdepth 1 -name "$suite.done" -mmin -1440)" ] || [ "$(cat "$dir.done")" != "$recipe" ] || exit 0
    rm -rf --one-file-system "$dir" "$dir.done"
    while read -r line; do [ -z "$line" ] || opts+=(--aptopt="$line"); done < <(machine_acquire)
    src=$(sources "$suite")
    # A merged /usr from the start; bookworm would otherwise bring perl along to merge it afterwards.
    [ "$suite" != bookworm ] || opts+=(--hook-dir="$CACHE/tools/usr/share/mmdebstrap/hooks/merged-usr")
    # A machine that is older than a release may lack its keys; bookworm's own keyring package has trixie's.
    [ "$suite" != trixie ] || for line in "$CACHE"/debs/bookworm/debian-archive-keyring_*.deb; do [ ! -e "$line" ] || dpkg -x "$line" "$CACHE/tools"; done
    [ ! -e "$KEYRING" ] || opts+=(--keyring="$KEYRING")
    TMPDIR=$CACHE/work PATH=$CACHE/tools/usr/bin:$PATH nice mmdebstrap --mode=root --format=directory --variant=apt \
      --dpkgopt=force-unsafe-io \
      --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "3"' "${opts[@]}" \
      --skip=download/empty,essential/unlink,cleanup/apt/lists \
      --setup-hook="mkdir -p \"\$1/var/cache/apt/archives\"; cp -l $CACHE/debs/$suite/*.deb \"\$1/var/cache/apt/archives/\" 2>/dev/null || true" \
      --customize-hook="cp -ln \"\$1\"/var/cache/apt/archives/*.deb $CACHE/debs/$suite/ 2>/dev/null || true" \
      --customize-hook="$HERE/images/slim" "$suite" "$dir" ${src:+"$src"} || exit 1
    echo "$recipe" >"$dir.done"
  ) 8>"$CACHE/base/$suite.lock"
}

# A file system of SUITE with PACKAGES, completed by SETUP, as a tar on standard output. PREPARE runs before the packages come.
rootfs() { # SUITE PACKAGES SETUP [PREPARE]
  local suite=$1 packages=$2 setup=$3 prepare=${4:-:} root debs=$CACHE/debs/$1
  base "$suite" >&2
  root=$(mktemp -d "$CACHE/work/root.XXXXXX")
  chmod 755 "$root"
  cp -a "$CACHE/base/$suite/." "$root/"
  {
    resolver >"$root/etc/resolv.conf"
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # nothing is to be started in here
    chmod 755 "$root/usr/sbin/policy-rc.d"
    mkdir -p "$root/var/cache/apt/archives/partial"
    cp -l "$debs"/*.deb "$root/var/cache/apt/archives/"
    "$prepare" "$root"
    # Mounts of its own, which end with it however it ends.
    # shellcheck disable=SC2086 # a list of words
    nice unshare --mount --propagation private bash -ec 'mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; root=$1; shift
      exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -y --no-install-recommends "$@"' \
      - "$root" ${packages//,/ } </dev/null
    cp -ln "$root"/var/cache/apt/archives/*.deb "$debs/"
    rm -rf "$root/usr/sbin/policy-rc.d" "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/apt "$root"/var/log/*.log
    : >"$root/etc/resolv.conf"
    "$setup" "$root"
  } >&2
  nice tar -C "$root" --numeric-owner -c .
  rm -rf --one-file-system "$root"
}
