# shellcheck shell=bash
# Says what is so on this host.

facts() { die "not yet"; }
