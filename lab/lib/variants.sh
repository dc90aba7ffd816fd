# shellcheck shell=bash
# Hosts as other teams have them: what `lab renew` can make different from an ordinary host.

LONG_HOME=/home/example.org/operations/message-brokers/team-of-rabbits # 60 characters

variant_usage() {
  cat <<U
                          OPTIONS, which can be combined, make a host as other teams have it:
                          --empty                 no images on it
                          --no-docker             no Docker
                          --podman                no Docker, but Podman and its docker command
                          --debian 12 | 13        the release of Debian (12)
                          --umask MASK            umask of logins by SSH and of sudo, such as 027
                          --login NAME            another login like ops, such as ops.team; can be repeated
                          --long-home             another login like ops, longhome, with a home of ${#LONG_HOME} characters
                          --bridge NAME           the LAN address is on a bridge, such as br-mgmt, that eth0 is a port of
                          --second-network        a second interface, eth1, in a subnet that only such hosts are in
                          --apt-locked [SECONDS]  apt-daily locks apt's lists at the first boot, for 60 seconds or as many
U
}

# VARIANT: the options of a host as they are recorded and shown. V_*: what they mean; an ordinary host without any.
variant_read() { # OPTION...
  VARIANT=() V_FILL=golden V_DOCKER=docker V_SUITE=bookworm V_UMASK='' V_BRIDGE='' V_LOGINS='' V_APT_LOCKED='' V_SECOND=''
  while [ $# -gt 0 ]; do
    VARIANT+=("$1")
    case $1 in
      --empty) V_FILL=empty && unset 'VARIANT[-1]' ;;
      --no-docker) variant_engine none ;;
      --podman) variant_engine podman ;;
      --second-network) V_SECOND=1 ;;
      --long-home) variant_login longhome "$LONG_HOME" ;;
      --apt-locked)
        V_APT_LOCKED=60
        if [[ ${2:-} =~ ^[1-9][0-9]*$ ]]; then V_APT_LOCKED=$2 && VARIANT+=("$2") && shift; fi
        ;;
      --debian | --umask | --login | --bridge)
        [ $# -gt 1 ] || die "lab renew $1: no value is given" "see: lab/lab --help"
        "variant_${1#--}" "$2"
        VARIANT+=("$2")
        shift
        ;;
      *) die "lab renew: what is '$1'?" "see: lab/lab --help" ;;
    esac
    shift
  done
}
variant_engine() { # none or podman
  [ "$V_DOCKER" = docker ] || [ "$V_DOCKER" = "$1" ] || die "lab renew: --no-docker and --podman exclude each other" "a host with --podman has no Docker either"
  V_DOCKER=$1 V_FILL=empty
}
variant_debian() {
  case $1 in
    12) V_SUITE=bookworm ;;
    13) V_SUITE=trixie ;;
    *) die "lab renew --debian: the lab has no hosts of Debian '$1'" "use 12 or 13" ;;
  esac
}
variant_umask() {
  [[ $1 =~ ^0?[0-7]{3}$ ]] || die "lab renew --umask: '$1' is not a umask" "use three octal digits, such as 027"
  V_UMASK=$1
}
variant_login() { # NAME [HOME]
  [[ $1 =~ ^[a-z][a-z0-9._-]{0,31}$ ]] || die "lab renew --login: '$1' cannot name a login" "use up to 32 lowercase letters, digits, dots, dashes and underscores, such as ops.team"
  case " root ops $(cut -d' ' -f1 <<<"$V_LOGINS" | paste -sd' ') " in *" $1 "*) die "lab renew: the host has a login '$1' already" "use another name" ;; esac
  V_LOGINS+="$1 ${2:-/home/$1}"$'\n'
}
variant_bridge() {
  [[ $1 =~ ^[a-z][a-z0-9._-]{0,14}$ ]] || die "lab renew --bridge: '$1' cannot name a bridge" "use up to 15 lowercase letters, digits, dots, dashes and underscores, such as br-mgmt"
  case $1 in lo | docker0 | eth0 | eth1) die "lab renew --bridge: the host has an interface '$1' already" "use another name, such as br-mgmt" ;; esac
  V_BRIDGE=$1
}
variant_read

# It is recorded beside the host's disk, where `save` and `restore` keep it.
variant_record() { # NAME
  [ ${#VARIANT[@]} = 0 ] || echo "${VARIANT[*]}" >"$STATE/hosts/$1/variant"
}
variant_of() { cat "$STATE/hosts/$1/variant" 2>/dev/null || true; } # NAME
variant_load() { # NAME
  local options
  read -ra options <<<"$(variant_of "$1")"
  variant_read "${options[@]}"
}

variant_image() { # the host image of this variant
  case $V_SUITE-$V_DOCKER in
    bookworm-podman) echo host:bookworm-podman ;;
    trixie-podman) echo host:trixie-podman ;;
    *) echo "host:$V_SUITE" ;;
  esac
}
variant_store() { case $V_DOCKER in podman) echo /var/lib/containers ;; *) echo /var/lib/docker ;; esac; } # where its images and containers are
variant_devices() { echo "${V_BRIDGE:-eth0}${V_SECOND:+ eth1}"; }

# What a variant needs before its host can be made.
variant_up() {
  [ ${#VARIANT[@]} -gt 0 ] || return 0
  lock_machine -x
  images_up "$(variant_image)"
  [ -z "$V_SECOND" ] || second_network_up
  unlock_machine
}

# A tar of what images/host/variant reads at the host's first boot.
variant_files() {
  local d
  d=$(mktemp -d)
  mkdir -p "$d/etc/lab/variant"
  printf '%s' "$V_BRIDGE" >"$d/etc/lab/variant/bridge"
  printf '%s' "$V_UMASK" >"$d/etc/lab/variant/umask"
  printf '%s' "$V_LOGINS" >"$d/etc/lab/variant/logins"
  printf '%s' "$V_APT_LOCKED" >"$d/etc/lab/variant/apt-locked"
  if [ "$V_DOCKER" = podman ]; then # the mirror that the other hosts' dockerd has
    mkdir -p "$d/etc/containers/registries.conf.d"
    printf '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "%s"\ninsecure = true\n' "$REGISTRY" >"$d/etc/containers/registries.conf.d/lab.conf"
  fi
  chmod -R u=rwX,go=rX "$d"
  tar -c -C "$d" --owner=0 --group=0 .
  rm -r "$d"
}

variant_ready() { # INDEX: what takes effect once the host runs
  [ "$V_DOCKER" != none ] || host_without_docker "$1"
  [ -z "$V_APT_LOCKED" ] || ssh_host "$1" 'for i in $(seq 100); do [ ! -e /run/lab-apt-locked ] || exit 0; sleep 0.2; done; exit 1' ||
    die "host$1: apt-daily did not lock apt's lists within 20 s" "see: lab/lab ssh host$1 journalctl -u apt-daily"
}
