# shellcheck shell=bash
# What a step has brought about is recorded when it ends well, so that `warren facts` can say whether it still holds. A record has a
# line for each thing: its kind, then what it takes to look at it (see host/lib/holds.sh).

recorded=()

# The step owns these files: each is to stay as it is now.
owns() { # FILE...
  local file
  for file; do recorded+=("file $(file_state "$file") $file"); done
}

# Something else that is to stay so.
expects() { # KIND WORDS...
  recorded+=("$*")
}

# Digest, mode and owner of a file, or of what a directory's name stands for.
file_state() { # FILE
  local digest=-
  [ ! -f "$1" ] || digest=$(sha256sum < "$1" | cut -c1-64)
  printf '%s %s' "$digest" "$(stat -c '%a %u:%g' "$1")"
}

record_of() { echo "$state/steps/$1"; } # RESOURCE

forget_step() { rm -f "$(record_of "$1")"; } # RESOURCE

# For a step that fails and has changed nothing: what it recorded before still holds.
keep_record() {
  [ -z "${former_record:-}" ] || write_record "$resource" "$former_record"
}

record_step() { # RESOURCE DATA
  write_record "$1" "$(
    echo "input $(input_digest "$2")"
    printf '%s\n' "again ${again:-}" "${recorded[@]}"
  )"
}

write_record() { # RESOURCE TEXT
  local file
  file=$(record_of "$1")
  # Others read below $state, such as keepalived's check: only the records are root's alone.
  mkdir -p "$state"
  [ -d "${file%/*}" ] || mkdir -m 700 "${file%/*}"
  printf '%s\n' "$2" > "$file.new"
  chmod 600 "$file.new"
  mv -f "$file.new" "$file"
}

# Digest of a step's data, but for the line that has it run again.
input_digest() { # DATA
  grep -v '^again=' <<< "$1" | sha256sum | cut -c1-64
}

# The container is to stay as it is now.
expects_container() { # CONTAINER
  local digest
  digest=$(container_state "$1")
  expects container "$1" "$digest"
}

# A table of nftables is to stay as it is now.
expects_nft() { # FAMILY TABLE
  local listed
  listed=$(nft -s list table "$1" "$2")
  expects nft "$1" "$2" "$(sha256sum <<< "$listed" | cut -c1-64)"
}

# A program has just read this file, and is to go on by it.
expects_untouched() { # FILE
  expects untouched "$(stat -c %Z "$1")" "$1"
}
