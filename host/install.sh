# shellcheck shell=bash
# Makes a host this deployment's and brings this library to it, before anything else of Warren is there. It is sent to `bash -s`, as root,
# after its data and lib/owner.sh.
#
# Data: deployment, stack (its name), home (the directory of all versions of the library), digest (of this version), paths and contents (of
# its files, below the version's directory), programs (paths of those that are executable)
set -euo pipefail
umask 022

home=${WARREN_ROOT:-}$home
version=$home/$digest

fail() { # MESSAGE
  printf '%s\n' "$1" >&2
  exit 1
}

# Releases before 0.2 wrote no owner file; their containers have labels.
claim_host() {
  local owner
  owner=$(owner_file)
  if [ -s "$owner" ]; then
    require_owner "$deployment"
    return
  fi
  ! command -v docker > /dev/null || refuse_foreign_containers
  mkdir -p "${owner%/*}"
  printf '%s\n%s\n' "$deployment" "$stack" > "$owner.new"
  mv -f "$owner.new" "$owner"
}

refuse_foreign_containers() {
  local stacks other
  if ! stacks=$(docker ps -a --format '{{.Label "io.warren.stack"}}' 2> /dev/null); then
    # Every host that Warren has prepared has this file.
    [ -e "${WARREN_ROOT:-}/etc/sysctl.d/90-warren.conf" ] || return 0
    fail "a Warren stack has used this host before, and Docker does not answer, so it cannot be told whether that stack is $stack. Start Docker (\`systemctl start docker\`) and run \`pulumi up\` again. Nothing was changed on this host"
  fi
  other=$(grep -vxF -e "$stack" -e '' <<< "$stacks" | head -n 1) || true
  [ -z "$other" ] ||
    fail "this host has containers of the Warren stack $other, not of $stack. Choose another host, or destroy that stack. Nothing was changed on this host"
}

# Whether this version is there, and all of it is as it was written.
is_whole() { (cd "$version" && sha256sum -c --status .complete) 2> /dev/null; }

write_version() {
  local index file
  for index in "${!paths[@]}"; do
    file=$version/${paths[index]}
    [ -d "${file%/*}" ] || mkdir -p "${file%/*}"
    printf %s "${contents[index]}" > "$file"
  done
  (cd "$version" && chmod 644 "${paths[@]}" && chmod 755 "${programs[@]}")
  (cd "$version" && sha256sum "${paths[@]}" > .complete.new && mv -f .complete.new .complete)
}

# Another run of the same deployment may be here, and so may another deployment.
exec 9> "${WARREN_ROOT:-}/run/lock/warren-library"
flock 9
claim_host
is_whole || write_version
former=$(readlink "$home/current" || true)
ln -sfn "$digest" "$home/next"
mv -fT "$home/next" "$home/current"
# A step of the former version may still run.
find "$home" -mindepth 1 -maxdepth 1 -type d ! -name "$digest" ! -name "${former:-$digest}" -exec rm -rf {} +
