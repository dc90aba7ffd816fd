# shellcheck shell=bash
# Names, paths and small helpers that every part of the lab uses.

HOSTS="host1 host2 host3 host4 host5"
SUBNET=198.18.66 # in the range set aside for benchmarks (RFC 2544): it is nobody's real network
GATEWAY=$SUBNET.1
REGISTRY=$GATEWAY:5000
BRIDGE=br-warren
NETWORK=warren-lab
LABEL=warren.lab # on everything that the lab makes in a Docker daemon

STATE=$HOME/.local/state/warren/lab
CACHE=$HOME/.cache/warren/lab
LOCK=$CACHE.lock # beside the cache, so that `purge` can remove the cache while it holds the lock
RUN=/run/warren-lab
SSH_DIR=$STATE/ssh
SSH_KEY=$SSH_DIR/id_ed25519
KNOWN_HOSTS=$SSH_DIR/known_hosts

# A client of another daemon, on another machine perhaps, would put the hosts there.
export DOCKER_HOST=unix:///var/run/docker.sock
unset DOCKER_CONTEXT

export no_proxy="${no_proxy:+$no_proxy,}$GATEWAY" # a proxy has nothing to do between us and our own registry

T0=$EPOCHREALTIME
elapsed() { awk -v a="$T0" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }
say() { printf 'lab %6s s  %s\n' "$(elapsed)" "$*"; }
warn() { printf 'lab: warning: %s\n' "$*" >&2; }
die() {
  printf 'lab: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '     %s\n' "$@" >&2
  exit 1
}

host_index() { # NAME: 1..5, or nothing
  case " $HOSTS " in *" $1 "*) echo "${1#host}" ;; esac
}
need_host() { # NAME: the index, or a clear refusal
  [ -n "${1:-}" ] || die "which host? one of: $HOSTS"
  [ -n "$(host_index "$1")" ] || die "there is no host '$1'; the lab has: $HOSTS"
  host_index "$1"
}
address() { echo "$SUBNET.1$1"; } # INDEX
container() { echo "warren-lab-host$1"; } # INDEX

# A process that the lab started is known by its id and its start time: an id alone may belong to somebody else after a restart.
record_pid() { # FILE PID
  echo "$2 $(start_time "$2")" >"$1"
}
start_time() { # PID: field 22 of stat, but for one that is dead and only not yet buried; the name in field 2 may hold spaces, so count after it
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  stat=${stat##*) }
  # shellcheck disable=SC2086
  set -- $stat
  [ "$1" = Z ] || echo "${20}"
}
detach() { # PID-FILE LOG COMMAND...: a daemon that nobody waits for, and with none of our descriptors, on which somebody may wait
  local file=$1 log=$2
  shift 2
  (
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      [ "$fd" -le 2 ] || [ "$fd" -eq 255 ] || eval "exec $fd>&-"
    done
    setsid "$@" </dev/null >"$log" 2>&1 &
    record_pid "$file" $!
  )
}
recorded_pid() { # FILE: the id, if that very process still runs
  local pid started
  [ -s "$1" ] || return 1
  read -r pid started <"$1"
  [ -n "$started" ] && [ "$(start_time "$pid")" = "$started" ] && echo "$pid"
}
stop_recorded() { # FILE SECONDS: TERM, wait, KILL
  local pid i
  if pid=$(recorded_pid "$1"); then
    kill "$pid" 2>/dev/null || true
    for ((i = 0; i < $2 * 10; i++)); do
      recorded_pid "$1" >/dev/null || break
      sleep 0.1
    done
    pid=$(recorded_pid "$1") && kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -f "$1"
}

wait_all() { # PID...: waits for each, fails if any failed
  local p failed=0
  for p in "$@"; do wait "$p" || failed=1; done
  return $failed
}

become_root() {
  [ "$(id -u)" -ne 0 ] || return 0
  command -v sudo >/dev/null && sudo -n true 2>/dev/null ||
    die "the lab makes networks, cgroups and file systems: it has to run as root" "run it as root, or allow this user to use sudo without a password"
  exec sudo HOME="$HOME" LAB_OWNER="$(id -u):$(id -g)" "$0" "$@"
}
give_back() { # after sudo, the user must be able to read the keys and the caches' names
  [ -z "${LAB_OWNER:-}" ] || [ ! -d "$STATE" ] || chown "$LAB_OWNER" "$HOME/.local/state/warren" "$STATE" "$SSH_DIR" "$SSH_DIR"/* 2>/dev/null || true
}

take_lock() { # VERB
  mkdir -p "$(dirname "$LOCK")"
  exec 9>>"$LOCK"
  if ! flock -n 9; then
    say "waiting for another lab command to end: $(cat "$LOCK" 2>/dev/null)"
    flock -w 1800 9 || die "another lab command has held the lock for 30 minutes: $(cat "$LOCK")" "see whether it hangs; the lock goes when it ends"
  fi
  echo "lab $1, process $$" >"$LOCK"
}
