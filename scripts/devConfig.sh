# shellcheck shell=bash disable=SC2154 # env.sh sets `root` and `stacks`
# Sourced by env.sh. Pulumi writes a salt into the config file of every stack, but the dev stack's file is tracked by Git. So
# Pulumi gets a copy of it, next to the state.

# Chooses the config file for one Pulumi command. Commands that change the config (`config set`) get the original.
use_dev_config() { # ARGUMENTS of the command
  local stack='' words=() copy=$stacks/Pulumi.dev.yaml
  [ -n "$stacks" ] || return 0
  while [ $# -gt 0 ]; do
    case $1 in
      -C* | --cwd*) return 0 ;; # another project
      --stack | -s | -[!-]*s) # -ys dev is --yes --stack dev
        [ $# = 1 ] || shift
        stack=$1
        ;;
      --stack=*) stack=${1#*=} ;;
      -s*) stack=${1#-s} stack=${stack#=} ;;
      -*) ;;
      *) words+=("$1") ;;
    esac
    shift
  done
  case " ${words[*]} " in
    " config get "*) ;;
    " config "[a-z]*) return 0 ;;
  esac
  [ -n "$stack" ] || stack=$(pulumi --cwd "$root" stack --show-name 2> /dev/null) || return 0
  [ "${stack##*/}" = dev ] || return 0
  sed '/^encryptionsalt:/d' "$root/Pulumi.dev.yaml" > "$copy.$$"
  mv "$copy.$$" "$copy"
  export PULUMI_OPTION_CONFIG_FILE=$copy
}
