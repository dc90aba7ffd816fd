# shellcheck shell=bash
# What images there are, when one has to be made, and how it gets into the registry.

HOST_IMAGE=host:bookworm # of an ordinary host; variants have host:trixie, host:bookworm-podman and host:trixie-podman
HOST_PACKAGES=systemd,systemd-sysv,dbus,openssh-server,docker.io,keepalived,psmisc,iproute2,iputils-ping,iputils-arping,nftables,iptables,kmod,rsyslog,tzdata,sudo,curl,ca-certificates,procps,less,netbase
host_packages() { # IMAGE
  case $1 in
    host:*-podman) echo "${HOST_PACKAGES/docker.io/podman-docker,netavark,aardvark-dns,catatonit}" ;;
    host:trixie) echo "$HOST_PACKAGES,docker-cli" ;; # its docker.io only recommends the command
    *) echo "$HOST_PACKAGES" ;;
  esac
}

# The ones that `up` makes, in the order in which they are worth waiting for; `up --all` makes the others too.
DEFAULT_IMAGES="rabbitmq:3.8.9-management rabbitmq:3.10.8-management haproxy:2.6"
MORE_IMAGES="rabbitmq:4.0.5-management haproxy:2.2 haproxy:3.0 keepalived:2.2"
# From Debian's testing release, which moves on: nothing that has to work tomorrow is built on them.
TESTING_IMAGES="rabbitmq:4.3.6-management"
PRELOADED="rabbitmq:3.8.9-management rabbitmq:3.10.8-management haproxy:2.6 rabbitmq:4.0.5-management" # into the hosts, those that exist

suite_of() { # IMAGE: the Debian release that has this version
  case $1 in
    rabbitmq:3.8.9-* | haproxy:2.2) echo bullseye ;;
    rabbitmq:3.10.8-* | haproxy:2.6 | keepalived:2.2 | host:bookworm*) echo bookworm ;;
    rabbitmq:4.0.5-* | haproxy:3.0 | host:trixie*) echo trixie ;;
    rabbitmq:4.3.6-*) echo forky ;;
    *) die "the lab has no image '$1'; it has: $DEFAULT_IMAGES $MORE_IMAGES $TESTING_IMAGES" ;;
  esac
}
seconds_of() { case $1 in haproxy:* | keepalived:*) echo 12 ;; host:*) echo 45 ;; *) echo 30 ;; esac; }

# An image is as good as what it was made from: a change in its files, or in how it is made, makes it anew.
recipe() { # KIND (host, rabbitmq, haproxy, keepalived) IMAGE
  { cat "$HERE/images/slim" "$HERE/images/$1"/* && declare -f base rootfs "$(builder "$1")" && echo "$2 $(host_packages "$2")"; } | sha256sum | cut -c1-16
}
# The function that makes images of a kind: what makes another kind is no part of this one's recipe.
builder() { case $1 in host | keepalived) echo "build_$1" ;; *) echo build_image ;; esac; } # KIND
marker() { echo "$CACHE/built/${1/:/_}"; } # IMAGE: holds the recipe it was pushed with
have_image() { # IMAGE
  case $1 in
    host:*) [ "$(docker image inspect -f "{{index .Config.Labels \"$LABEL\"}}" "warren-lab/$1" 2>/dev/null)" = "$(recipe host "$1")" ] ;;
    *)
      [ "$(cat "$(marker "$1")" 2>/dev/null)" = "$(recipe "${1%%:*}" "$1")" ] &&
        curl -sf -o /dev/null -I "http://$REGISTRY/v2/library/${1/://manifests/}"
      ;;
  esac
}

images_up() { # IMAGE...: makes what is missing, two at a time
  local image missing="" total=0
  for image in "$@"; do
    suite_of "$image" >/dev/null || exit 1
    have_image "$image" || { missing="$missing $image"; total=$((total + $(seconds_of "$image"))); }
  done
  [ -n "$missing" ] || return 0
  say "making$missing (about $((total * 6 / 10)) s)"
  tools_up
  rm -rf --one-file-system "$CACHE/work" # what a run that was cut off left
  mkdir -p "$CACHE/work" "$CACHE/built" "$CACHE/logs"
  local n=0 failed=0
  for image in $missing; do
    if [ $n -ge 2 ]; then
      wait -n || failed=1
      n=$((n - 1))
    fi
    make_image "$image" &
    n=$((n + 1))
  done
  while [ $n -gt 0 ]; do
    wait -n || failed=1
    n=$((n - 1))
  done
  rm -rf --one-file-system "$CACHE/work"
  # What the new ones replace: untagged host images that no host uses, and blobs that no tag leads to.
  docker image prune -f --filter "label=$LABEL" >/dev/null || true
  "$(tool docker-registry)" garbage-collect -m "$STATE/registry.yml" >"$CACHE/logs/registry-gc.log" 2>&1 || true
  [ $failed = 0 ] || die "not every image could be made" "the output of each is in $CACHE/logs/"
}

make_image() { # IMAGE
  local image=$1 started=$EPOCHREALTIME log
  log=$CACHE/logs/image-${image/:/_}.log
  "$(builder "${image%%:*}")" "$image" >"$log" 2>&1 7>&- 9>&- &
  # Waited for, not asked with `if`: bash forgets `set -e` inside anything whose result is asked.
  wait $! || {
    warn "$image could not be made; the end of $log:"
    tail -n 8 "$log" >&2
    return 1
  }
  say "$image made ($(awk -v a="$started" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.0f", b - a }') s)"
}

build_image() { # IMAGE
  local image=$1 suite tar
  suite=$(suite_of "$image")
  tar=$CACHE/work/${image/:/_}.tar
  export VERSION=${image#*:}
  VERSION=${VERSION%-management}
  case $image in
    rabbitmq:*)
      rootfs "$suite" rabbitmq-server,tzdata "$HERE/images/rabbitmq/setup" "$HERE/images/rabbitmq/prepare" >"$tar"
      # shellcheck source=/dev/null
      push "$image" "$tar" "$(. "$HERE/images/rabbitmq/config")"
      ;;
    haproxy:*)
      rootfs "$suite" haproxy "$HERE/images/haproxy/setup" >"$tar"
      # shellcheck source=/dev/null
      push "$image" "$tar" "$(. "$HERE/images/haproxy/config")"
      ;;
  esac
  rm -f "$tar"
}
build_host() { # IMAGE
  rootfs "$(suite_of "$1")" "$(host_packages "$1")" "$HERE/images/host/setup" |
    docker import --change "LABEL $LABEL=$(recipe host "$1")" --change 'CMD ["/usr/local/sbin/lab-init"]' - "warren-lab/$1"
}
build_keepalived() { # IMAGE
  local tar=$CACHE/work/${1/:/_}.tar
  VERSION=${1#*:} rootfs "$(suite_of "$1")" keepalived,tzdata "$HERE/images/keepalived/setup" >"$tar"
  # shellcheck source=/dev/null
  push "$1" "$tar" "$(. "$HERE/images/keepalived/config")"
  rm -f "$tar"
}
# Into the registry by its own protocol: one layer, left uncompressed, because compressing costs more here than it saves.
push() { # IMAGE TAR CONFIG: CONFIG is the "config" part of the image's JSON
  local image=$1 tar=$2 repo=library/${1%%:*} tag=${1#*:} layer json digest size
  layer=sha256:$(sha256sum "$tar" | cut -d' ' -f1)
  size=$(stat -c %s "$tar")
  json=$tar.json
  printf '{"architecture":"%s","os":"linux","created":"%s","config":%s,"rootfs":{"type":"layers","diff_ids":["%s"]},"history":[{"created_by":"warren lab"}]}' \
    "$(dpkg --print-architecture)" "$(date -u +%FT%TZ)" "$3" "$layer" >"$json"
  digest=sha256:$(sha256sum "$json" | cut -d' ' -f1)
  blob "$repo" "$tar" "$layer"
  blob "$repo" "$json" "$digest"
  printf '{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":%s,"digest":"%s"},"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar","size":%s,"digest":"%s"}]}' \
    "$(stat -c %s "$json")" "$digest" "$size" "$layer" |
    curl -sSf -X PUT -H 'Content-Type: application/vnd.docker.distribution.manifest.v2+json' --data-binary @- "http://$REGISTRY/v2/$repo/manifests/$tag"
  recipe "${image%%:*}" "$image" >"$(marker "$image")"
}
blob() { # REPOSITORY FILE DIGEST
  local url
  curl -sf -o /dev/null -I "http://$REGISTRY/v2/$1/blobs/$3" && return
  url=$(curl -sSf -D - -o /dev/null -X POST "http://$REGISTRY/v2/$1/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  curl -sSf -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' -T "$2" "$url&digest=$3"
}
