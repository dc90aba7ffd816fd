# shellcheck shell=bash

# Writes files, each beside the old one and then over it, so that no reader sees half of it. A file is a line of mode, owner, path and
# content in base64; the owner `container` stands for $container_owner.
write_files() { # LINE...
  local line mode owner path content
  for line; do
    read -r mode owner path content <<< "$line"
    [ "$owner" != container ] || owner=$container_owner
    (umask 077 && base64 -d <<< "$content" > "$path.new")
    chmod "$mode" "$path.new"
    chown "$owner" "$path.new"
    mv -f "$path.new" "$path"
  done
}

# Paths of such files.
paths_of() { # LINE...
  local line
  for line; do cut -d' ' -f3 <<< "$line"; done
}
