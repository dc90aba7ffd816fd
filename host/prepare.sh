# shellcheck shell=bash
# What a host needs before anything is built on it: kernel settings, Docker, registries, the clock, and the login's way to Docker. At its end,
# what Warren wrote there is taken away; Docker and its settings stay.
#
# Data: host (its name), user (the login), install_docker, registry_mirrors, insecure_registries, reserved_ports (ports and ranges),
#       timezone (optional), library_digest (of the library that a hook has just brought)

sysctl_file=$etc/sysctl.d/90-warren.conf
modules_file=$etc/modules-load.d/warren.conf
daemon_file=$etc/docker/daemon.json
marker="# Written by Warren for $host."

create() {
  refuse_other_docker
  set_kernel
  provide_docker
  if [ $((${#registry_mirrors[@]} + ${#insecure_registries[@]})) -gt 0 ]; then name_registries; fi
  if [ -n "${timezone:-}" ]; then set_clock; fi
  if [ "$user" != root ]; then
    in_docker_group || usermod -aG docker "$user"
    expects group "$user" docker
  fi
  # A release before 0.2 may have made it under a umask that hides it from others, such as keepalived's check.
  mkdir -p "$state"
  chmod 755 "$state"
  expects library "$library_digest"
}

in_docker_group() { id -nG "$user" | grep -w docker > /dev/null; }

# Containers' bridged traffic passes iptables, forwarding is on, a balancer may bind a virtual IP that it does not hold yet, and published ports
# are kept from the host's own connections. The file is loaded by itself: `sysctl --system` would apply what others set once more.
set_kernel() {
  local settings=("net.ipv4.ip_forward = 1" "net.ipv4.ip_nonlocal_bind = 1") line key
  echo br_netfilter > "$modules_file"
  modprobe br_netfilter 2> /dev/null || [ -e "$root/proc/sys/net/bridge" ] ||
    echo "this kernel has no br_netfilter: bridged traffic does not pass iptables here"
  if [ -e "$root/proc/sys/net/bridge" ]; then
    settings+=("net.bridge.bridge-nf-call-iptables = 1" "net.bridge.bridge-nf-call-ip6tables = 1" "net.bridge.bridge-nf-call-arptables = 1")
  fi
  [ ${#reserved_ports[@]} = 0 ] || settings+=("net.ipv4.ip_local_reserved_ports = $(all_reserved_ports)")
  printf '%s\n' "$marker" "${settings[@]}" > "$sysctl_file"
  sysctl -q -p "$sysctl_file"
  owns "$sysctl_file" "$modules_file"
  for line in "${settings[@]}"; do
    key=${line%% *}
    # As the kernel has it: it joins ranges of ports.
    expects sysctl "$key" "$(sysctl -n "$key")"
  done
}

# What is reserved already, by whomever, and what is not yet.
all_reserved_ports() {
  local reserved ports
  reserved=$(sysctl -n net.ipv4.ip_local_reserved_ports)
  for ports in "${reserved_ports[@]}"; do
    case ,$reserved, in *",$ports,"*) ;; *) reserved+=${reserved:+,}$ports ;; esac
  done
  echo "$reserved"
}

# What is called Docker and is not what Warren needs: a snap's containers cannot mount directories such as /var/lib/warren, and podman has no
# daemon that starts containers when the host starts.
refuse_other_docker() {
  local program version
  program=$(command -v docker) || program=
  if [ -z "$program" ] && [ -e "$root/snap/bin/docker" ]; then program=/snap/bin/docker; fi
  case $program in
    '') return ;;
    /snap/*) die "Docker on this host is a snap ($program), whose containers cannot mount directories such as /var/lib/warren. Remove it (\`snap remove docker\`) and $docker_wanted" ;;
  esac
  version=$(docker --version 2>&1) || return 0
  case $version in
    *[Pp]odman*) die "\`docker\` on this host ($program) is podman's: ${version##*$'\n'}. Remove it (the package podman-docker) and $docker_wanted" ;;
  esac
}
docker_wanted="install Docker Engine, by the distribution's package (docker.io on Debian) or Docker's own (docker-ce), or have \`pulumi up\` do it (prepare.installDocker)"

provide_docker() {
  local said
  if ! command -v docker > /dev/null; then
    [ "$install_docker" = true ] || die "Docker is not installed, and prepare.installDocker is false: install Docker Engine, or set it to true"
    install_packages docker.io docker
  fi
  systemctl cat docker.service > /dev/null 2>&1 ||
    die "this host has $(command -v docker) ($(docker --version 2>&1 | tail -n 1)), but no systemd unit docker.service that runs Docker's daemon. Remove that program and $docker_wanted"
  systemctl enable -q --now docker
  said=$(docker info 2>&1 > /dev/null) || die "Docker's daemon on this host does not answer: $said. See journalctl -u docker"
  expects service docker
}

# dockerd takes its registries in by a reload, without touching a container. A daemon.json of somebody else's is kept beside the new one, and
# its other settings are carried over.
name_registries() {
  local url
  if [ ! -s "$daemon_file" ]; then
    mkdir -p "${daemon_file%/*}"
    printf '{"registry-mirrors":%s,"insecure-registries":%s}\n' "$(json_list "${registry_mirrors[@]}")" "$(json_list "${insecure_registries[@]}")" > "$daemon_file"
    systemctl reload docker
  elif command -v python3 > /dev/null; then
    python3 "$library/merge-registries.py" "$daemon_file" "$(json_list "${registry_mirrors[@]}")" "$(json_list "${insecure_registries[@]}")"
  else
    require_registries
  fi
  for url in "${registry_mirrors[@]}" "${insecure_registries[@]}"; do
    # Docker may have it from its command line.
    if grep -qF -e "${url%/}" "$daemon_file"; then expects mentions "$daemon_file" "${url%/}"; fi
  done
}

require_registries() {
  local known url
  known=$(docker info --format '{{json .RegistryConfig}}')
  for url in "${registry_mirrors[@]}" "${insecure_registries[@]}"; do
    case $known in
      *"$url"*) ;;
      *) die "$daemon_file exists and does not name $url: add it there, or install python3 so that it can be merged in" ;;
    esac
  done
}

json_list() { # WORD...
  local list='' word
  for word; do
    word=${word//\\/\\\\}
    list+="${list:+,}\"${word//\"/\\\"}\""
  done
  echo "[$list]"
}

set_clock() {
  local zone=$root/usr/share/zoneinfo/$timezone
  [ -e "$zone" ] || die "this host does not know the time zone $timezone (is tzdata installed?)"
  ln -sfn "$zone" "$etc/localtime"
  [ ! -e "$etc/timezone" ] || echo "$timezone" > "$etc/timezone"
  expects link "$etc/localtime" "$zone"
}

# A machine that has another name in the config by now is that one's.
delete() {
  local home=$root/usr/local/lib/warren
  [ ! -e "$sysctl_file" ] || grep -qxF "$marker" "$sysctl_file" || return 0
  rm -rf "$sysctl_file" "$modules_file" "$state/steps" "$home.removed"
  rmdir "$state" 2> /dev/null || true
  # The owner goes last: a host without one has nothing of Warren's.
  mv "$home" "$home.removed"
  rm -f "$(owner_file)"
  rmdir "$etc/warren" 2> /dev/null || true
  rm -rf "$home.removed"
}
