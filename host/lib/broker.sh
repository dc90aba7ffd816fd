# shellcheck shell=bash
# A broker in its container. Every step of a node has the data name, container and directory.

# Longest wait for a node to boot, or for the others to be well, in seconds: one that has to sync or replay much needs minutes.
longest_boot=600

# The container's own directory for the broker's data.
data_mount=/var/lib/rabbitmq

erlang_name() { echo "rabbit@$1"; } # NAME

# A call of the broker's CLI, as the user that owns the cookie.
cli() { # TOOL ARGUMENTS...
  local tool=$1
  shift
  docker exec -u rabbitmq "$container" "$tool" -q "$@"
}

# Evaluates a file of Erlang in the broker. Its variables are assigned first, such as: N = 'rabbit@one', R = [],
evaluate() { # FILE [ASSIGNMENTS [LAST-EXPRESSION]]
  cli rabbitmqctl eval "${2:+$2 }$(sed '/^ *%/d' "$library/$1")${3:+ $3}"
}

# Whether the broker listens for AMQP inside its container.
listens() { # PORT
  local pid
  pid=$(inspect "$container" '{{.State.Pid}}') && process_listens "$pid" "$1"
}

# Whether something listens on a port in a process's own network. Read from /proc: a CLI call would slow the boot.
process_listens() { # PID PORT
  local hex
  hex=$(printf %04X "$2")
  grep -qs ":$hex [0-9A-F:]* 0A" "/proc/$1/net/tcp" "/proc/$1/net/tcp6"
}

# Waits until the broker in the container serves. Where the container stops or restarts meanwhile, it fails at once with the broker's own
# reason; where nothing comes about, with the end of the broker's log.
await_boot() { # PORT
  local restarts failure='' said='' pid=''
  show_log_on_failure "$container" 30
  restarts=$(inspect "$container" '{{.RestartCount}}') || restarts=0
  wait_until "$longest_boot" 0.2 has_started_or_failed "$1" || die "$name did not boot within $longest_boot s${said:+: $said}"
  if [ -n "$failure" ]; then
    trap - EXIT
    die "$name: the broker does not start, its container $container $failure: $(boot_failure)
Correct what it names, and run \`pulumi up\` again. \`docker logs $container\` on this host shows all that the broker said"
  fi
}

# Sets failure where the container has failed; restarts, failure and pid are the caller's. Docker is asked again only when the container's
# process is gone: each question costs as much as the boot itself.
has_booted_or_failed() { # PORT
  local found status count
  if [ ! -d "/proc/${pid:-0}" ]; then
    found=$(inspect "$container" '{{.State.Pid}} {{.State.Status}} {{.RestartCount}}') || return 1
    read -r pid status count <<< "$found"
    case $status in
      restarting) failure=restarts ;;
      exited | dead) failure="has stopped" ;;
      *) [ "$count" -le "$restarts" ] || failure=restarts ;;
    esac
  fi
  [ -n "$failure" ] || process_listens "$pid" "$1"
}

has_started_or_failed() { has_booted_or_failed "$1" && { [ -n "$failure" ] || started_up; }; } # PORT

# On a host that is busy the CLI may give up before the broker has answered it, so once is not enough.
started_up() { said=$(cli rabbitmqctl await_startup 2>&1); }

# Why the broker stopped while it booted, in one line or two.
boot_failure() {
  local said
  said=$(docker logs --tail 2000 "$container" 2>&1 | awk -f "$library/rabbitmq/boot-failure.awk") || true
  echo "${said:-its log does not say why}"
}

# Sets status to the cluster's status, as JSON; fails where the CLI does not answer.
read_status() { status=$(cli rabbitmqctl cluster_status --formatter json 2> /dev/null); }

# The nodes in one list of $status, sorted, on one line, each with a blank after it.
names() { # LIST
  grep -o "\"$1\":\[[^]]*\]" <<< "$status" | grep -o 'rabbit@[A-Za-z0-9_-]*' | sort | tr '\n' ' '
}

is_among() { case " $2 " in *" $1 "*) return 0 ;; *) return 1 ;; esac; } # NODE LIST

# The cluster-wide parameter in which the cluster keeps who its members are to be: a JSON list of Erlang names.
members_parameter=warren_members

# Enables the stable feature flags that are not enabled. One by one: 3.8 has no `enable_feature_flag all`.
enable_feature_flags() {
  local flags flag
  flags=$(cli rabbitmqctl list_feature_flags --silent name state stability)
  # shellcheck disable=SC2013 # names of flags have no blanks
  for flag in $(awk '$2 == "disabled" && $3 == "stable" { print $1 }' <<< "$flags"); do
    cli rabbitmqctl enable_feature_flag "$flag" > /dev/null
  done
}

# Takes a drained node back into service; on one that serves it does nothing. Its failure is for later steps to find. RabbitMQ's own
# revive leaves out quorum queues that this node still counts as led by itself, so their members are started as a boot does it.
revive() {
  cli rabbitmq-upgrade revive > /dev/null 2>&1 || true
  evaluate rabbitmq/recover-members.erl > /dev/null 2>&1 || true
}
