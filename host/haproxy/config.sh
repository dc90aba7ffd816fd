# shellcheck shell=bash
# A balancer's configuration: staged, checked by the image's own HAProxy, swapped in, and loaded by a balancer that runs. A reload starts a new
# worker and lets the old one finish its connections; none is cut. A configuration that HAProxy refuses changes nothing.
#
# Data: container, stack, part, by_hand (a container made by hand is expected: it will give way), image, directory (its files on the host),
#       files (of its configuration, with paths below $directory/new)

create() {
  local expected=
  if [ "$by_hand" = true ]; then expected=by-hand; fi
  refuse_foreign "$container" "$stack" "$part" "$expected"
  find_container_owner "$image" haproxy
  stage
  write_files "${files[@]}"
  check
  swap_in
  if runs "$container"; then docker kill --signal USR2 "$container" > /dev/null; fi
}

# An empty directory beside the one in use.
stage() {
  rm -rf "$directory/new"
  mkdir -p "$directory/new" "$directory/conf"
  chmod 755 "$directory"
  chown "$container_owner" "$directory/new" "$directory/conf"
  chmod 750 "$directory/new" "$directory/conf"
}

check() {
  local said
  said=$(docker run --rm --network none -v "$directory/new:$balancer_configuration:ro" "$image" haproxy -c -f "$balancer_configuration/haproxy.cfg" 2>&1) && return
  rm -rf "$directory/new"
  keep_record
  die "$part: HAProxy of the image $image refuses the new configuration: $(reason_in "$said")
The balancer keeps the one that it has. Correct what is named, and run \`pulumi up\` again"
}

# HAProxy's first two complaints; where it has none, the end of what was said.
reason_in() { # TEXT
  local alerts
  alerts=$(sed -nE 's/^\[ALERT\][^:]*: *(config *: *)?//p' <<< "$1" | grep -vE '^(Error\(s\)|Fatal errors) found' | head -n 2) || true
  echo "${alerts:-$(tail -n 2 <<< "$1")}"
}

swap_in() {
  local file
  for file in "$directory"/conf/*; do
    [ -e "$directory/new/${file##*/}" ] || rm -f "$file"
  done
  mv -f "$directory"/new/* "$directory/conf/"
  rmdir "$directory/new"
  owns "$directory"/conf/*
}

delete() {
  refuse_mounted "$container" "$directory"
  rm -rf "$directory"
}
