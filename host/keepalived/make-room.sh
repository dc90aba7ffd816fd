# shellcheck shell=bash
# Right before keepalived's container is made: the host's own keepalived gives way, and gives its virtual IPs up at once. It is run by a hook.

create() {
  end_keepalived_service
}
