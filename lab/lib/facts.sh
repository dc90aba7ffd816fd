# shellcheck shell=bash
# What one lab is: its name, directories, network and hosts. Several labs can be up on one machine; no two share any of this.

LAB=${LAB:-} # empty: the default lab
[[ -z $LAB || $LAB =~ ^[a-z][a-z0-9-]{0,9}$ ]] ||
  die "LAB: '$LAB' cannot name a lab" "use 1 to 10 lowercase letters, digits and dashes, beginning with a letter"

STATES=$HOME/.local/state/warren
STATE=$STATES/lab${LAB:+-$LAB}
SSH_DIR=$STATE/ssh
SSH_KEY=$SSH_DIR/id_ed25519
KNOWN_HOSTS=$SSH_DIR/known_hosts
LOCK=$CACHE-hosts${LAB:+-$LAB}.lock
NETWORK=warren-lab${LAB:+-$LAB} # also the beginning of its containers' names and the comment on its iptables rules
BRIDGE=br-w${LAB:+-$LAB}
[ -n "$LAB" ] || BRIDGE=br-warren
SECOND_NETWORK=warren-second${LAB:+-$LAB} # for hosts with two interfaces
SECOND_BRIDGE=br-x${LAB:+-$LAB}
[ -n "$LAB" ] || SECOND_BRIDGE=br-warren-2

DEFAULT_SUBNET=198.18.66 # in 198.18.0.0/15, the range set aside for benchmarks (RFC 2544): it is nobody's real network
DEFAULT_COUNT=5 MAX_COUNT=12

# The default lab has its own subnet. Another lab takes the first free one, counted from where the checksum of its name points to, and keeps
# it as long as its state lives.
find_subnet() {
  local sum
  [ -n "$LAB" ] || { echo $DEFAULT_SUBNET && return; }
  ! cat "$STATE/subnet" 2>/dev/null || return 0
  sum=$(printf %s "$LAB" | cksum)
  free_subnet $((${sum%% *} % 512))
}
free_subnet() { # NUMBER: the first free one of the 512 that there are, counted from there
  local i n
  for ((i = 0; i < 512; i++)); do
    n=$((($1 + i) % 512))
    subnet_is_taken "198.$((18 + n / 256)).$((n % 256))" || { echo "198.$((18 + n / 256)).$((n % 256))" && return; }
  done
  die "no part of 198.18.0.0/15 is free for another lab" "see: ip route"
}
subnet_number() { awk -F. '{ print ($2 - 18) * 256 + $3 }' <<<"$1"; } # SUBNET
subnet_is_taken() { # by a lab, up or not, or by anything else that this machine has a route to
  [ "$1" = $DEFAULT_SUBNET ] || grep -qxF "$1" "$STATES"/lab{,-*}/{,second-}subnet 2>/dev/null ||
    ip -4 route show 2>/dev/null | grep -v " dev $BRIDGE " | grep -q "^$1\."
}

read_facts() {
  local i
  SUBNET=$(find_subnet) || exit 1
  GATEWAY=$SUBNET.1
  REGISTRY=$GATEWAY:5000
  SECOND_SUBNET=$(cat "$STATE/second-subnet" 2>/dev/null) || SECOND_SUBNET=''
  COUNT=$(cat "$STATE/count" 2>/dev/null) || COUNT=$DEFAULT_COUNT
  HOSTS=''
  for ((i = 1; i <= COUNT; i++)); do HOSTS+="${HOSTS:+ }host$i"; done
  case ",${no_proxy:-}," in *",$GATEWAY,"*) ;; *) export no_proxy="${no_proxy:+$no_proxy,}$GATEWAY" ;; esac # no proxy stands before the lab's registry
}
record_facts() { # [COUNT]: what stays the same until the lab is down; with the machine's lock, so that no two labs choose one subnet
  mkdir -p "$STATE"
  find_subnet >"$STATE/subnet.new" || exit 1
  mv "$STATE/subnet.new" "$STATE/subnet"
  [ -z "${1:-}" ] || echo "$1" >"$STATE/count"
  read_facts
}
need_count() { # VALUE of --hosts: the number, or a clear refusal
  [[ ${1:-} =~ ^[1-9][0-9]?$ ]] && [ "$1" -le $MAX_COUNT ] || die "--hosts: '${1:-}' is not a number of hosts" "a lab has 1 to $MAX_COUNT of them"
  echo "$1"
}

host_index() { # NAME: its number, or nothing
  case " $HOSTS " in *" $1 "*) echo "${1#host}" ;; esac
}
need_host() { # NAME: the index, or a clear refusal
  [ -n "${1:-}" ] || die "which host? one of: $HOSTS"
  [ -n "$(host_index "$1")" ] || die "there is no host '$1'; the lab has: $HOSTS"
  host_index "$1"
}
address() { echo "$SUBNET.$((10 + $1))"; } # INDEX
container() { echo "$NETWORK-host$1"; } # INDEX

other_labs() { # the other labs of this machine that are up, or were cut off, in words; they use the same daemon and caches
  local state others=''
  for state in "$STATES"/lab "$STATES"/lab-*; do
    [ ! -d "$state/ssh" ] || [ "$state" = "$STATE" ] || others+="${others:+, }$(case $state in */lab) echo the default lab ;; *) echo "lab ${state##*/lab-}" ;; esac)"
  done
  echo "$others"
}

# For programs that use the lab: nothing outside it has to know where things are.
verb_facts() { # [KEY]
  local key=${1:-} h hosts='' i
  local -A fact=([name]=$LAB [state]=$STATE [stacks]=$STATE/stacks [key]=$SSH_KEY [knownHosts]=$KNOWN_HOSTS [subnet]=$SUBNET [gateway]=$GATEWAY [secondSubnet]=$SECOND_SUBNET [registry]=$REGISTRY)
  for h in $HOSTS; do
    i=$(host_index "$h")
    hosts+="${hosts:+, }\"$h\": \"$(address "$i")\""
  done
  if [ -n "$key" ]; then
    [ -n "${fact[$key]+set}" ] || die "lab facts: what is '$key'?" "the keys are: ${!fact[*]}; without one, all are printed as JSON, hosts included"
    echo "${fact[$key]}"
    return
  fi
  echo '{'
  for key in name state stacks key knownHosts subnet gateway secondSubnet registry; do printf '  "%s": "%s",\n' "$key" "${fact[$key]}"; done
  printf '  "hosts": { %s }\n}\n' "$hosts"
}

read_facts
