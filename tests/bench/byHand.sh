#!/usr/bin/env bash
# The first article's steps by hand: byHand.sh parallel|sequential BROKER_IMAGE
# What an operator would script over one multiplexed SSH connection for each host; `sequential` is the same, one host and one
# step after the other. It ends when the virtual IP serves, as `pulumi up` does.
set -euo pipefail
how=$1 image=$2
lab=$(dirname "${BASH_SOURCE[0]}")/../../lab/lab
key=$("$lab" facts key)
known_hosts=$("$lab" facts knownHosts)
subnet=$("$lab" facts subnet)
sockets=$(mktemp -d)
cookie=$(head -c 24 /dev/urandom | base64 | tr -dc A-Za-z0-9)
vip=$subnet.100

on() { # host script: runs it there
  ssh -i "$key" -o UserKnownHostsFile="$known_hosts" -o StrictHostKeyChecking=yes -o LogLevel=ERROR \
    -o ControlMaster=auto -o ControlPath="$sockets/%h" -o ControlPersist=60 "root@$subnet.1${1#host}" bash -s <<< "set -euo pipefail; $2"
}
finish() {
  for socket in "$sockets"/*; do [ ! -S "$socket" ] || ssh -q -O exit -o ControlPath="$socket" any 2> /dev/null || true; done
  rm -rf "$sockets"
}
trap finish EXIT

each() { # function host...: on all of them, side by side or in turn
  local step=$1 pids=() host
  shift
  for host; do
    if [ "$how" = parallel ]; then "$step" "$host" & pids+=($!); else "$step" "$host"; fi
  done
  for host in "${pids[@]}"; do wait "$host"; done
}

prepare() {
  on "$1" 'modprobe br_netfilter 2> /dev/null || true
    printf "net.ipv4.ip_forward = 1\nnet.ipv4.ip_nonlocal_bind = 1\n" > /etc/sysctl.d/90-hand.conf
    sysctl -q -p /etc/sysctl.d/90-hand.conf
    docker info > /dev/null
    ln -sfn /usr/share/zoneinfo/Asia/Shanghai /etc/localtime'
}

node() {
  on "$1" "mkdir -p /srv/rabbitmq/data
    cd /srv/rabbitmq
    (umask 077; printf %s '$cookie' > data/.erlang.cookie); chmod 400 data/.erlang.cookie; chown -R 999:999 data
    printf 'default_user = admin\ndefault_pass = by-hand-by-hand\ndefault_vhost = app\ncluster_partition_handling = pause_minority\nvm_memory_high_watermark.relative = 0.4\n' > rabbitmq.conf
    docker image inspect $image > /dev/null
    docker run -d --name rabbitmq --hostname rabbitmq${1#host} --restart always -e TZ=Asia/Shanghai \
      --add-host rabbitmq1:$subnet.11 --add-host rabbitmq2:$subnet.12 --add-host rabbitmq3:$subnet.13 \
      -p 4369:4369 -p 5671:5671 -p 5672:5672 -p 15672:15672 -p 15692:15692 -p 25672:25672 \
      -v /srv/rabbitmq/data:/var/lib/rabbitmq -v /srv/rabbitmq/rabbitmq.conf:/etc/rabbitmq/rabbitmq.conf:ro $image > /dev/null
    until docker exec -u rabbitmq rabbitmq rabbitmqctl -q await_startup > /dev/null 2>&1; do sleep 0.5; done"
}

# shellcheck disable=SC2016 # the host expands it
leave_alone() { on "$1" 'for step in stop_app reset; do docker exec -u rabbitmq rabbitmq rabbitmqctl -q $step; done'; }

join() {
  local ram=
  [ "$1" != host3 ] || ram=--ram
  on "$1" "docker exec -u rabbitmq rabbitmq rabbitmqctl -q join_cluster $ram rabbit@rabbitmq1
    docker exec -u rabbitmq rabbitmq rabbitmqctl -q start_app"
}

formed() { on host1 'docker exec -u rabbitmq rabbitmq rabbitmqctl -q cluster_status --formatter json' | grep -q '"running_nodes":\[[^]]*rabbitmq[123][^]]*rabbitmq[123][^]]*rabbitmq[123]'; }

balancer() {
  on "$1" "mkdir -p /srv/haproxy
    cat > /srv/haproxy/haproxy.cfg <<'END'
global
    log stdout format raw local0 info
    maxconn 4096
defaults
    log global
    mode tcp
    retries 3
    option redispatch
    maxconn 2000
    timeout connect 5s
    timeout client 3h
    timeout server 3h
listen stats
    bind :8100
    mode http
    monitor-uri /healthz
    monitor fail if { nbsrv(rabbitmq) lt 1 }
    stats enable
    stats uri /
    stats auth admin:by-hand-by-hand
listen rabbitmq
    bind :5670
    balance roundrobin
    server rabbitmq1 $subnet.11:5672 check inter 5s rise 2 fall 3
    server rabbitmq2 $subnet.12:5672 check inter 5s rise 2 fall 3
    server rabbitmq3 $subnet.13:5672 check inter 5s rise 2 fall 3
END
    docker run --rm --network none -v /srv/haproxy:/usr/local/etc/haproxy:ro haproxy:2.6 haproxy -c -q -f /usr/local/etc/haproxy/haproxy.cfg
    docker run -d --name haproxy --restart always -e TZ=Asia/Shanghai -p 8100:8100 -p 15670:5670 -v /srv/haproxy:/usr/local/etc/haproxy:ro haproxy:2.6 > /dev/null
    until curl -sf http://127.0.0.1:8100/healthz > /dev/null; do sleep 0.1; done"
}

vip() {
  local role=BACKUP priority=100
  [ "$1" != host4 ] || role=MASTER priority=101
  on "$1" "cat > /etc/keepalived/keepalived.conf <<'END'
vrrp_script chk_haproxy {
    script \"/usr/bin/killall -0 haproxy\"
    interval 1
    weight -2
}
vrrp_instance VI_1 {
    state $role
    interface eth0
    virtual_router_id 51
    priority $priority
    advert_int 1
    virtual_ipaddress {
        $vip/24
    }
    track_script {
        chk_haproxy
    }
}
END
    keepalived -t > /dev/null 2>&1 || true
    systemctl enable -q --now keepalived"
}

each prepare host1 host2 host3 host4 host5
each node host1 host2 host3
each leave_alone host2 host3
if [ "${JOINS:-serial}" = parallel ]; then each join host2 host3; else join host2; join host3; fi
until formed; do sleep 0.2; done
each balancer host4 host5
each vip host4 host5
until timeout 1 bash -c "exec 3<> /dev/tcp/$vip/15670 && printf 'AMQP\x00\x00\x09\x01' >&3 && head -c 1 <&3 > /dev/null" 2> /dev/null; do sleep 0.1; done
