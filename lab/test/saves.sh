# shellcheck shell=bash
# Hosts with their disks, kept under a name.

test_saves() {
  local with moved t out
  with=$(mktemp -d) moved=$(mktemp -d)
  mkdir -p "$STATE/stacks"
  echo kept >"$STATE/stacks/saved"
  echo kept >"$with/state"
  on host1 'echo kept >/root/saved; rm /etc/motd
    docker run -d -u root --name lab-test --restart always -v lab-test:/volume --entrypoint sh haproxy:2.6 -c "trap exit TERM; while :; do sleep 0.1; done" >/dev/null
    docker exec lab-test sh -c "echo kept >/layer; echo kept >/volume/file; rm -rf /usr/share/doc"'
  out=$(on host1 'docker inspect -f "{{.Id}}" lab-test')
  check 'host5 is off' ./lab stop host5
  contains 'a name that cannot be a directory is refused' 'cannot name a save' "$(./lab save ../x 2>&1)"
  contains 'so is a directory that holds the lab' "holds the lab's own state" "$(./lab save kept --with "$HOME" 2>&1)"
  t=$EPOCHREALTIME
  check 'save' ./lab save kept --with "$with"
  echo "      took $(awk -v a="$t" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }') s"
  check 'the hosts run on' on host1 test -e /root/saved
  refused 'but host5, which did not' on host5 true
  check 'its containers run on' until_true 20 on host1 docker exec lab-test true
  contains 'saves: it is listed' kept "$(./lab saves)"
  contains 'with what belongs to it' "$with" "$(./lab saves)"
  on host1 'echo later >/root/saved; echo later >/root/later; docker exec lab-test sh -c "echo later >/layer; echo later >/volume/file"'
  echo later >"$with/state"
  rm -rf "$STATE/stacks"

  contains 'an unknown save is refused, with the list' "this lab has no save 'none'; it has:" "$(./lab restore none 2>&1)"
  contains 'a lab of another size is refused' 'save kept has 5 hosts and the lab has 4' "$(./lab up --hosts 4 >/dev/null && ./lab restore kept 2>&1)"
  check 'the lab has five again' ./lab up --hosts 5
  check 'and is reset' ./lab reset --empty
  t=$EPOCHREALTIME
  check 'restore' ./lab restore kept
  echo "      took $(awk -v a="$t" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }') s"
  check_saved "$out"
  equal 'what belongs to it' kept "$(cat "$with/state")"
  on host1 'echo later >/root/saved; docker rm -f lab-test; docker volume rm lab-test; docker rmi haproxy:2.6' >/dev/null
  check 'restore it once more, what belongs to it elsewhere' ./lab restore kept --with "$moved"
  check_saved "$out"
  equal 'what belongs to it is there' kept "$(cat "$moved/state")"
  equal 'a wrong number of directories is refused' 1 "$(./lab restore kept --with "$with" --with "$moved" 2>&1 | grep -c 'holds 1 directories')"
  check 'host5 can be started' ./lab start host5
  rm -rf "$with" "$moved"
}

check_saved() { # CONTAINER
  equal 'a file' kept "$(on host1 cat /root/saved)"
  refused 'a file that was removed' on host1 test -e /etc/motd
  refused 'a file that came later' on host1 test -e /root/later
  check 'Docker' until_true 20 on host1 docker version
  equal 'the same container' "$1" "$(on host1 'docker inspect -f "{{.Id}}" lab-test')"
  check 'it runs' until_true 20 on host1 docker exec lab-test true
  equal "its layer and its volume" 'kept kept' "$(on host1 docker exec lab-test sh -c '"echo $(cat /layer) $(cat /volume/file)"')"
  refused 'a directory that was removed in its layer' on host1 docker exec lab-test test -e /usr/share/doc
  check 'images' on host1 docker run --rm --entrypoint true haproxy:2.6
  equal 'systemd is content' running "$(on host1 systemctl is-system-running --wait)"
  refused 'host5 is off' on host5 true
  equal 'the state of the stacks' kept "$(cat "$STATE/stacks/saved")"
}
