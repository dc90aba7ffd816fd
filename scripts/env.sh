# shellcheck shell=bash
# To be sourced: Pulumi's engine, backend and passphrase for the project's own stacks. What the user's environment already
# says wins.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=engine/env.sh
. "$root/engine/env.sh"

# Type checking is the editor's and `npm test`'s work; a preview need not wait for it.
export PULUMI_NODEJS_TRANSPILE_ONLY=${PULUMI_NODEJS_TRANSPILE_ONLY-true}
# Nor need Node compile the same packages anew for each one: a sixth of a preview's time.
export NODE_COMPILE_CACHE=${NODE_COMPILE_CACHE-${WARREN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/warren}/node}

case ${PULUMI_BACKEND_URL-} in
  # Beside the lab's hosts, which the state describes: `lab reset` and `lab down` end both.
  '') stacks=$("$root/lab/lab" facts stacks) ;;
  # The same, from a shell that has sourced this file already.
  "file://$HOME/.local/state/warren/lab"*"/stacks?metadata=skip") stacks=${PULUMI_BACKEND_URL#file://} stacks=${stacks%\?*} ;;
  # The user's own.
  *) stacks='' ;;
esac
if [ -n "$stacks" ]; then
  (umask 077 && mkdir -p "$stacks")
  # Without the files of attributes that it would write beside the others: a run that is killed while it writes one leaves
  # a state that nobody can read.
  export PULUMI_BACKEND_URL="file://$stacks?metadata=skip"
  if [ -z "${PULUMI_CONFIG_PASSPHRASE+set}${PULUMI_CONFIG_PASSPHRASE_FILE-}" ]; then
    [ -s "$stacks/passphrase" ] || (umask 077 && head -c 24 /dev/urandom | base64 > "$stacks/passphrase")
    export PULUMI_CONFIG_PASSPHRASE_FILE=$stacks/passphrase
  fi
  # Where a stack's config has no salt, the one in its state counts.
  export PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER=true
  # `stack rm` would delete the config file with the stack, and the dev stack's is tracked by Git.
  export PULUMI_OPTION_PRESERVE_CONFIG=true
fi
. "$root/scripts/devConfig.sh"
