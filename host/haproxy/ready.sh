# shellcheck shell=bash
# Starts the balancer if it is stopped, and waits until it runs by its newest configuration and has a broker to send clients to; from then on the virtual IP may be here. After
# a change it also waits until the balancer sees every broker, so that the next balancer is not changed before. (A balancer that has just been
# made counts every broker as up until its first check fails; `service` looks at the end.)
#
# Data: container, container_id, directory, stats_port, health_path, configuration_path (at which it says that it runs by this configuration),
#       brokers (by name), login (of the statistics page), wait_seconds (longest wait for its brokers, in seconds)

create() {
  show_log_on_failure "$container" 20
  # Somebody may have stopped it.
  runs "$container" || docker start "$container" > /dev/null
  wait_until 30 0.1 answers_200 "$stats_port" "$configuration_path" || die "the balancer did not load its configuration within 30 s"
  wait_until "$wait_seconds" 0.1 answers_200 "$stats_port" "$health_path" ||
    die "the balancer has no broker that it can send clients to after $wait_seconds s"
  printf '%s\n' "$stats_port" > "$directory/health-port.new"
  mv -f "$directory/health-port.new" "$directory/health-port"
  rm -f "$balancer_leaves"
  owns "$directory/health-port"
  expects running "$container"
  expects_container "$container"
  expects http "$stats_port" "$configuration_path"
}

update() {
  create
  wait_until "$wait_seconds" 0.5 sees_brokers 127.0.0.1 "$stats_port" "$configuration_path" "$login" "${brokers[@]}" ||
    die "the balancer does not use every broker after $wait_seconds s: $unseen. Check these brokers, then run \`pulumi up\` again"
}
