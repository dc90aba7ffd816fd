# shellcheck shell=bash disable=SC2034
# The engine's pinned versions. Sourced by ensure.sh; the npm packages of the same names in package.json carry the same numbers.
cli_version=3.255.0
plugin_versions=(command=1.2.1 docker=5.2.0 random=4.21.2 rabbitmq=3.3.8 tls=5.2.3)
