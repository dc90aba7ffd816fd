# shellcheck shell=bash
# Swaps the checked configuration in and has keepalived load it. It is short, so that all hosts do it at about the same moment: with a new
# password on one of them alone, each would soon believe that it is the only one.
#
# Data: host (its name), digest (of the configuration), stack, part, contained

create() {
  swap_in
  if [ "$contained" = true ]; then
    # Whatever keepalived runs loads it, even if that is still the host's own: no host may be ahead of the others for long.
    if systemctl is-active -q keepalived 2> /dev/null; then systemctl reload keepalived; fi
    local running
    running=$(own_keepalived_container)
    if [ -n "$running" ]; then docker kill -s HUP "$running" > /dev/null; fi
  else
    systemctl daemon-reload
    end_keepalived_container
    if systemctl is-active -q keepalived; then systemctl reload keepalived; else systemctl start keepalived; fi
    systemctl enable -q keepalived
    expects service keepalived
  fi
  rm -f "$keepalived_directory/warren-check" "$keepalived_directory/warren-notify" # of releases before 0.2
  owns "$keepalived_conf"
  expects_untouched "$keepalived_conf"
}

# Another program's configuration is kept beside it and comes back on destroy.
swap_in() {
  if [ ! -e "$keepalived_staged" ]; then
    sha256sum -c --status <<< "$digest  $keepalived_conf" 2> /dev/null ||
      die "$keepalived_conf was changed by hand, and nothing is staged. Run \`pulumi up\` again"
    return
  fi
  if [ -s "$keepalived_conf" ] && ! grep -q "^# Written by Warren" "$keepalived_conf"; then
    cp -p "$keepalived_conf" "$keepalived_conf.before-warren"
  fi
  mv -f "$keepalived_staged" "$keepalived_conf"
}

# Gives the virtual IPs up at once, and brings back what was there before. A configuration that another host's name stands in was written
# after this host was given that name: it is not this resource's to remove.
delete() {
  grep -qxF "# Written by Warren for $host." "$keepalived_conf" || return 0
  [ "$contained" = true ] || systemctl disable -q --now keepalived
  rm -f "$keepalived_serves" "$keepalived_changed" "$keepalived_conf" "$keepalived_staged"
  [ "$contained" = true ] || remove_keepalived_unit
  if [ -e "$keepalived_conf.before-warren" ]; then
    mv "$keepalived_conf.before-warren" "$keepalived_conf"
    systemctl enable -q --now keepalived
  fi
}
