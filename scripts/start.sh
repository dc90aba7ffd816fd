#!/usr/bin/env bash
# npm start: from nothing to a serving virtual IP on the lab's hosts. It can be run again at any time and only does what is
# missing.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$root"

if [ "${1-}" = --help ]; then
  cat <<'END'
npm start: brings the packages, the Pulumi engine and the lab (five hosts on this machine), and runs
`pulumi up` on the dev stack until its virtual IP serves. Run it again at any time.

The first run builds what cannot be downloaded and takes many minutes; it says what it is doing.
To end it:  npm run pulumi -- destroy -s dev     (the service)
            npm run lab -- down                  (the hosts)
END
  exit 0
fi

if [ -n "${LAB-}" ]; then
  echo "LAB is '$LAB', but npm start deploys Pulumi.dev.yaml, whose hosts are the default lab's. Unset LAB. Nothing was changed." >&2
  exit 2
fi

install_packages
say "Pulumi engine"
engine/ensure.sh > /dev/null
say "Lab"
lab/lab up
# After the lab, which clears the folder in which the stacks are kept when it makes its hosts.
. scripts/env.sh

say "pulumi up, stack dev, held to the policies"
if ! pulumi stack select dev 2> /dev/null; then
  if [ -n "$stacks" ]; then
    # From a project folder of its own, because `stack init` writes a salt as well and has no option for another file.
    cp Pulumi.yaml "$stacks/"
    (cd "$stacks" && rm -f Pulumi.dev.yaml && pulumi stack init dev)
    pulumi stack select dev
  else
    pulumi stack init dev
  fi
fi
use_dev_config --stack dev
if ! pulumi up --stack dev --yes --skip-preview --parallel 32 --policy-pack policies --policy-pack-config policies/dev.json; then
  cat >&2 <<'END'

The update did not end well; what it had done is kept, and the next run goes on from there. If an earlier run was killed:
  npm run recover -- --stack dev
END
  exit 1
fi
say "Done"
pulumi stack output --stack dev --json | node scripts/summary.mjs
