# shellcheck shell=bash
# Starts the application of a node that has joined, with its plugins. On one that runs it does nothing.
#
# Data: name container directory, joins (false: the seed node), plugins (the text of enabled_plugins; absent for the seed node)
lock=$name

create() {
  if [ "$joins" = true ] && ! is_stopped; then
    if [ -e "$(joining_mark)" ]; then printf %s "$plugins" > "$(plugins_file)"; fi
    cli rabbitmqctl start_app
    rm -f "$(joining_mark)"
  fi
  mark_served
}
