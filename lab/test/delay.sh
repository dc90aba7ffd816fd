# shellcheck shell=bash
# The relay between this machine and the hosts' SSH.

# The shortest of twenty round trips through an open login to a host, in whole milliseconds; the others had to wait for a processor.
round_trip() { # HOST
  perl -MTime::HiRes=time -MIPC::Open2 -e '
    my $pid = open2(my $out, my $in, "./lab", "ssh", $ARGV[0], "cat");
    my $least = 1e9;
    for (0 .. 20) {
      my $start = time;
      syswrite $in, "x\n";
      <$out>;
      my $took = (time - $start) * 1000;
      $least = $took if $_ and $took < $least; # the first one has the login in it
    }
    printf "%d\n", $least;
    close $in;
    waitpid $pid, 0;' "$1"
}
relay_rules() { iptables -w -t nat -S OUTPUT | grep -c -- "--comment $NETWORK -j REDIRECT"; }

test_delay() {
  local ms file h
  contains 'delay: none at first' 'delay: none' "$(./lab status)"
  contains 'a delay of more than a second is refused' "'1001' is not a number of milliseconds" "$(./lab delay 1001 2>&1)"
  check 'delay 50' ./lab delay 50
  contains 'status says so' 'delay: 50 ms' "$(./lab status)"
  ms=$(round_trip host4)
  check "a round trip takes 50 ms and little more ($ms ms)" test "$ms" -ge 50 -a "$ms" -lt 75
  file=$(mktemp)
  head -c 20000000 /dev/urandom >"$file"
  equal '20 MB arrive as they were sent' "$(sha256sum <"$file")" "$(./lab ssh host4 'tee /root/lab-test | sha256sum' <"$file")"
  equal 'and come back as they are' "$(sha256sum <"$file")" "$(on host4 'cat /root/lab-test; rm /root/lab-test' | sha256sum)"
  rm "$file"
  equal 'forty logins at once' 40 "$(for h in $HOSTS $HOSTS $HOSTS $HOSTS $HOSTS $HOSTS $HOSTS $HOSTS; do ./lab ssh "$h" echo in </dev/null & done | grep -c in)"
  equal 'hosts reach each other without it' 1 "$(on host4 ping -q -c 5 -i 0.2 "$SUBNET.15" | sed -n 's|.*= \([0-9]*\)\..*|\1|p' | awk '{ print ($1 < 25) }')"
  check 'another delay' ./lab delay 120
  ms=$(round_trip host4)
  check "takes its place ($ms ms)" test "$ms" -ge 120 -a "$ms" -lt 160
  equal 'and there is one rule' 1 "$(relay_rules)"
  kill -KILL "$(recorded_pid "$STATE/relay.pid")"
  refused 'without its relay, status says no' ./lab status
  check 'up starts it again' ./lab up
  check 'then it is as it was' ./lab status
  check 'delay 0' ./lab delay 0
  ms=$(round_trip host4)
  check "takes it away ($ms ms)" test "$ms" -lt 25
  equal 'no rule is left' 0 "$(relay_rules)"
  refused 'no relay is left' test -e "$STATE/relay.pid"
}
