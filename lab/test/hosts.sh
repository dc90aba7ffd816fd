# shellcheck shell=bash
# The command line, the logins and what a host brings.

test_cli() {
  local t=$EPOCHREALTIME out
  check 'up: again, nothing to do' ./lab up
  check 'up: again takes less than 3 s' awk -v a="$t" -v b="$EPOCHREALTIME" 'BEGIN { exit !(b - a < 3) }'
  check 'status: everything is there' ./lab status
  refused 'an unknown verb is refused' ./lab frobnicate
  out=$(./lab ssh host13 true 2>&1)
  contains 'an unknown host is refused, with the list' 'host1 host2 host3 host4 host5' "$out"
  contains 'an unknown option is refused' "what is '--fast'" "$(./lab reset --fast 2>&1)"
  contains 'an unknown number of hosts is refused' "'13' is not a number of hosts" "$(./lab up --hosts 13 2>&1)"
  contains 'a name that no lab can have is refused' "'Two' cannot name a lab" "$(LAB=Two ./lab status 2>&1)"
  equal 'facts: one value' "$REGISTRY" "$(./lab facts registry)"
  equal 'facts: all of them are JSON' "$SUBNET.15 $SSH_KEY" "$(./lab facts | perl -MJSON::PP -0777 -ne '$f = decode_json($_); print "$f->{hosts}{host5} $f->{key}"')"
  contains 'an unknown image is refused, with the list' 'rabbitmq:3.8.9-management' "$(./lab images rabbitmq:1.0 2>&1)"
}

test_hosts() {
  local h out
  equal 'the client key is private' 600 "$(stat -c %a "$SSH_KEY")"
  equal 'five known hosts' 5 "$(grep -cE "^host[1-5],${SUBNET//./\\.}\.1[1-5] ssh-ed25519 " "$KNOWN_HOSTS")"
  equal 'five different host keys' 5 "$(cut -d' ' -f3 "$KNOWN_HOSTS" | sort -u | wc -l)"
  for h in $HOSTS; do
    equal "$h: root logs in" "0 $h" "$(on "$h" 'echo "$(id -u) $(hostname)"')"
    equal "$h: ops is not root and may use sudo" '1000 0' "$(on "ops@$h" 'echo "$(id -u) $(sudo -n id -u)"')"
    out=$(on "ops@$h" id -nG)
    equal "$h: ops is in no other group" ops "$out"
    out=$(ssh -F none -o UserKnownHostsFile="$KNOWN_HOSTS" -o StrictHostKeyChecking=yes -o PubkeyAuthentication=no -o BatchMode=yes "root@$(address "${h#host}")" true 2>&1)
    contains "$h: no login but by key" 'Permission denied (publickey)' "$out"
    equal "$h: systemd is content" running "$(on "$h" systemctl is-system-running --wait)"
    check "$h: Docker answers" on "$h" docker version
    equal "$h: keepalived is there, off" 'inactive disabled' "$(on "$h" 'command -v keepalived >/dev/null && echo "$(systemctl is-active keepalived) $(systemctl is-enabled keepalived)"')"
    equal "$h: sshd takes as many logins at once as it does by default" 'maxstartups 10:30:100' "$(on "$h" "sshd -T 2>/dev/null | grep -i '^maxstartups'")"
    check "$h: modprobe br_netfilter" on "$h" modprobe br_netfilter
    check "$h: kernel settings can be written" on "$h" \
      'sysctl -q -w net.bridge.bridge-nf-call-iptables=1 net.ipv4.ip_forward=1 net.ipv4.ip_nonlocal_bind=1 && sysctl -q -w net.ipv4.ip_nonlocal_bind=0'
    check "$h: the tools that a preparation uses" on "$h" 'for c in ip ping arping nft iptables curl ps sysctl rsyslogd timedatectl apt-get killall; do command -v $c >/dev/null || { echo $c; exit 1; }; done'
  done
  check 'host5: apt installs a package' on host5 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y tree && tree --version && apt-get -qq purge -y tree'
  check 'host5: the time zone can be set' on host5 'z=$(readlink -f /etc/localtime); timedatectl set-timezone Asia/Tokyo && date | grep -q JST; r=$?; ln -sf "$z" /etc/localtime; exit $r'
  refused 'host5: the clock is the machine'"'"'s' on host5 date -s '2000-01-01'
}

test_network() {
  check 'host4 reaches host5' on host4 ping -q -c 1 -W 2 "$SUBNET.15"
  check 'host4 reaches the gateway' on host4 ping -q -c 1 -W 2 "$GATEWAY"
  check 'arping: host5 is on the same wire' on host4 arping -q -c 2 -w 3 -I eth0 "$SUBNET.15"
  refused 'arping: an address that nobody has' on host4 arping -q -c 1 -w 1 -I eth0 "$SUBNET.199"
  # A virtual IP of two keepalived with its own router id and address, so that a deployed one is left alone.
  local h conf=/etc/lab-test-keepalived.conf prio=101
  for h in host4 host5; do
    on "$h" "printf 'vrrp_instance t { state BACKUP\n interface eth0\n virtual_router_id 199\n priority $prio\n advert_int 1\n virtual_ipaddress { $SUBNET.198/24 } }\n' >$conf
      keepalived -t -f $conf && keepalived --vrrp -f $conf -p /run/lab-test.pid -r /run/lab-test-vrrp.pid" || true
    prio=100
  done
  check 'VRRP: the host of the higher priority takes the address' until_true 12 on host4 "ip -4 addr show eth0 | grep -q $SUBNET.198/"
  sleep 1.5
  refused 'VRRP: the other hears it and keeps quiet' on host5 "ip -4 addr show eth0 | grep -q $SUBNET.198/"
  check 'VRRP: the address answers other hosts' on host3 arping -q -c 2 -w 3 -I eth0 "$SUBNET.198"
  on host4 'kill $(cat /run/lab-test.pid)'
  check 'VRRP: the other takes over' until_true 8 on host5 "ip -4 addr show eth0 | grep -q $SUBNET.198/"
  on host5 'kill $(cat /run/lab-test.pid)'
  check 'VRRP: the address goes with the last' until_true 5 on host5 "! ip -4 addr show eth0 | grep -q $SUBNET.198/"
}
