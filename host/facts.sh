# shellcheck shell=bash
# Says what is so on this host, as JSON. It changes nothing, and what cannot be told is null.
#
# Data: nodes (directories of the brokers that are to be here), images (that are to be here), management_port and login (`user:password`,
# optional), to ask a broker on this host for its cluster's members; looks (optional: the data of seen.sh are there, too)

facts() {
  printf '{"machine":%s,"owner":%s,"library":%s,' "$(quoted "$(cat "$etc/machine-id" 2> /dev/null)")" "$(owner_fact)" "$(library_fact)"
  printf '"addresses":[%s],' "$(ip -o addr show scope global 2> /dev/null | awk '{ sub("/.*", "", $4); printf "%s\"%s\"", sep, $4; sep = "," }')"
  printf '"interfaces":[%s],' "$(interface_facts)"
  printf '"listening":[%s],' "$(listening_facts)"
  printf '"containers":{%s},' "$(container_facts)"
  printf '"images":{%s},' "$(image_facts)"
  printf '"nodes":{%s},' "$(node_facts)"
  printf '"members":%s,' "$(broker_says '/api/nodes?columns=name,type,running')"
  printf '"intended":%s,' "$(broker_says "/api/global-parameters/$members_parameter")"
  printf '"steps":{%s}' "$(step_facts)"
  [ -z "${looks:-}" ] || printf ',"seen":{%s}' "$(seen_facts)"
  printf '}\n'
}

quoted() { # TEXT: as a JSON string
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  text=${text//$'\t'/\\t}
  text=${text//[[:cntrl:]]/}
  printf '"%s"' "$text"
}

owner_fact() {
  local id stack
  if { read -r id && read -r stack; } 2> /dev/null < "$(owner_file)"; then
    printf '{"id":%s,"stack":%s}' "$(quoted "$id")" "$(quoted "$stack")"
  else
    printf null
  fi
}

library_fact() {
  local current
  current=$(readlink "$root/usr/local/lib/warren/current") && quoted "$current" || printf null
}

interface_facts() {
  local path sep=
  for path in "$root"/sys/class/net/*; do
    [ ! -e "$path" ] || { printf '%s%s' "$sep" "$(quoted "${path##*/}")" && sep=,; }
  done
}

# The TCP ports that something listens on, whatever the address.
listening_facts() {
  cat "$root/proc/net/tcp" "$root/proc/net/tcp6" 2> /dev/null | awk '
    $4 == "0A" {
      sub(".*:", "", $2)
      port = 0
      for (i = 1; i <= 4; i++) port = port * 16 + index("0123456789ABCDEF", substr($2, i, 1)) - 1
      if (!seen[port]++) { printf "%s%d", sep, port; sep = "," }
    }' || true
}

# By name: each container of Warren's names, whoever made it.
container_facts() {
  local label='{{with .Config.Labels}}{{with index . "io.warren.%s"}}{{json .}}{{else}}""{{end}}{{else}}""{{end}}' format
  # shellcheck disable=SC2059 # the label's name goes into the format
  format="{{json (slice .Name 1)}}:{\"id\":{{json .Id}},\"image\":{{json .Image}},\"state\":{{json .State.Status}},\"stack\":$(printf "$label" stack),\"part\":$(printf "$label" part),\"settings\":$(printf "$label" settings)}"
  docker inspect -f "$format" rabbitmq haproxy keepalived 2> /dev/null | paste -sd, || true
}

# By name: whether an image is there.
image_facts() {
  local image sep=
  for image in "${images[@]}"; do
    printf '%s%s:%s' "$sep" "$(quoted "$image")" "$(is_so docker image inspect "$image")"
    sep=,
  done
}

# By directory: whether a broker's data are there, which members they know (null: the broker does not keep them in a file), whether queues
# are among them, and whether a step is halfway through a change of its membership.
node_facts() {
  local directory name sep=
  for directory in "${nodes[@]}"; do
    name=${directory##*/}
    printf '%s%s:{"data":%s,"members":%s,"queues":%s,"underway":%s}' "$sep" "$(quoted "$directory")" "$(is_so has_data)" \
      "$(disk_members)" "$(is_so holds_queues)" "$(is_so is_underway)"
    sep=,
  done
}

disk_members() {
  if [ -e "$(members_file)" ]; then
    printf '[%s]' "$(known_members | sed 's/.*/"&"/' | paste -sd, || true)"
  else
    printf null
  fi
}

is_underway() { [ -e "$(joining_mark)" ] || [ -e "$(retyping_mark)" ]; }

is_so() { # COMMAND...
  if "$@" > /dev/null 2>&1; then printf true; else printf false; fi
}

# What the broker on this host says: by HTTP, since a CLI call costs a whole Erlang VM.
broker_says() { # PATH
  local answer=
  [ -z "${management_port:-}" ] || answer=$(http_get "$management_port" "$1" "${login:-}") || answer=
  printf %s "${answer:-null}"
}

step_facts() {
  local record sep=
  for record in "$state"/steps/*; do
    case $record in *.new | *'*') continue ;; esac
    printf '%s%s:{%s}' "$sep" "$(quoted "${record##*/}")" "$(step_fact "$record")"
    sep=,
  done
}

step_fact() { # RECORD
  local kind words input='' again='' says faults='' sep=
  while read -r kind words; do
    case $kind in
      input) input=$words ;;
      again) again=$words ;;
      *)
        if declare -F "holds_$kind" > /dev/null; then
          # shellcheck disable=SC2086 # the words of a line
          says=$("holds_$kind" $words 2> /dev/null) || true
        else
          says="this release cannot look at: $kind $words"
        fi
        [ -z "$says" ] || { faults+="$sep{\"kind\":\"$kind\",\"says\":$(quoted "$says")}" && sep=,; }
        ;;
    esac
  done < "$1"
  printf '"input":"%s","again":%s,"faults":[%s]' "$input" "$(quoted "$again")" "$faults"
}
