# shellcheck shell=bash
# A node's directory on its host: `data` in it is the broker's own, `conf` its configuration, and marks say how far the node has come.

# The broker has taken over the data of the container made by hand that it adopted.
adopted_mark() { echo "$directory/adopted"; }

# A blank node is on its way into the cluster. A broker on Khepri cannot say who is a member while its application is stopped.
joining_mark() { echo "$directory/joining"; }

# The node is being reset to change its type, and may be in no cluster.
retyping_mark() { echo "$directory/retyping"; }

# Everything was moved off the node, which is being reset to leave its cluster.
leaving_mark() { echo "$directory/leaving"; }

# The node has been a member. It is not on the disk of the data, so that it is there when that disk is not.
served_mark() { echo "$etc/warren/nodes/$name"; }

# The container has this file mounted beside the data: where it is missing, the directory is not the node's, and no broker starts in it.
data_mark() { echo "$directory/data/.warren"; }

# The list of enabled plugins, which the container has mounted.
plugins_file() { echo "$directory/conf/enabled_plugins"; }

# The broker's own database.
database() { echo "$directory/data/mnesia/$(erlang_name "$name")"; }

has_data() { [ -n "$(ls -A "$directory/data/mnesia" 2> /dev/null)" ]; }

# To be called when the node is in the cluster.
mark_served() {
  has_data || return 0
  mkdir -p "$etc/warren/nodes"
  echo "$directory" > "$(served_mark)"
}

forget_served() {
  rm -f "$(served_mark)"
  rmdir --ignore-fail-on-non-empty "$etc/warren/nodes" 2> /dev/null || true
}

# Ends the step where the node has served here and its data are gone. It may start blank only to join the others.
refuse_blank() {
  if [ ! -e "$(served_mark)" ] || has_data; then return 0; fi
  die "$name has served on this host, and its data are not in $directory/data. Started without them, it would be a second, blank cluster. Mount the disk with its data and run \`pulumi up\` again. If the data are lost for good and no other node has them, remove $(served_mark). Nothing was changed"
}

# Whether the container runs on this node's data. One made by hand, on data of its own, has nothing to do with the node's files.
runs_on_own_data() {
  [ "$(inspect "$container" "{{.State.Running}}{{range .Mounts}}{{if eq .Destination \"$data_mount\"}} {{.Source}}{{end}}{{end}}")" = "true $directory/data" ]
}

# Whether the broker was stopped on purpose: its container does not run, and Docker would not start it again.
is_stopped() { [ "$(inspect "$container" '{{.State.Running}} {{.HostConfig.RestartPolicy.Name}}')" = "false no" ]; }
