# shellcheck shell=bash
# A second lab beside this one, and labs of other sizes.

second() { LAB=second ./lab "$@"; }

test_labs() {
  local before network=''
  if [ -e "$STATES/lab-second" ]; then
    fail 'no lab named second is up' 'these checks make one, and take it down: LAB=second lab/lab down'
    return
  fi
  before=$(cat "$DAEMON/dockerd.pid" 2>/dev/null)
  on host1 'echo first >/root/marker'
  check 'a second lab, of one host' second up --hosts 1
  network=$(second facts subnet)
  refused 'it has a network of its own' test "$network" = "$SUBNET"
  equal 'its host has an address in it' "$network.11/24" "$(second ssh host1 "ip -4 -o addr show eth0 | awk '{ print \$4 }'")"
  refused 'its host is another one' second ssh host1 test -e /root/marker
  refused 'its host key is another one' test "$(cut -d' ' -f3 "$KNOWN_HOSTS" | head -n 1)" = "$(cut -d' ' -f3 "$(second facts knownHosts)" | head -n 1)"
  equal 'its host pulls from its own registry' "http://$network.1:5000/" "$(second ssh host1 "docker info -f '{{range .RegistryConfig.Mirrors}}{{.}}{{end}}'")"
  check 'and has the images of the shared store' second ssh host1 docker image inspect haproxy:2.6
  check 'which it can pull as well' second ssh host1 'docker rmi haproxy:2.6 && docker pull -q haproxy:2.6'
  check 'two hosts' second up --hosts 2
  check 'up keeps the number' second up
  check 'status: both run' second status
  equal 'two known hosts' 2 "$(wc -l <"$(second facts knownHosts)")"
  check 'reset keeps the number' second reset --empty
  check 'host2 is there after it' second ssh host2 true
  contains 'the last host is removed, and it is said' 'removed: host2' "$(second up --hosts 1)"
  contains 'it is no host any more' "no host 'host2'" "$(second ssh host2 true 2>&1)"
  equal 'reset takes a number' 12 "$(second reset --empty --hosts 12 >/dev/null && second status | grep -c 'containers: none')"
  equal 'host12 has the last address' "$network.22" "$(second facts | sed -n 's/.*"host12": "\([^"]*\)".*/\1/p')"
  equal 'every one of the twelve is content' 12 "$(for h in $(seq 12); do second ssh "host$h" systemctl is-system-running --wait; done | grep -cx running)"
  check 'the second goes down' second down
  check 'the first runs on' ./lab status
  equal 'its hosts are left alone' first "$(on host1 cat /root/marker)"
  equal 'its daemon is left alone' "$before" "$(cat "$DAEMON/dockerd.pid" 2>/dev/null)"
  check 'its way out is left alone' on host1 ping -q -c 1 -W 2 "$GATEWAY"
  equal 'nothing of the second is left' '' "$(ls -d "$STATES"/lab-second 2>/dev/null; ip -o link show br-w-second 2>/dev/null; iptables-save | grep warren-lab-second; docker ps -aq --filter name=warren-lab-second)"
  on host1 rm /root/marker
}
