# shellcheck shell=bash
# Distance: a relay between this machine and the hosts' SSH that adds to the round trip. Nobody who connects has to know of it.

DELAY=$STATE/delay # milliseconds; none: no delay
RELAY=$STATE/relay.pid
MOST_DELAY=1000 # the lab's own logins give up after 3 s, and a login has two round trips before the host says anything
RELAY_MARK=933 # on the relay's own connections, which must not be redirected to it again

verb_delay() { # [MILLISECONDS]
  if [ $# -eq 0 ]; then
    relay_state
    return
  fi
  [[ $1 =~ ^(0|[1-9][0-9]{0,3})$ ]] && [ "$1" -le $MOST_DELAY ] || die "lab delay: '$1' is not a number of milliseconds from 0 to $MOST_DELAY" "0 takes the delay away"
  need_up
  relay_down
  if [ "$1" = 0 ]; then
    rm -f "$DELAY"
    say "no delay: SSH reaches the hosts directly"
  else
    echo "$1" >"$DELAY"
    relay_up
  fi
}

relay_up() { # what it should be, if it is not so
  [ -s "$DELAY" ] || return 0
  ! relay_runs || return 0
  relay_down
  local i port=$STATE/relay.port
  rm -f "$port"
  detach "$RELAY" "$CACHE/logs/relay${LAB:+-$LAB}.log" perl "$HERE/relay" "$(cat "$DELAY")" $RELAY_MARK "$port"
  for ((i = 0; i < 100; i++)); do
    [ ! -s "$port" ] || break
    recorded_pid "$RELAY" >/dev/null || break
    sleep 0.05
  done
  [ -s "$port" ] || die "the relay did not start" "its output is in $CACHE/logs/relay${LAB:+-$LAB}.log"
  rule nat OUTPUT -d "$SUBNET.0/24" -p tcp --dport 22 -m mark ! --mark $RELAY_MARK -j REDIRECT --to-ports "$(cat "$port")"
  say "SSH from this machine to the hosts has $(cat "$DELAY") ms more of round trip (relay: process $(recorded_pid "$RELAY"))"
}
relay_runs() {
  recorded_pid "$RELAY" >/dev/null && rules nat | grep -q -- "--to-ports $(cat "$STATE/relay.port")\$"
}
relay_down() { # the rule goes first, so that nobody is led to where nobody listens
  remove_rules '-j REDIRECT'
  stop_recorded "$RELAY" 5
  rm -f "$STATE/relay.port"
}
relay_state() { # in words; fails when it is not as it should be
  if [ ! -s "$DELAY" ]; then
    echo "delay: none"
  elif relay_runs; then
    echo "delay: $(cat "$DELAY") ms of round trip more for SSH from this machine, relay process $(recorded_pid "$RELAY")"
  else
    echo "delay: $(cat "$DELAY") ms, but the relay does not run; start it again with: ${LAB:+LAB=$LAB }lab/lab delay $(cat "$DELAY")"
    return 1
  fi
}
