# shellcheck shell=bash
# Hosts as other teams have them: each option of `lab renew` that makes one.

test_variants() {
  local host
  for host in host1 host2 host3; do
    [ ! -e "$STATE/hosts/$host/variant" ] || check "$host becomes an ordinary host first" ./lab renew "$host"
  done
  variant_refusals
  variant_umask_and_logins
  variant_bridge
  variant_second_network
  variant_podman
  variant_debian13
  variant_apt_locked
  variant_gone
}

says() { "$@" 2>&1 || true; }

variant_refusals() {
  on host3 'echo kept >/root/marker'
  contains 'renew: an unknown option is refused' "what is '--fast'" "$(says ./lab renew host3 --fast)"
  contains 'renew --umask: not a umask' "'8' is not a umask" "$(says ./lab renew host3 --umask 8)"
  contains 'renew --bridge: no name' 'no value is given' "$(says ./lab renew host3 --bridge)"
  contains 'renew --bridge: a name that is taken' "an interface 'eth0' already" "$(says ./lab renew host3 --bridge eth0)"
  contains 'renew --login: not a login' "'Ops' cannot name a login" "$(says ./lab renew host3 --login Ops)"
  contains 'renew --login: a login that is there' "a login 'ops' already" "$(says ./lab renew host3 --login ops)"
  contains 'renew --debian: a release that the lab does not have' "no hosts of Debian '14'" "$(says ./lab renew host3 --debian 14)"
  contains 'renew: Podman or no Docker' 'exclude each other' "$(says ./lab renew host3 --podman --no-docker)"
  equal 'renew: what is refused changes nothing' kept "$(on host3 cat /root/marker)"
}

variant_umask_and_logins() {
  local user
  check 'umask, logins: renew host3' ./lab renew host3 --umask 027 --long-home --login ops.team
  for user in root ops ops.team longhome; do
    equal "umask: $user, and sudo" '0027 0027' "$(on "$user@host3" 'echo "$(umask) $(sudo -n sh -c umask)"')"
    equal "umask: what $user makes, by itself and by sudo" '640 640' "$(on "$user@host3" 'touch a && sudo -n touch b && stat -c %a a b | paste -sd" "')"
  done
  equal 'umask: a login shell' 0027 "$(on host3 bash -lc umask)"
  for user in ops.team longhome; do
    equal "$user: is not root, may use sudo, and is in no other group" "$user 0" "$(on "$user@host3" 'echo "$(id -nG) $(sudo -n id -u)"')"
  done
  equal 'ops.team: its home' /home/ops.team "$(on ops.team@host3 pwd)"
  equal 'longhome: a home of 60 characters' 60 "$(on longhome@host3 'pwd | tr -d "\n" | wc -c')"
  equal 'umask, logins: systemd is content' running "$(on host3 systemctl is-system-running --wait)"
  contains 'status tells the variant' 'variant: --umask 027 --long-home --login ops.team' "$(says ./lab status)"
  equal 'status: host1 and host2 are none' 'variant: --umask 027 --long-home --login ops.team' "$(says ./lab status | sed -n '/^host1 /,/^host4 /s/^ *\(variant: .*\)/\1/p')"
}

addresses() { on "$1" "ip -4 -o addr show $2 scope global" | awk '{ print $4 }'; } # HOST INTERFACE

variant_bridge() {
  local h3
  h3=$(address 3)
  check 'bridge: renew host3' ./lab renew host3 --bridge br-mgmt
  on host3 'mkdir /srv/lab-test && printf "defaults\n mode http\n timeout connect 1s\n timeout client 1s\n timeout server 1s\nfrontend f\n bind :8404\n monitor-uri /alive\n" >/srv/lab-test/haproxy.cfg
    docker run -d --restart always -p 28404:8404 -v /srv/lab-test:/usr/local/etc/haproxy:ro haproxy:2.6 >/dev/null
    printf "vrrp_instance t { state BACKUP\n interface br-mgmt\n virtual_router_id 199\n advert_int 1\n virtual_ipaddress { '"$SUBNET"'.198/24 } }\n" >/etc/keepalived/keepalived.conf
    systemctl -q enable --now keepalived'
  bridge_works 'at its first boot'
  check 'bridge: power cut' ./lab stop host3
  check 'bridge: power again' ./lab start host3
  bridge_works 'after a power cut'
}
bridge_works() { # WHEN
  local n="bridge, $1"
  contains "$n: it has the address" "$h3/24" "$(addresses host3 br-mgmt)"
  equal "$n: eth0 has none" '' "$(addresses host3 eth0)"
  contains "$n: eth0 is its port" 'master br-mgmt state forwarding' "$(on host3 bridge link show dev eth0)"
  contains "$n: the default route" "default via $GATEWAY dev br-mgmt" "$(on host3 ip route show default)"
  check "$n: on the same wire as the others" on host2 arping -q -c 2 -w 3 -I eth0 "$h3"
  check "$n: a pull from the registry" on host3 docker pull -q haproxy:2.6
  check "$n: others reach a container's port" until_true 20 on host2 curl -sf -o /dev/null "http://$h3:28404/alive"
  check "$n: keepalived holds a virtual IP on it" until_true 20 on host2 arping -q -c 1 -w 1 -I eth0 "$SUBNET.198"
  contains "$n: the virtual IP" "$SUBNET.198/24" "$(addresses host3 br-mgmt)"
  equal "$n: systemd is content" running "$(on host3 systemctl is-system-running --wait)"
}

variant_second_network() {
  local second
  check 'second network: renew host2' ./lab renew host2 --second-network
  second=$(./lab facts secondSubnet)
  check 'second network: renew host3' ./lab renew host3 --second-network --bridge br-mgmt
  second_network_works 'at its first boot'
  check 'second network: power cut' ./lab stop host2 host3
  check 'second network: power again for host2' ./lab start host2
  check 'second network: power again for host3' ./lab start host3
  second_network_works 'after a power cut'
}
second_network_works() { # WHEN
  local n="second network, $1"
  equal "$n: eth1 of both" "$second.12/24 $second.13/24" "$(addresses host2 eth1) $(addresses host3 eth1)"
  equal "$n: eth0 is in the first" "$(address 2)/24" "$(addresses host2 eth0)"
  check "$n: host2 reaches host3 in it" on host2 ping -q -c 1 -W 2 -I eth1 "$second.13"
  check "$n: on the same wire" on host3 arping -q -c 2 -w 3 -I eth1 "$second.12"
  contains "$n: the default route is in the first" "default via $GATEWAY dev eth0" "$(on host2 ip route show default)"
  equal "$n: there is one default route" 1 "$(on host2 ip route show default | wc -l)"
  check "$n: the first still works" on host2 ping -q -c 1 -W 2 "$(address 3)"
  refused "$n: a host without it does not reach it" on host1 ping -q -c 1 -W 2 "$second.13"
  equal "$n: nor has it an eth1" '' "$(says on host1 'ip -o link show eth1 2>/dev/null')"
}

variant_podman() {
  local out
  check 'podman: renew host3' ./lab renew host3 --podman
  refused 'podman: no dockerd' on host3 command -v dockerd
  refused 'podman: no package of Docker' on host3 'dpkg -s docker.io'
  check 'podman: the docker command is from podman-docker' on host3 'dpkg -S /usr/bin/docker | grep -q "^podman-docker:"'
  contains 'podman: it says that it is Podman' 'Podman Engine' "$(on host3 docker version 2>/dev/null)"
  contains 'podman: there is no Docker service' 'docker.service' "$(says on host3 systemctl start docker)"
  contains 'podman: a short name is refused, as Debian sets it up' 'did not resolve to an alias' "$(says on host3 docker pull -q haproxy:2.6)"
  check 'podman: a pull from the registry' on host3 docker pull -q docker.io/library/haproxy:2.6
  equal 'podman: it runs a container' 'uid=99(haproxy) gid=99(haproxy) groups=99(haproxy)' "$(on host3 docker run --rm docker.io/library/haproxy:2.6 id haproxy 2>/dev/null)"
  equal 'podman: systemd is content' running "$(on host3 systemctl is-system-running --wait)"
  check 'podman: status' ./lab status
}

variant_debian13() {
  local user
  check 'Debian 13: renew host3' ./lab renew host3 --debian 13 --umask 027 --login ops.team --bridge br-mgmt
  contains 'Debian 13: it is' 13. "$(on host3 cat /etc/debian_version)"
  equal 'Debian 13: the images are loaded' "$(on host1 'docker images --format "{{.Repository}}:{{.Tag}}" | sort')" "$(on host3 'docker images --format "{{.Repository}}:{{.Tag}}" | sort')"
  check 'Debian 13: a broker starts' on host3 docker run -d --name lab-test --hostname rabbit9 rabbitmq:3.10.8-management
  check 'Debian 13: the broker has started' until_true 60 on host3 "docker logs lab-test 2>&1 | grep -q 'Server startup complete'"
  equal 'Debian 13: keepalived is there, off' 'inactive disabled' "$(on host3 'command -v keepalived >/dev/null && echo "$(systemctl is-active keepalived) $(systemctl is-enabled keepalived)"')"
  for user in root ops ops.team; do
    equal "Debian 13: umask of $user, and under sudo" '0027 0027' "$(on "$user@host3" 'echo "$(umask) $(sudo -n sh -c umask)"')"
  done
  contains 'Debian 13: the bridge' "$(address 3)/24" "$(addresses host3 br-mgmt)"
  equal 'Debian 13: systemd is content' running "$(on host3 systemctl is-system-running --wait)"
  check 'Debian 13: apt installs a package' on host3 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y tree && tree --version'
  check 'Debian 13: power cut' ./lab stop host3
  check 'Debian 13: power again' ./lab start host3
  check 'Debian 13: its container starts again' on host3 docker start lab-test
  check 'Debian 13 without Docker: renew host3' ./lab renew host3 --debian 13 --no-docker
  refused 'Debian 13 without Docker: there is none' on host3 'command -v dockerd || command -v docker'
  check 'Debian 13 with Podman: renew host3' ./lab renew host3 --debian 13 --podman
  contains 'Debian 13 with Podman: it says so' 'Podman Engine' "$(on host3 docker version 2>/dev/null)"
}

variant_apt_locked() {
  local t=$SECONDS
  check 'apt locked: renew host3, on which Docker is still to be installed' ./lab renew host3 --apt-locked 30 --no-docker
  contains 'apt locked: the lists are locked by apt-get' 'Could not get lock /var/lib/apt/lists/lock. It is held by process' "$(says on host3 apt-get update)"
  contains 'apt locked: and the process is named' '(apt-get)' "$(says on host3 apt-get update)"
  equal 'apt locked: apt-daily runs' activating "$(says on host3 systemctl is-active apt-daily.service)"
  check 'apt locked: it ends' until_true 60 on host3 'apt-get update'
  check 'apt locked: but not before its time' test $((SECONDS - t)) -ge 30
  equal 'apt locked: apt-daily has ended well' 'inactive success' "$(on host3 'echo "$(systemctl is-active apt-daily.service) $(systemctl show -p Result --value apt-daily.service)"')"
  check 'apt locked: what it is for works then' on host3 'DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends tree && tree --version'
  check 'apt locked: power cut' ./lab stop host3
  check 'apt locked: power again' ./lab start host3
  check 'apt locked: no more at the next boot' on host3 apt-get -qq update
}

variant_gone() {
  check 'renew host2, as it was' ./lab renew host2
  check 'renew host3, as it was' ./lab renew host3
  equal 'none of them is a variant any more' '' "$(says ./lab status | sed -n '/^host1 /,/^host4 /s/^ *\(variant: .*\)/\1/p')"
  equal 'the bridge is gone' '' "$(says on host3 'ip -o link show br-mgmt 2>/dev/null')"
  equal 'the second interface is gone' '' "$(says on host2 'ip -o link show eth1 2>/dev/null')"
  equal 'the umask is as it was' 0022 "$(on host3 umask)"
  refused 'the login is gone' on ops.team@host3 true
}
