# shellcheck shell=bash
# The hosts: each a container that runs systemd, sshd and dockerd, with a directory of this machine as its image store.

GOLDEN=$CACHE/golden

keys_up() {
  local h i
  mkdir -p "$SSH_DIR"
  chmod 700 "$SSH_DIR"
  [ -s "$SSH_KEY" ] || { rm -f "$SSH_KEY" && ssh-keygen -q -t ed25519 -N '' -C warren-lab -f "$SSH_KEY"; }
  for h in $HOSTS golden; do
    mkdir -p "$SSH_DIR/$h"
    [ -s "$SSH_DIR/$h/ssh_host_ed25519_key.pub" ] ||
      { rm -f "$SSH_DIR/$h"/* && ssh-keygen -q -t ed25519 -N '' -C "$h" -f "$SSH_DIR/$h/ssh_host_ed25519_key"; }
  done
  for h in $HOSTS; do
    i=$(host_index "$h")
    echo "$h,$(address "$i") $(cut -d' ' -f1,2 "$SSH_DIR/$h/ssh_host_ed25519_key.pub")"
  done >"$KNOWN_HOSTS.new"
  mv "$KNOWN_HOSTS.new" "$KNOWN_HOSTS"
}

ssh_host() { # [USER@]INDEX [COMMAND...]
  local user=root i=$1
  shift
  case $i in *@*) user=${i%%@*} i=${i#*@} ;; esac
  ssh -F none -i "$SSH_KEY" -o IdentitiesOnly=yes -o UserKnownHostsFile="$KNOWN_HOSTS" -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes \
    -o ConnectTimeout=3 -o BatchMode=yes -o LogLevel=ERROR "$user@$(address "$i")" "$@"
}

# What a host gets beside its image: things of this machine and this lab, which may change while the image stays.
FILES=$STATE/files
files_up() { # what is the same for all hosts
  local d=$FILES
  rm -rf "$d"
  mkdir -p "$d/root/.ssh" "$d/home/ops/.ssh" "$d/etc/docker" "$d/etc/ssh" "$d/etc/lab" "$d/etc/apt/apt.conf.d"
  chmod 755 "$d" "$d/home" "$d/home/ops" "$d/etc" "$d/etc"/* "$d/etc/apt/apt.conf.d"
  chmod 700 "$d/root" "$d/root/.ssh" "$d/home/ops/.ssh"
  install -m 600 "$SSH_KEY.pub" "$d/root/.ssh/authorized_keys"
  install -m 600 "$SSH_KEY.pub" "$d/home/ops/.ssh/authorized_keys"
  chown -R 1000:1000 "$d/home/ops"
  resolver >"$d/etc/lab/resolv.conf"
  sources "$V_SUITE" >"$d/etc/apt/sources.list"
  [ -s "$d/etc/apt/sources.list" ] || rm "$d/etc/apt/sources.list" # then the image's own
  machine_acquire >"$d/etc/apt/apt.conf.d/90lab"
  printf '{"insecure-registries": ["%s"], "registry-mirrors": ["http://%s"], "mtu": %s}\n' "$REGISTRY" "$REGISTRY" "$(mtu)" >"$d/etc/docker/daemon.json"
}
host_files() { # NAME: a tar of the common files and of this host's own key
  tar -c -C "$FILES" . -C "$SSH_DIR/$1" --transform='s|^ssh_host_|./etc/ssh/ssh_host_|' ssh_host_ed25519_key ssh_host_ed25519_key.pub
}
resolver() { # this machine's, but for one that listens on its loopback only
  if grep -qE '^nameserver +127\.' /etc/resolv.conf && [ -s /run/systemd/resolve/resolv.conf ]; then
    cat /run/systemd/resolve/resolv.conf
  else
    cat /etc/resolv.conf
  fi
}

host_create() { # NAME ADDRESS CONTAINER DISK [IMAGE]
  # Everything that a host's root has, but for the clock: that is the machine's, and setting a host's time zone would shift it.
  local caps="--cap-add ALL --cap-drop SYS_TIME" modules=()
  # Where this machine itself lacks a capability, asking for it would be refused.
  variant_load "$1"
  (((0x$(sed -n 's/^CapBnd:\s*//p' /proc/self/status) >> 24) & 1)) || caps="$caps --cap-drop SYS_RESOURCE"
  [ ! -d "/lib/modules/$(uname -r)" ] || modules=(-v /lib/modules:/lib/modules:ro)
  # shellcheck disable=SC2086 # a list of words
  docker create --name "$3" --hostname "$1" --network "$NETWORK" --ip "$2" --label $LABEL=host --env container=docker \
    $caps --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined \
    --cgroupns private --device-cgroup-rule 'a *:* rwm' --stop-signal SIGRTMIN+3 --pids-limit -1 \
    --tmpfs /run --tmpfs /run/lock --tmpfs /tmp:exec -v "$4:$(variant_store)" "${modules[@]}" "${5:-warren-lab/$(variant_image)}" >/dev/null
  # Before it starts, so that both interfaces are there at every boot.
  [ -z "$V_SECOND" ] || docker network connect --ip "$SECOND_SUBNET.${2##*.}" "$SECOND_NETWORK" "$3"
}
host_boot() { # NAME CONTAINER: for the first time
  host_files "$1" | docker cp - "$2:/"
  [ ${#VARIANT[@]} = 0 ] || variant_files | docker cp - "$2:/"
  docker start "$2" >/dev/null
}

host_ready() { # INDEX: sshd lets us in and dockerd answers
  local t
  for ((t = 0; t < 300; t++)); do # a look at the port costs nothing; a login on a busy machine does
    (exec 3<>"/dev/tcp/$(address "$1")/22") 2>/dev/null &&
      ssh_host "$1" 'for i in $(seq 150); do [ ! -x /usr/bin/dockerd ] && exit; docker version >/dev/null 2>&1 && exit; sleep 0.2; done; exit 1' 2>/dev/null && return
    [ "$(docker inspect -f '{{.State.Running}}' "$(container "$1")" 2>/dev/null)" = true ] || break
    sleep 0.2
  done
  warn "host$1 does not get ready; its console: docker logs $(container "$1"); its journal: lab/lab ssh host$1 journalctl -b"
  return 1
}
hosts_ready() { # INDEX...
  local i p=()
  for i in "$@"; do host_ready "$i" & p+=($!); done
  wait_all "${p[@]}" || die "not every host got ready"
}

# --- the image store that every fresh host starts with, made once by a host that pulls from the registry
golden_images() { local i; for i in $PRELOADED; do ! have_image "$i" || echo "$i"; done; }
golden_recipe() { { recipe host "$HOST_IMAGE"; for i in $(golden_images); do cat "$(marker "$i")"; done; } | sha256sum; }
golden_up() {
  local images recipe i maker=$NETWORK-golden
  recipe=$(golden_recipe)
  [ "$(cat "$GOLDEN/.done" 2>/dev/null)" != "$recipe" ] || return 0
  images=$(golden_images)
  files_up
  say "preparing the image store of fresh hosts (about 15 s)"
  docker rm -f "$maker" >/dev/null 2>&1 || true
  rm -rf "$GOLDEN" "$CACHE/golden.new"
  mkdir -p "$CACHE/golden.new"
  host_create golden "$SUBNET.9" "$maker" "$CACHE/golden.new"
  host_boot golden "$maker"
  for ((i = 0; i < 200; i++)); do docker exec "$maker" docker version >/dev/null 2>&1 && break; sleep 0.2; done
  for i in $images; do
    docker exec "$maker" docker pull -q "$i" >/dev/null || die "a host could not pull $i from the registry" "look at: $CACHE/logs/registry${LAB:+-$LAB}.log"
  done
  docker exec "$maker" systemctl stop docker.socket docker containerd
  docker rm -f "$maker" >/dev/null
  rm -rf "$CACHE/golden.new"/{containers,tmp,runtimes,network}/*
  echo "$recipe" >"$CACHE/golden.new/.done"
  mv "$CACHE/golden.new" "$GOLDEN"
  say "image store ready: ${images//$'\n'/ }"
}
golden_copy() { # DIRECTORY: layers, which are never written to, as hard links; everything else copied
  local d=$1 l
  mkdir -p "$d"
  tar -C "$GOLDEN" -c --exclude='./overlay2/*/diff' --exclude=./.done . | tar -C "$d" -x
  for l in "$GOLDEN"/overlay2/*/diff; do
    cp -al "$l" "$d/overlay2/$(basename "$(dirname "$l")")/" 2>/dev/null || cp -a "$l" "$d/overlay2/$(basename "$(dirname "$l")")/"
  done
}

host_state() { docker inspect -f '{{.State.Status}}' "$(container "$1")" 2>/dev/null || echo missing; } # INDEX
host_complete() { [ -e "$STATE/hosts/host$1/.done" ] && [ "$(host_state "$1")" != missing ]; } # INDEX: it was made to the end
host_remove() { # INDEX
  docker rm -f "$(container "$1")" >/dev/null 2>&1 || true
  rm -rf --one-file-system "$STATE/hosts/host$1"
}
host_make() { # INDEX FILL (golden or empty)
  local d=$STATE/hosts/host$1
  host_remove "$1"
  mkdir -p "$d"
  variant_record "host$1"
  if [ "$2" = golden ]; then golden_copy "$d/docker"; else mkdir "$d/docker"; fi
  host_create "host$1" "$(address "$1")" "$(container "$1")" "$d/docker"
  host_boot "host$1" "$(container "$1")"
  touch "$d/.done"
}
hosts_make() { # FILL INDEX...
  local fill=$1 i p=()
  shift
  files_up
  lock_machine -s # nobody may make the golden image store anew while it is copied
  for i in "$@"; do host_make "$i" "$fill" & p+=($!); done
  wait_all "${p[@]}" || die "not every host could be made" "look at the lines above; lab/lab reset tries again"
  unlock_machine
  say "hosts made: $(printf 'host%s ' "$@")"
  hosts_ready "$@"
}
host_without_docker() { # INDEX: as a machine that nobody has installed it on
  ssh_host "$1" 'systemctl -q disable --now docker.socket docker.service containerd.service; dpkg --purge docker.io docker-cli containerd runc >/dev/null 2>&1
    rm -rf /etc/docker /run/docker* /run/containerd /var/lib/docker/* /var/lib/containerd; systemctl daemon-reload; ! command -v dockerd docker >/dev/null' ||
    die "Docker could not be taken off host$1"
}
hosts_start() { # INDEX...: those that are there already, with their disks
  local i p=()
  for i in "$@"; do docker start "$(container "$i")" >/dev/null & p+=($!); done
  wait_all "${p[@]}" || die "not every host could be started" "look at the lines above; lab/lab renew HOST makes one anew"
  say "hosts started again with their disks: $(printf 'host%s ' "$@")"
  hosts_ready "$@"
}
hosts_there() { # the indexes of all hosts of this lab that left anything on this machine, however many it has now
  { docker ps -a --format '{{.Names}}' | sed -nE "s/^$NETWORK-host([0-9]+)$/\1/p"; find "$STATE/hosts" -mindepth 1 -maxdepth 1 -name 'host*' -printf '%f\n' 2>/dev/null | sed 's/^host//'; } | sort -nu
}
hosts_trim() { # those beyond the lab's number
  local i gone=() p=()
  for i in $(hosts_there); do [ "$i" -le "$COUNT" ] || gone+=("$i"); done
  [ ${#gone[@]} -gt 0 ] || return 0
  for i in "${gone[@]}"; do host_remove "$i" & p+=($!); done
  wait_all "${p[@]}" || true
  say "the lab has $COUNT hosts now; removed: $(printf 'host%s ' "${gone[@]}")"
}
hosts_remove() {
  local i p=()
  docker rm -f "$NETWORK-golden" >/dev/null 2>&1 || true
  for i in $(hosts_there); do host_remove "$i" & p+=($!); done
  wait_all "${p[@]}" || true
  forget_stacks
}
# What Pulumi believes of these hosts is wrong once they are gone.
forget_stacks() {
  [ -d "$STATE/stacks" ] || return 0
  rm -rf "$STATE/stacks"
  say "the state of the stacks on these hosts is removed with them"
}
