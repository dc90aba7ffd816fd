# shellcheck shell=bash
# Names, paths and small helpers that every part of the lab uses.

LABEL=warren.lab # on everything that the labs make in a Docker daemon
# All labs of a machine share the Docker daemon and the caches.
CACHE=$HOME/.cache/warren/lab
MACHINE_LOCK=$CACHE.lock # beside the cache, so that `purge` can remove the cache while it holds the lock
RUN=/run/warren-lab

# A client of another daemon, on another machine perhaps, would put the hosts there.
export DOCKER_HOST=unix:///var/run/docker.sock
unset DOCKER_CONTEXT

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

# A process that the lab started is known by its id and its start time: an id alone may belong to somebody else after a restart.
record_pid() { # FILE PID
  echo "$2 $(start_time "$2")" >"$1"
}
start_time() { # PID: field 22 of stat, but for one that is dead and only not yet buried; the name in field 2 may hold spaces, so count after it
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  stat=${stat##*) }
  # shellcheck disable=SC2086 # a list of words
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
  exec sudo HOME="$HOME" LAB="$LAB" LAB_OWNER="$(id -u):$(id -g)" "$0" "$@"
}
give_back() { # after sudo, the user must be able to read the keys and the caches' names
  [ -z "${LAB_OWNER:-}" ] || [ ! -d "$STATE" ] || chown "$LAB_OWNER" "$STATES" "$STATE" "$SSH_DIR" "$SSH_DIR"/* 2>/dev/null || true
}

take_lock() { # VERB: one command at a time for each lab
  mkdir -p "$(dirname "$LOCK")"
  exec 9>>"$LOCK"
  flock_or_wait 9 "$LOCK"
  echo "lab $1, process $$" >"$LOCK"
}
# What all labs share: alone (-x) to change it, with others (-s) to read it. It is held for a part of a command only.
lock_machine() { # -x | -s
  exec 7>>"$MACHINE_LOCK"
  flock_or_wait 7 "$MACHINE_LOCK" "$1"
  [ "$1" = -s ] || echo "lab${LAB:+ $LAB}, process $$" >"$MACHINE_LOCK"
}
unlock_machine() { exec 7>&-; }
flock_or_wait() { # DESCRIPTOR FILE [-x | -s]
  local fd=$1 file=$2 how=${3:--x}
  flock -n "$how" "$fd" && return
  say "waiting for another lab command to end: $(cat "$file" 2>/dev/null)"
  flock -w 1800 "$how" "$fd" || die "another lab command has held the lock for 30 minutes: $(cat "$file")" "see whether it hangs; the lock goes when it ends"
}
