# shellcheck shell=bash

# HTTP by bash alone, since not every host has curl, and so that a login shows in no process list.

# Whether another machine accepts connections: a machine that is down would hold up bash for minutes.
accepts() { # ADDRESS PORT
  # shellcheck disable=SC2016 # the words are the inner shell's
  timeout 5 bash -c 'exec 3<> "/dev/tcp/$0/$1"' "$1" "$2" 2> /dev/null
}

# Whether a GET answers 200.
answers_200() { # PORT PATH [USER:PASSWORD] [ADDRESS]
  local port=$1 path=$2 login=${3:-} address=${4:-127.0.0.1} authorization=
  [ "$address" = 127.0.0.1 ] || accepts "$address" "$port" || return 1
  [ -z "$login" ] || authorization="Authorization: Basic $(printf %s "$login" | base64 -w0)"$'\r\n'
  (
    exec 3<> "/dev/tcp/$address/$port"
    printf 'GET %s HTTP/1.0\r\n%s\r\n' "$path" "$authorization" >&3
    read -t 5 -r _ status _ <&3 && [ "$status" = 200 ]
  ) 2> /dev/null
}

# Prints the body of a GET that answers 200; fails otherwise.
http_get() { # PORT PATH [USER:PASSWORD] [ADDRESS]
  local port=$1 path=$2 login=${3:-} address=${4:-127.0.0.1} authorization='' answer
  [ "$address" = 127.0.0.1 ] || accepts "$address" "$port" || return 1
  [ -z "$login" ] || authorization="Authorization: Basic $(printf %s "$login" | base64 -w0)"$'\r\n'
  answer=$(
    exec 2> /dev/null
    exec 3<> "/dev/tcp/$address/$port" || exit 1
    printf 'GET %s HTTP/1.0\r\n%s\r\n' "$path" "$authorization" >&3 && timeout 5 cat <&3
  ) || return 1
  [[ $answer == HTTP/1.?" 200 "* ]] || return 1
  printf '%s\n' "${answer#*$'\r\n\r\n'}"
}
