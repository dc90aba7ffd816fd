# shellcheck shell=bash
# Read first, as its name says. Where Warren's files are on a host. Tests give the steps a directory of their own.
root=${WARREN_ROOT:-}
etc=$root/etc
run=$root/run
state=$root/var/lib/warren
