# shellcheck shell=bash
# Brings this library to a host, before anything else of Warren is there. It is sent to `bash -s` after lib/owner.sh and lib/files.sh.
#
# Data: deployment, stack (its name), home (the library's directory, of all versions), digest, files (of this version)
set -euo pipefail
umask 022

# Makes the host this deployment's, unless it is another one's. Releases before 0.2 wrote no owner; their containers have labels.
claim_host() {
  local owner other
  owner=$(owner_file)
  if [ ! -e "$owner" ] && command -v docker > /dev/null; then
    other=$(docker ps -a --format '{{.Label "io.warren.stack"}}' 2> /dev/null | grep -vxF -e "$stack" -e '' | head -n 1 || true)
    if [ -n "$other" ]; then
      echo "this host has containers of the Warren stack $other. Choose another host, or destroy that stack. Nothing was changed on this host" >&2
      exit 1
    fi
  fi
  mkdir -p "${owner%/*}"
  # Of two deployments at the same moment, one finds the other's file.
  (set -o noclobber && printf '%s\n%s\n' "$deployment" "$stack" > "$owner") 2> /dev/null || require_owner "$deployment"
}

claim_host
if [ ! -e "$home/$digest/.complete" ]; then
  rm -rf "${home:?}/$digest"
  mapfile -t directories < <(paths_of "${files[@]}" | xargs -n 1 dirname | sort -u)
  mkdir -p "${directories[@]}"
  write_files "${files[@]}"
  touch "$home/$digest/.complete"
fi
former=$(readlink "$home/current" || true)
ln -sfn "$digest" "$home/next"
mv -fT "$home/next" "$home/current"
# A step of the former version may still run.
find "$home" -mindepth 1 -maxdepth 1 -type d ! -name "$digest" ! -name "${former:-$digest}" -exec rm -rf {} +
