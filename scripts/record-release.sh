#!/usr/bin/env bash
# Records a release's state for the tests of later ones. See --help.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage() {
  cat <<'END'
scripts/record-release.sh VERSION [STACK...]

Records the release with the tag VERSION (such as v0.1.0) in tests/releases/VERSION: its source, and the state of each STACK
(default: all of them) after the release's own program has deployed it to the hosts of the default lab, which are reset.

The stacks are the directories in tests/releases/VERSION, each with a config.yaml. Where there are none yet, those of the
newest recorded release are copied. To record what the new release can do, edit them, then run this again.
END
}

case ${1-} in
  --help | -h) usage; exit 0 ;;
  v[0-9]*.[0-9]*.[0-9]*) version=$1 ;;
  *) usage >&2; exit 2 ;;
esac
shift
if [ -n "${LAB-}" ]; then
  echo "record-release: LAB is '$LAB'. Records have the addresses of the default lab: run it without LAB" >&2
  exit 1
fi
cd "$root"
if ! git rev-parse --quiet --verify "$version^{commit}" > /dev/null; then
  echo "record-release: there is no tag $version. Make it first: git tag -a $version" >&2
  exit 1
fi

directory=tests/releases/$version
if ! compgen -G "$directory/*/config.yaml" > /dev/null; then
  newest=$(find tests/releases -mindepth 1 -maxdepth 1 -name 'v*' ! -name "$version" | sort -V | tail -n 1)
  for config in "$newest"/*/config.yaml; do
    stack=$directory/$(basename "$(dirname "$config")")
    mkdir -p "$stack"
    cp "$config" "$stack"
  done
fi

say "Source of $version"
# The program alone. What is not named here goes in, so that a new directory of the program is not forgotten.
git archive "$version" -- . ':!.*' ':!*.md' ':!LICENSE' ':!*.config.*' ':!package-lock.json' ':!Pulumi.dev.yaml' \
  ':!tests' ':!docs' ':!engine' ':!lab' ':!policies' ':!plan' ':!check' ':!scripts' ':!config/stack.schema.json' |
  gzip -9n > "$directory/source.tar.gz"

install_packages
say "Lab"
lab/lab up --all
. scripts/env.sh
ts-node --transpile-only tests/releases/record.ts "$version" "$@"
say "Recorded. Write what an upgrade from it does: WARREN_WRITE_PLANS=1 npm test -- engine"
