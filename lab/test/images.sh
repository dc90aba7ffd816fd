# shellcheck shell=bash
# Each image against what the official one does.

image_made() { case $(./lab images | grep "^$1 ") in *'not made' | '') return 1 ;; esac; }
inspect() { on host5 docker image inspect -f "'$2'" "$1"; } # IMAGE FORMAT

test_images() {
  local image
  for image in 3.8.9 3.10.8 4.0.5; do
    if image_made "rabbitmq:$image-management"; then test_broker "$image"; else echo "skip  rabbitmq:$image-management is not made here (lab/lab images rabbitmq:$image-management)"; fi
  done
  for image in 2.2 2.6 3.0; do
    if image_made "haproxy:$image"; then test_balancer "$image"; else echo "skip  haproxy:$image is not made here (lab/lab images haproxy:$image)"; fi
  done
  if image_made keepalived:2.2; then test_keepalived 2.2; else echo "skip  keepalived:2.2 is not made here (lab/lab images keepalived:2.2)"; fi
}

broker_up() { # NAME ARGS...: a broker on host5 that has started
  local name=$1
  shift
  on host5 "docker rm -fv $name >/dev/null 2>&1; docker run -d --name $name $* >/dev/null" && until_true 60 on host5 "docker logs $name 2>&1 | grep -q 'Server startup complete'"
}

test_broker() { # VERSION
  local i=rabbitmq:$1-management n="broker $1" c=lab-test-broker out
  check "$n: pulled by its ordinary name" on host5 docker pull -q "$i"
  equal "$n: entry point, command, volume" '[docker-entrypoint.sh] [rabbitmq-server] map[/var/lib/rabbitmq:{}]' "$(inspect "$i" '{{.Config.Entrypoint}} {{.Config.Cmd}} {{.Config.Volumes}}')"
  equal "$n: ports" '15671/tcp 15672/tcp 15691/tcp 15692/tcp 25672/tcp 4369/tcp 5671/tcp 5672/tcp ' "$(inspect "$i" '{{range $p, $_ := .Config.ExposedPorts}}{{$p}} {{end}}')"
  out=$(inspect "$i" '{{.Config.Env}}')
  contains "$n: RABBITMQ_DATA_DIR" 'RABBITMQ_DATA_DIR=/var/lib/rabbitmq' "$out"
  contains "$n: HOME" ' HOME=/var/lib/rabbitmq' "$out"
  contains "$n: the real scripts first on PATH" 'PATH=/opt/rabbitmq/sbin:' "$out"
  out=$(on host5 "docker run --rm -e RABBITMQ_VM_MEMORY_HIGH_WATERMARK=0.4 $i 2>&1; echo exit \$?")
  contains "$n: settings that the image no longer takes stop it" 'exit 1' "$out"
  out=$(on host5 "docker run --rm -e RABBITMQ_DEFAULT_PASS_FILE=/x $i 2>&1; echo exit \$?")
  contains "$n: *_FILE stops it" 'RABBITMQ_DEFAULT_PASS_FILE is set but deprecated' "$out"

  # With nothing configured, on a root-owned directory of the host.
  on host5 'rm -rf /srv/lab-test && mkdir -p /srv/lab-test'
  check "$n: starts without any configuration" broker_up $c --hostname rabbit9 -p 25673:5672 -p 25674:15672 -v /srv/lab-test:/var/lib/rabbitmq "$i"
  equal "$n: runs as 999" 'rabbitmq 999 999' "$(on host5 "docker exec $c sh -c 'set -- \$(grep ^Uid: /proc/1/status); echo \$(stat -c %U /proc/1) \$2 \$(id -g rabbitmq)'")"
  equal "$n: gave the directory to the user" '999 999 400' "$(on host5 'echo "$(stat -c %u /srv/lab-test) $(stat -c "%u %a" /srv/lab-test/.erlang.cookie)"')"
  equal "$n: the real rabbitmqctl" /opt/rabbitmq/sbin/rabbitmqctl "$(on host5 docker exec $c which rabbitmqctl)"
  equal "$n: version" "$1" "$(on host5 docker exec $c rabbitmqctl version)"
  equal "$n: management and prometheus are on" 'rabbitmq_management rabbitmq_prometheus ' "$(on host5 "docker exec $c rabbitmq-plugins list -q -m -E" | tr '\n' ' ')"
  contains "$n: root in the container talks to the node" '"running_nodes":["rabbit@rabbit9"]' "$(on host5 docker exec $c rabbitmqctl -q cluster_status --formatter json)"
  contains "$n: guest is allowed from another host, through a published port" '"product_version"' "$(on host4 curl -s -u guest:guest "http://$SUBNET.15:25674/api/overview")"
  contains "$n: AMQP answers another host" AMQP "$(on host4 "bash -c 'exec 3<>/dev/tcp/$SUBNET.15/25673; printf NONSENSE >&3; timeout 2 head -c 8 <&3'" | tr -d '\0')"
  on host5 "docker stop -t 30 $c >/dev/null"
  equal "$n: stops by itself when told to" 0 "$(on host5 docker inspect -f '{{.State.ExitCode}}' $c)"

  # With a configuration that somebody mounted, read-only, and a cookie that was there before.
  on host5 'rm -rf /srv/lab-test && mkdir -p /srv/lab-test/data && printf "%s" ABCDEFGH >/srv/lab-test/data/.erlang.cookie && chmod 400 /srv/lab-test/data/.erlang.cookie
    printf "default_user = u1\ndefault_pass = p1\ndefault_vhost = v1\n" >/srv/lab-test/rabbitmq.conf'
  check "$n: starts with a mounted configuration" broker_up $c --hostname rabbit9 -p 25674:15672 -v /srv/lab-test/data:/var/lib/rabbitmq -v /srv/lab-test/rabbitmq.conf:/etc/rabbitmq/rabbitmq.conf:ro "$i"
  equal "$n: the configuration counts" v1 "$(on host5 docker exec $c rabbitmqctl -q --no-table-headers list_vhosts)"
  contains "$n: its user logs in" '"product_version"' "$(on host4 curl -s -u u1:p1 "http://$SUBNET.15:25674/api/overview")"
  equal "$n: the cookie is kept" ABCDEFGH "$(on host5 docker exec $c cat /var/lib/rabbitmq/.erlang.cookie)"

  # By the environment, with a fully qualified name.
  check "$n: starts by the environment" broker_up $c --hostname rabbit9.lab.test -e RABBITMQ_DEFAULT_USER=u2 -e RABBITMQ_DEFAULT_PASS=p2 -e RABBITMQ_DEFAULT_VHOST=v2 -p 25674:15672 "$i"
  contains "$n: that user logs in" '"product_version"' "$(on host4 curl -s -u u2:p2 "http://$SUBNET.15:25674/api/overview")"
  contains "$n: a fully qualified name makes long names" '"node":"rabbit@rabbit9.lab.test"' "$(on host4 curl -s -u u2:p2 "http://$SUBNET.15:25674/api/overview")"
  on host5 "docker rm -fv $c >/dev/null; rm -rf /srv/lab-test"
}

test_keepalived() { # VERSION
  local i=keepalived:$1 n="keepalived $1"
  check "$n: pulled by its ordinary name" on host5 docker pull -q "$i"
  equal "$n: entry point, command" "[keepalived] [--dont-fork --log-console]" "$(inspect "$i" '{{.Config.Entrypoint}} {{.Config.Cmd}}')"
  contains "$n: version" " v$1." "$(on host5 "docker run --rm $i --version 2>&1 | head -1")"
  check "$n: bash is in it, by which it asks a balancer" on host5 docker run --rm --entrypoint bash "$i" -c true
}

test_balancer() { # VERSION
  local i=haproxy:$1 n="balancer $1" c=lab-test-balancer user=haproxy
  [ "$1" != 2.2 ] || user=''
  check "$n: pulled by its ordinary name" on host5 docker pull -q "$i"
  equal "$n: entry point, command, user, stop signal" "[docker-entrypoint.sh] [haproxy -f /usr/local/etc/haproxy/haproxy.cfg] $user SIGUSR1" \
    "$(inspect "$i" '{{.Config.Entrypoint}} {{.Config.Cmd}} {{.Config.User}} {{.Config.StopSignal}}')"
  equal "$n: the user's number" 'uid=99(haproxy) gid=99(haproxy) groups=99(haproxy)' "$(on host5 docker run --rm "$i" id haproxy)"
  contains "$n: version" " $1." "$(on host5 docker run --rm "$i" haproxy -v | head -1)"
  on host5 'mkdir -p /srv/lab-test && printf "defaults\n mode http\n timeout connect 1s\n timeout client 1s\n timeout server 1s\nfrontend f\n bind :8404\n monitor-uri /alive\n" >/srv/lab-test/haproxy.cfg'
  on host5 "docker rm -f $c >/dev/null 2>&1; docker run -d --name $c -p 28404:8404 -v /srv/lab-test:/usr/local/etc/haproxy:ro $i >/dev/null"
  check "$n: serves through a published port" until_true 10 on host4 curl -sf -o /dev/null "http://$SUBNET.15:28404/alive"
  contains "$n: master and worker in the foreground" 'haproxy -W -db -f /usr/local/etc/haproxy/haproxy.cfg' "$(on host5 "docker top $c -o pid,args")"
  on host5 "sed -i s,/alive,/alive2, /srv/lab-test/haproxy.cfg; docker kill -s USR2 $c >/dev/null"
  check "$n: SIGUSR2 reloads the configuration" until_true 5 on host4 curl -sf -o /dev/null "http://$SUBNET.15:28404/alive2"
  equal "$n: the container went on running" 'true 0' "$(on host5 docker inspect -f "'{{.State.Running}} {{.RestartCount}}'" $c)"
  on host5 "docker stop -t 10 $c >/dev/null"
  equal "$n: SIGUSR1 stops it" 0 "$(on host5 docker inspect -f '{{.State.ExitCode}}' $c)"
  on host5 "docker rm -f $c >/dev/null; rm -rf /srv/lab-test"
}
