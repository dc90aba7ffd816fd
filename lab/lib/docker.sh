# shellcheck shell=bash
# A Docker daemon for the hosts of all labs: the one that runs, else one that the first lab starts and the last one stops.

DAEMON=$STATES/dockerd # what the labs did to this machine together
daemon_records() { # versions with one lab only kept these in that lab's state
  local old
  mkdir -p "$DAEMON"
  for old in dockerd.pid docker.by-systemd ip_forward.was-off; do
    [ ! -e "$STATES/lab/$old" ] || mv "$STATES/lab/$old" "$DAEMON/"
  done
}

docker_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

docker_install() {
  command -v dockerd >/dev/null && return
  [ -f /etc/debian_version ] && command -v apt-get >/dev/null ||
    die "no Docker daemon runs here, and none can be installed by itself (this is not Debian or Ubuntu)" "install and start Docker, then run this again"
  say "installing docker.io (about 15 s)"
  apt_quiet docker.io
}

apt_quiet() { # PACKAGE...: install without starting services (the lab decides what runs) and without asking
  local log=$CACHE/logs/apt.log policy=/usr/sbin/policy-rc.d mine=
  mkdir -p "$CACHE/logs"
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
    mine=1
  fi
  local ok=1
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1 7>&- 9>&- || ok=
  [ -z "$mine" ] || rm -f $policy
  [ -n "$ok" ] || die "apt-get could not install: $*" "its output is in $log"
}

docker_up() {
  daemon_records
  docker_answers && return
  docker_install
  mkdir -p "$CACHE/docker" "$CACHE/logs" "$RUN"
  if recorded_pid "$DAEMON/dockerd.pid" >/dev/null; then
    docker_wait && return # it was still starting
    stop_recorded "$DAEMON/dockerd.pid" 20
  fi
  if [ -d /run/systemd/system ] && systemctl start docker 2>/dev/null && docker_wait; then
    touch "$DAEMON/docker.by-systemd"
    say "Docker started by systemd"
    return
  fi
  docker_clear_stale
  # Its own data directory in the cache, so that what was built outlives `down`; no default bridge and no iptables rules of its own,
  # because Docker never removes those: the two rules that the lab needs are in net.sh.
  detach "$DAEMON/dockerd.pid" "$CACHE/logs/dockerd.log" \
    dockerd --data-root "$CACHE/docker" --exec-root "$RUN/docker" --pidfile "$RUN/docker.pid" \
    --bridge none --iptables=false --ip-forward=false --ip-masq=false --mtu "$(mtu)"
  docker_wait || die "dockerd did not start" "its output is in $CACHE/logs/dockerd.log"
  say "dockerd started (process $(recorded_pid "$DAEMON/dockerd.pid"))"
}

docker_wait() {
  local i
  for ((i = 0; i < 150; i++)); do
    docker_answers && return
    [ ! -f "$DAEMON/dockerd.pid" ] || recorded_pid "$DAEMON/dockerd.pid" >/dev/null || return 1
    sleep 0.2
  done
  return 1
}

# What a killed daemon leaves: a pid file that may name somebody else's process by now, and containerd still running.
docker_clear_stale() {
  local pid
  for pid in "$RUN/docker.pid" "$RUN/docker/containerd/containerd.pid"; do
    pid=$(cat "$pid" 2>/dev/null) && [ -n "$pid" ] || continue
    case "$(cat "/proc/$pid/comm" 2>/dev/null)" in
      dockerd | containerd) grep -qa "warren" "/proc/$pid/cmdline" && kill -KILL "$pid" 2>/dev/null || true ;;
    esac
  done
  rm -f "$RUN/docker.pid" "$RUN/docker/containerd/containerd.pid"
}

docker_down() { # only the one that the lab started
  if [ -e "$DAEMON/docker.by-systemd" ]; then
    systemctl stop docker.socket docker 2>/dev/null || true
    say "Docker stopped"
  fi
  [ -f "$DAEMON/dockerd.pid" ] || return 0
  stop_recorded "$DAEMON/dockerd.pid" 30
  docker_clear_stale
  rm -rf "$RUN"
  while mountpoint -q "$CACHE/docker" && umount "$CACHE/docker"; do :; done # it binds its directory onto itself
  # Where its containers were killed rather than stopped, their cgroups stay behind, empty.
  local c
  for c in /sys/fs/cgroup/docker /sys/fs/cgroup/*/docker; do
    [ ! -d "$c" ] || find "$c" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  say "dockerd stopped"
}

mtu() { # of the way out: a smaller one than 1500 has to hold for the hosts and their containers too
  local dev
  dev=$(ip -4 route show default 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -1)
  awk '{ print ($1 > 1500 ? 1500 : $1) }' "/sys/class/net/${dev:-lo}/mtu"
}
