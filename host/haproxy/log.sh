# shellcheck shell=bash
# The host's rsyslog takes the balancer's messages from a socket that the container has mounted, and writes them to a file. A socket rather
# than a UDP port: nothing new listens on a network. At its end the log itself stays.
#
# Data: directory (of the balancer on its host), facility, file

rsyslog_file=$etc/rsyslog.d/49-warren-haproxy.conf
logrotate_file=$etc/logrotate.d/warren-haproxy

create() {
  command -v rsyslogd > /dev/null ||
    die "rsyslog is not installed on this host: install it, or set haproxy.log.target to stdout or to a syslog server"
  mkdir -p "$directory/log"
  rsyslog_rules > "$rsyslog_file.new"
  rotation > "$logrotate_file"
  if cmp -s "$rsyslog_file.new" "$rsyslog_file" && [ -S "$directory/log/haproxy.sock" ]; then
    rm "$rsyslog_file.new"
  else
    mv -f "$rsyslog_file.new" "$rsyslog_file"
    systemctl restart rsyslog
  fi
  owns "$rsyslog_file" "$logrotate_file"
  expects service rsyslog
}

rsyslog_rules() {
  cat <<END
# Written by Warren. Change the stack's config instead: the next \`pulumi up\` overwrites this file.
input(type="imuxsock" Socket="$directory/log/haproxy.sock")
if \$programname == "haproxy" and \$syslogfacility-text == "$facility" then {
  action(type="omfile" file="$file" fileCreateMode="0640")
  stop
}
END
}

rotation() {
  cat <<END
$file {
    weekly
    rotate 8
    compress
    delaycompress
    missingok
    notifempty
    postrotate
        systemctl kill -s HUP rsyslog.service
    endscript
}
END
}

delete() {
  [ -e "$rsyslog_file" ] || return 0
  rm -f "$rsyslog_file" "$logrotate_file"
  systemctl restart rsyslog
}
