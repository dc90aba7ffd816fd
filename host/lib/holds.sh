# shellcheck shell=bash
# Whether what a step has brought about still holds. For each kind of line in a record (see record.sh) there is a function of its name; it
# prints a sentence if it no longer holds, and changes nothing.

holds_file() { # DIGEST MODE OWNER FILE
  local wanted="$1 $2 $3"
  if [ ! -e "$4" ]; then
    echo "$4 is missing"
  elif [ "$(file_state "$4")" != "$wanted" ]; then
    echo "$4 was changed"
  fi
}

# Nobody has touched a file since a program read it, so that the program still runs by it.
holds_untouched() { # CHANGE-TIME FILE
  [ "$(stat -c %Z "$2" 2> /dev/null)" = "$1" ] || echo "$2 was touched after it was read"
}

holds_service() { # UNIT
  if ! systemctl is-active -q "$1"; then
    echo "$1 is not active"
  elif ! systemctl is-enabled -q "$1" 2> /dev/null; then
    echo "$1 is not enabled"
  fi
}

holds_sysctl() { # KEY VALUE
  local now
  now=$(sysctl -n "$1" 2> /dev/null) || now=missing
  [ "$now" = "$2" ] || echo "sysctl $1 is $now, not $2"
}

holds_nft() { # FAMILY TABLE DIGEST
  local now
  if ! now=$(nft -s list table "$1" "$2" 2> /dev/null); then
    echo "the nftables table $1 $2 is missing"
  elif [ "$(sha256sum <<< "$now" | cut -c1-64)" != "$3" ]; then
    echo "the nftables table $1 $2 was changed"
  fi
}

holds_running() { # CONTAINER
  local now
  now=$(inspect "$1" '{{.State.Status}}') || now=missing
  [ "$now" = running ] || echo "the container $1 is $now"
}

# A broker that is stopped on purpose.
holds_stopped() { # CONTAINER
  ! runs "$1" || echo "the container $1 runs, and is to be stopped"
}

holds_container() { # CONTAINER DIGEST
  local now
  if ! now=$(container_state "$1"); then
    echo "the container $1 is missing"
  elif [ "$now" != "$2" ]; then
    echo "the container $1 was changed by hand"
  fi
}

holds_http() { # PORT PATH
  answers_200 "$1" "$2" || echo "port $1 does not answer for $2"
}

# A symbolic link leads to where it should.
holds_link() { # LINK TARGET
  local now
  now=$(readlink "$1") || now="no link"
  [ "$now" = "$2" ] || echo "$1 is $now, not a link to $2"
}

# A file that others may change still has a word in it.
holds_mentions() { # FILE WORD
  grep -qsF -e "$2" "$1" || echo "$1 does not name $2"
}

holds_group() { # USER GROUP
  id -nG "$1" 2> /dev/null | grep -qw -e "$2" || echo "$1 is not in the group $2"
}

# This host's library is the one that the last update brought, and whole.
holds_library() { # DIGEST
  local home=$root/usr/local/lib/warren
  if [ "$(readlink "$home/current")" != "$1" ]; then
    echo "Warren's library is missing or another one"
  elif ! (cd "$home/$1" && sha256sum -c --status .complete) 2> /dev/null; then
    echo "Warren's library was changed"
  fi
}
