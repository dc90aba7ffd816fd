# shellcheck shell=bash
# A container made by hand whose place a node takes.

# The host's directory with a container's data; empty where they are in no mount.
data_source() { # CONTAINER
  inspect "$1" "{{range .Mounts}}{{if eq .Destination \"$data_mount\"}}{{.Source}}{{end}}{{end}}"
}

# Whether two directories are the same one (%d:%i), or on the same file system (%d).
same() { [ "$(stat -c "$1" "$2")" = "$(stat -c "$1" "$3")" ]; } # FORMAT DIRECTORY DIRECTORY
