# shellcheck shell=bash
# An AMQP 0-9-1 client that does no more than log in, in bash alone: a login shows in no process list.

# Four bytes of a number in network order, as printf takes them.
amqp_number() { # NUMBER
  printf '\\x%02x' $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255))
}

# What the client says before it hears anything: the protocol's header, and Connection.StartOk with the login.
amqp_greeting() { # USER PASSWORD
  local LC_ALL=C user=$1 password=$2
  local response=$((${#user} + ${#password} + 2))
  # Class 10, method 11, no client properties, "PLAIN", response, "en_US".
  local size=$((2 + 2 + 4 + 6 + 4 + response + 6))
  printf 'AMQP\x00\x00\x09\x01'
  # shellcheck disable=SC2059 # the bytes of a number
  printf "\x01\x00\x00$(amqp_number $size)\x00\x0a\x00\x0b\x00\x00\x00\x00\x05PLAIN$(amqp_number $response)"
  printf '\x00%s\x00%s\x05en_US\xce' "$user" "$password"
}

amqp_bytes() { timeout 5 head -c "$1" <&"$amqp_in" | od -An -v -tx1 | tr -d ' \n'; } # COUNT: as hexadecimal digits

# Reads the next frame's payload into amqp_frame, as hexadecimal digits; fails where the connection ends.
amqp_read_frame() {
  local header size
  header=$(amqp_bytes 7)
  if ! [[ $header =~ ^01[0-9a-f]{12}$ ]]; then
    amqp_frame=$header
    return 1
  fi
  size=$((16#${header:6:8}))
  [ $size -le 65536 ] || return 1
  amqp_frame=$(amqp_bytes $((size + 1)))
}

# Sets amqp_fault to why the login fails, or to nothing. The descriptors amqp_in and amqp_out lead to the server.
amqp_log_in() { # USER PASSWORD
  amqp_fault="the connection was closed before the broker said anything"
  amqp_greeting "$1" "$2" >&"$amqp_out" || return 1
  if ! amqp_read_frame; then
    case $amqp_frame in
      '') ;;
      414d5150*) amqp_fault="the server speaks another version of AMQP" ;;
      *) amqp_fault="the server does not speak AMQP" ;;
    esac
    return 1
  fi
  [ "${amqp_frame:0:8}" = 000a000a ] || { amqp_fault="the server did not begin with Connection.Start" && return 1; }
  amqp_fault="the broker refused the login"
  amqp_read_frame || return 1
  [ "${amqp_frame:0:8}" = 000a001e ] || return 1 # Connection.Tune
  amqp_fault=
}

# Logs in over TCP. Prints nothing; amqp_fault says why it failed.
amqp_login() { # ADDRESS PORT USER PASSWORD
  local amqp_in amqp_out
  amqp_fault="nothing accepts connections there"
  # shellcheck disable=SC2016 # the words are the inner shell's
  timeout 5 bash -c 'exec 3<> "/dev/tcp/$0/$1"' "$1" "$2" 2> /dev/null || return 1
  { exec {amqp_in}<> "/dev/tcp/$1/$2"; } 2> /dev/null || return 1
  amqp_out=$amqp_in
  local result=0
  amqp_log_in "$3" "$4" || result=1
  exec {amqp_in}>&-
  return $result
}

# The same over TLS: the certificate has to be signed by an authority in a file and to be for the address.
amqp_login_tls() { # ADDRESS PORT USER PASSWORD AUTHORITY-FILE
  local amqp_in amqp_out result=0 log
  command -v openssl > /dev/null || { amqp_fault="this host has no openssl to look at TLS with: install it" && return 1; }
  log=$(mktemp)
  coproc amqp_tls { exec timeout 10 openssl s_client -quiet -verify_return_error -verify_ip "$1" -CAfile "$5" -connect "$1:$2" 2> "$log"; }
  exec {amqp_in}<&"${amqp_tls[0]}" {amqp_out}>&"${amqp_tls[1]}"
  amqp_log_in "$3" "$4" 2> /dev/null || result=1
  exec {amqp_in}<&- {amqp_out}>&-
  kill "$amqp_tls_PID" 2> /dev/null || true
  wait "$amqp_tls_PID" 2> /dev/null || true
  if [ $result = 1 ] && grep -qE 'verify error|alert|refused|errno' "$log"; then
    amqp_fault="TLS: $(grep -m 1 -oE 'verify error.*|alert .*|.*refused|.*errno.*' "$log")"
  fi
  rm -f "$log"
  return $result
}
