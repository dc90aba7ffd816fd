# shellcheck shell=bash
# Power cuts, resets and ends, clean and unclean.

images_on() { on "$1" "docker images -q | wc -l"; }

test_life() {
  local t preloaded pid pids h

  # --- a power cut
  on host1 'echo kept >/root/marker; docker run -d --name lab-test --restart always -p 28404:8404 --entrypoint sleep haproxy:2.6 inf >/dev/null; sync'
  check 'stop: host1' ./lab stop host1
  refused 'a stopped host is off the network' ping -q -c 1 -W 1 "$SUBNET.11"
  refused 'status says so' ./lab status
  check 'start: host1' ./lab start host1
  equal 'its disk is the same' kept "$(on host1 cat /root/marker)"
  check 'its containers come back' until_true 10 on host1 'docker ps --format "{{.Names}}" | grep -qx lab-test'

  # --- one machine replaced
  check 'renew: host5 without Docker' ./lab renew host5 --no-docker
  refused 'no Docker on it' on host5 command -v dockerd
  equal 'its systemd is content' running "$(on host5 systemctl is-system-running --wait)"
  check 'renew: host5' ./lab renew host5
  check 'Docker on it' on host5 docker version
  equal 'the others are left alone' kept "$(on host1 cat /root/marker)"

  # --- everything dies at once, as when the machine is restarted
  mkdir -p "$STATE/stacks"
  touch "$STATE/stacks/marker"
  pids=$(for h in 1 2 3 4 5; do docker inspect -f '{{.State.Pid}}' "$(container "$h")"; done)
  pids="$(recorded_pid "$DAEMON/dockerd.pid") $(cat "$RUN/docker/containerd/containerd.pid" 2>/dev/null) $(recorded_pid "$STATE/registry.pid") $pids"
  if [ ! -f "$DAEMON/dockerd.pid" ] || [ -n "$(other_labs)" ]; then
    echo "skip  what an unclean end leaves: the daemon is not this lab's alone"
  else
    for pid in $pids; do
      case $(cat "/proc/$pid/comm") in systemd | lab-init) kill -KILL "$(awk '{ print $4 }' "/proc/$pid/stat")" 2>/dev/null ;; esac # its containerd-shim
      kill -KILL "$pid"
    done
    sleep 1
    ip link del "$BRIDGE" 2>/dev/null
    t=$SECONDS
    check 'up repairs what an unclean end left' ./lab up
    echo "      took $((SECONDS - t)) s"
    equal 'the disks are the same' kept "$(on host1 cat /root/marker)"
    check 'the containers come back' until_true 20 on host1 'docker ps --format "{{.Names}}" | grep -qx lab-test'
    check 'the state of the stacks is kept' test -e "$STATE/stacks/marker"
  fi

  # --- reset
  preloaded=$(images_on host4)
  t=$EPOCHREALTIME
  check 'reset' ./lab reset
  echo "      took $(awk -v a="$t" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }') s"
  refused 'pristine: no file of before' on host1 test -e /root/marker
  equal 'pristine: no containers' 0 "$(on host1 'docker ps -aq | wc -l')"
  equal 'pristine: images loaded' "$preloaded" "$(images_on host1)"
  refused 'the state of the stacks is gone' test -e "$STATE/stacks"
  check 'reset --empty' ./lab reset --empty
  equal 'no images' 0 "$(images_on host2)"
  check 'a pull from the registry by its ordinary name' on host2 docker pull -q rabbitmq:3.8.9-management

  # --- down
  check 'down' ./lab down
  refused 'no state' test -e "$STATE"
  refused 'no bridge' ip link show "$BRIDGE"
  equal 'no rules' '' "$(iptables-save 2>/dev/null | grep -E "$NETWORK( |-host|\$)|$SUBNET\." || true)"
  if [ -z "$(other_labs)" ]; then test_nothing_left; else echo "skip  no process is left: another lab is up"; fi
  refused 'status says that it is down' ./lab status
  refused 'ssh says that it is down' ./lab ssh host1 true
  check 'down: again' ./lab down
  t=$SECONDS
  check 'up from the caches' ./lab up
  echo "      took $((SECONDS - t)) s"
}

test_nothing_left() {
  equal 'no processes' '' "$(pgrep -af 'dockerd|containerd|docker-registry|lab-init' | grep -E 'warren' || true)"
  equal 'no cgroups' '' "$(find /sys/fs/cgroup -maxdepth 2 -type d -path '*docker*' 2>/dev/null)"
  equal 'no mounts' '' "$(grep -E 'warren' /proc/mounts || true)"
}
