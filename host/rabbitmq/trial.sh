# shellcheck shell=bash
# Before any node is touched: the image has the plugins that the config names. Where a broker serves, the image is started with everything
# that the broker is to get (configuration, plugins, certificates, environment, limits) in a throw-away container, without network and with a
# blank data directory. Nothing that the broker uses is written. Where no broker serves, there is none to protect: the node's own boot fails
# early there.
#
# Data: name container directory, image and settings (the wanted container's), image_name (for messages), by_hand (optional: name of the
# container made by hand), files (what the broker reads when it starts), plugins, environment, memory (optional, in Docker's megabytes), open_files (optional),
# amqp_port (inside the container)
lock=$name-trial

# A blank broker starts within seconds; a host may be very busy.
longest_trial=300
throw_away=rabbitmq-trial
# In memory, since there is a password among the files.
staged=$run/warren/trial-$name

create() {
  remove_throw_away
  if runs_as_wanted; then return 0; fi
  look_into_image
  require_plugins
  if ! a_broker_serves; then return 0; fi
  [[ ${container_owner:-} =~ ^[0-9]+:[0-9]+$ ]] || die "$name: the image $image_name does not say who its user rabbitmq is. Nothing was changed"
  trap remove_throw_away EXIT
  stage
  try
}

delete() { remove_throw_away; }

# Also one that a killed run has left.
remove_throw_away() {
  local left
  left=$(docker ps -aq --filter "label=io.warren.trial=$name") || die "Docker does not say which containers there are. Nothing was changed"
  # shellcheck disable=SC2086 # a list of ids
  [ -z "$left" ] || docker rm -f -v $left > /dev/null
  rm -rf "$staged"
}

refuse() { # REASON
  keep_record
  die "$name: the image $image_name does not start with the new configuration: $1
It was tried in a container of its own, so every broker that runs was left as it is. Correct what is named, and run \`pulumi up\` again"
}

# Whether the broker was started with all of this, or has taken it up. Its list of plugins, it writes in its own way. The first user counts
# on a blank database alone.
runs_as_wanted() {
  local found line path content
  found=$(inspect "$container" '{{.State.Running}} {{.Image}} {{index .Config.Labels "io.warren.settings"}}') || return 1
  # What stands behind a full stop had it replaced although its settings were the same.
  [ "${found%%.*}" = "true $image $settings" ] || return 1
  for line in "${files[@]}"; do
    read -r _ _ path content <<< "$line"
    [ -e "$path" ] && [ "$(essence_of "$path" <(base64 -d <<< "$content"))" = "$(essence_of "$path" "$path")" ] || return 1
  done
}

essence_of() { # NAME FILE
  case $1 in
    */enabled_plugins) grep -o '[a-z][a-z0-9_]*' "$2" | sort ;;
    */rabbitmq.conf) grep -vE '^default_(user|pass) =' "$2" ;;
    *) cat "$2" ;;
  esac
}

a_broker_serves() {
  local each
  for each in "$container" ${by_hand:+"$by_hand"}; do
    if is_running "$each"; then return 0; fi
  done
  return 1
}

is_running() { # CONTAINER
  local said
  if ! said=$(docker inspect -f '{{.State.Running}}' "$1" 2>&1); then
    grep -qi 'no such' <<< "$said" || die "$name: Docker does not say whether the container $1 runs: $said. Nothing was changed"
    return 1
  fi
  [ "$said" = true ]
}

# Sets known to what is in the image's directory of plugins, and container_owner to the broker's user: both by one container.
look_into_image() {
  # shellcheck disable=SC2016 # the image's shell
  local look='echo "$(id -u rabbitmq):$(id -g rabbitmq)"; IFS=:; ls ${RABBITMQ_PLUGINS_DIR:-$RABBITMQ_HOME/plugins}'
  known=$(docker run --rm --network none --entrypoint sh "$image" -c "$look" 2> /dev/null) || true
  container_owner=${known%%$'\n'*}
}

# A broker starts without a plugin that it does not find, and says nothing. RabbitMQ's own list can have plugins that the directory does not
# show; where it gives none, the directory decides.
require_plugins() {
  local plugin missing=() listed
  known=$(sed -nE 's/^([a-z][a-z0-9_]*)-[0-9v].*/\1/p' <<< "$known")
  for plugin in "${plugins[@]}"; do grep -qx "$plugin" <<< "$known" || missing+=("$plugin"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  listed=$(docker run --rm --network none "$image" rabbitmq-plugins -q list -m 2>&1) || listed=
  known+=$'\n'$listed
  grep -qx 'rabbitmq_[a-z0-9_]*' <<< "$known" || die "$name: the image $image_name does not say which plugins it has. Nothing was changed"
  for plugin in "${missing[@]}"; do
    grep -qx "$plugin" <<< "$known" || refuse_plugin "$plugin"
  done
}

refuse_plugin() { # PLUGIN
  local near
  near=$(awk -v wanted="$1" -f "$library/nearest.awk" <<< "$known")
  keep_record
  die "$name: the image $image_name has no plugin $1, which warren:rabbitmq.plugins names${near:+. Did you mean $near?}
Correct the name, or choose an image that has the plugin, and run \`pulumi up\` again. No broker was started or changed"
}

# What the broker's directory has beside Warren's files, such as advanced.config, counts as well.
stage() {
  local line
  rm -rf "$staged"
  mkdir -p "$staged/conf/tls"
  chmod 700 "$staged"
  [ ! -d "$directory/conf" ] || cp -a "$directory/conf" "$staged"
  mkdir -p "$staged/conf/tls"
  chown "$container_owner" "$staged/conf" "$staged/conf/tls"
  chmod 750 "$staged/conf" "$staged/conf/tls"
  for line in "${files[@]}"; do write_files "${line/" $directory/"/" $staged/"}"; done
  leave_out_remote_definitions "$staged/conf/rabbitmq.conf"
  printf '127.0.0.1 localhost %s\n::1 localhost\n' "$name" > "$staged/hosts"
  printf '%s\n' "${environment[@]}" > "$staged/environment"
}

# Definitions that the broker reads from a server, which the container without network cannot reach.
leave_out_remote_definitions() { # FILE
  local rest
  grep -qE '^definitions\.import_backend *= *https' "$1" || return 0
  rest=$(grep -v '^definitions\.' "$1")
  cat <<< "$rest" > "$1"
}

try() {
  local said='' failure='' pid='' restarts=0 container=$throw_away since=$SECONDS options
  options=(--name "$throw_away" --label "io.warren.trial=$name" --network none --hostname "$name" --tmpfs "$data_mount:size=1g")
  options+=(-v "$staged/conf:/etc/rabbitmq:ro" -v "$staged/hosts:/etc/hosts:ro" --env-file "$staged/environment")
  # The broker that serves comes first when processors or memory are short.
  options+=(--log-driver json-file --cpu-shares 512 --oom-score-adj 900)
  [ -z "${memory:-}" ] || options+=(--memory "${memory}m" --memory-swap "${memory}m")
  [ -z "${open_files:-}" ] || options+=(--ulimit "nofile=$open_files:$open_files")
  said=$(docker run -d "${options[@]}" "$image" 2>&1) || refuse "$(grep -m 1 '^docker: ' <<< "$said" || tail -n 1 <<< "$said")"
  wait_until "$longest_trial" 0.2 trial_is_over || refuse "it did not start within $longest_trial s. The end of its log: $(docker logs --tail 3 "$container" 2>&1)"
  [ -z "$failure" ] || refuse "$(why_it_failed)"
  [ "$said" = ok ] || refuse "${said//\'/}"
}

trial_is_over() {
  if has_booted_or_failed "$amqp_port"; then
    [ -n "$failure" ] || judged
    return
  fi
  # One that started long ago without a listener is not waited for to the end.
  [ $((SECONDS - since)) -ge 15 ] && docker logs --tail 50 "$container" 2>&1 | grep -q 'Server startup complete' || return 1
  # It may have begun to listen in between: the next look tells.
  ! has_booted_or_failed "$amqp_port" || return 1
  failure=deaf
}

# At its end, the broker's start shows what is wrong with plugins, and the first connection what is wrong with certificates. On a host that is
# busy the CLI may give up before the broker has answered it.
judged() { said=$(evaluate rabbitmq/trial.erl 2>&1); }

why_it_failed() {
  if [ "$failure" = deaf ]; then
    echo "it starts, and does not listen for AMQP on port $amqp_port, where balancers and Warren's checks need it"
  elif [ "$(inspect "$container" '{{.State.OOMKilled}}')" = true ]; then
    echo "it needs more memory than ${memory:+its limit of ${memory} MB, or than }the host has free"
  else
    boot_failure
  fi
}
