# shellcheck shell=bash
# A node's certificates. A broker that runs shows them to whoever connects from then on; connections that are open stay as they are.
# Certificate and key are one file, so that nobody reads one without the other. A run that was cut off before the broker had read them is
# finished by the next.
#
# Data: name container directory, image, files (authority.pem, node.pem, and distribution.config where nodes speak TLS with each other)
lock=$name
certificates=$directory/conf/tls
# Digest of the certificates that the broker has read.
read_mark=$directory/certificates

create() {
  local paths
  find_container_owner "$image" rabbitmq
  mkdir -p "$certificates"
  chown "$container_owner" "$certificates"
  chmod 750 "$certificates"
  # Until the broker has read what is written now, it may have others, and one that was damaged on this host may have been read as well.
  [ "$(cat "$read_mark" 2> /dev/null)" = "$(certificates_digest)" ] || rm -f "$read_mark"
  write_files "${files[@]}"
  read_again_if_changed
  mapfile -t paths < <(paths_of "${files[@]}")
  owns "${paths[@]}"
}

read_again_if_changed() {
  local digest
  digest=$(certificates_digest)
  [ "$(cat "$read_mark" 2> /dev/null)" != "$digest" ] || return 0
  # Where nodes speak TLS and the old certificates have expired, the CLI may be unable to say so; Erlang by itself looks at changed files
  # every two minutes.
  wait_until 180 1 reads_again ||
    die "$name runs, but it did not take its new certificates up: its CLI does not answer. They are in $certificates; run pulumi up again"
  printf '%s\n' "$digest" > "$read_mark"
}
certificates_digest() { cat "$certificates/authority.pem" "$certificates/node.pem" 2> /dev/null | sha256sum; }
reads_again() { ! runs_on_own_data || evaluate rabbitmq/forget-certificates.erl > /dev/null 2>&1; }

delete() {
  refuse_in_use
  rm -rf "$certificates" "$directory/certificates"
}

# A broker that is to speak TLS does not start without its certificates.
refuse_in_use() {
  local found
  found=$(docker ps -aq --filter "name=^/$container\$") ||
    die "it cannot be told whether the container $container uses the certificates in $certificates. Nothing was changed"
  [ -n "$found" ] || return 0
  found=$(inspect "$container" "{{range .Mounts}}{{println .Source}}{{end}}{{range .Config.Env}}{{println .}}{{end}}") || return 0
  grep -qxF "$directory/conf" <<< "$found" || return 0
  found+=$(cat "$directory/conf/rabbitmq.conf" 2> /dev/null || true)
  [[ $found != */etc/rabbitmq/tls/* ]] ||
    die "$name: the container $container uses the certificates in $certificates. Turn TLS off in the config, or remove the container first. Nothing was changed"
}
