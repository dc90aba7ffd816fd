# shellcheck shell=bash
# Before a balancer's container is replaced, the virtual IP leaves its host. It returns at once where no balancer runs, where the wanted one
# runs already, and where this host holds no virtual IP. Where no other balancer can serve, it fails and has changed nothing.
#
# Data: container, directory, image and settings (the wanted container's), ips (virtual IPs that this host may hold), others (addresses of
#       the other hosts that may hold them), health_port and health_path (at which balancers say whether they can serve), wait_seconds (longest
#       wait for another balancer, in seconds), leave_seconds (longest wait for the virtual IP to leave)

create() {
  local found
  found=$(inspect "$container" '{{.State.Running}} {{.Image}} {{index .Config.Labels "io.warren.settings"}}') || return 0
  case $found in
    "true $image $settings")
      rm -f "$balancer_leaves"
      return
      ;;
    true*) ;;
    *) return 0 ;;
  esac
  if has_no_virtual_ip; then return; fi
  wait_until "$wait_seconds" 0.5 another_serves ||
    die "no other balancer can serve now (asked: ${others[*]}), so the virtual IP cannot leave this host. Nothing was changed"
  trap '[ $? = 0 ] || rm -f "$balancer_leaves"' EXIT
  mkdir -p "${balancer_leaves%/*}"
  touch "$balancer_leaves"
  wait_until "$leave_seconds" 0.1 has_no_virtual_ip ||
    die "the virtual IP does not leave this host after $leave_seconds s, so its balancer was not replaced: see journalctl -u keepalived (in a container: docker logs keepalived) on this host and on the others"
}

has_no_virtual_ip() {
  local shown ip
  shown=$(ip -4 -o addr show) || die "\`ip addr\` fails, so it cannot be told whether this host holds the virtual IP. Nothing was changed"
  for ip in "${ips[@]}"; do
    [[ $shown != *" $ip/"* ]] || return 1
  done
}

# One that has not been replaced yet still serves at the port at which this host's does.
another_serves() {
  local ports=("$health_port") port address
  if read -r port 2> /dev/null < "$directory/health-port" && [ "$port" != "$health_port" ]; then ports+=("$port"); fi
  for address in "${others[@]}"; do
    for port in "${ports[@]}"; do
      ! answers_200 "$port" "$health_path" '' "$address" || return 0
    done
  done
  return 1
}
