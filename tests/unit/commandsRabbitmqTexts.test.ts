import { formed, gate, leave, type ExpectedMember } from "../../commands/rabbitmq";
import { revive } from "../../commands/rabbitmq/maintenance";
import { evict, queueLists, refuseLoss, replicas, vacate } from "../../commands/rabbitmq/vacate";

/* The longer scripts, by their texts; what they do is tested beside. */

const place = { name: "rabbitmq2", container: "rabbitmq", directory: "/var/lib/warren/rabbitmq" };
const wanted = { image: "sha256:1111", settings: "abcd" };
const three: ExpectedMember[] = [
  { name: "rabbitmq1", type: "disc" },
  { name: "rabbitmq2", type: "disc" },
  { name: "rabbitmq3", type: "ram" },
];

test("formed", () => {
  const broker = { ...place, name: "node1", container: "broker" };
  const script = formed(broker, { members: three, lost: ["rabbitmq9", "rabbitmq8"] }, false, 60);
  const call = "docker exec -u rabbitmq broker rabbitmqctl -q";
  expect(script)
    .toBe(`names() { printf %s "$status" | grep -o "\\"$1\\":\\[[^]]*\\]" | grep -o 'rabbit@[A-Za-z0-9_-]*' | sort | tr '\\n' ' '; }
has() { local node; for node in \${@:2}; do case " $(names "$1")" in *" $node "*) ;; *) return 1 ;; esac; done; }
as_configured() {
  status=$(${call} cluster_status --formatter json 2> /dev/null) &&
  has disk_nodes rabbit@rabbitmq1 rabbit@rabbitmq2 && has ram_nodes rabbit@rabbitmq3 && has running_nodes rabbit@rabbitmq1 rabbit@rabbitmq2 rabbit@rabbitmq3
}
trap '[ $? = 0 ] || echo "disc: $(names disk_nodes); ram: $(names ram_nodes); running: $(names running_nodes)" >&2' EXIT
deadline=$((SECONDS + 60))
until as_configured; do
  if [ $SECONDS -ge $deadline ]; then
    echo "the cluster is not as configured (disc: rabbit@rabbitmq1 rabbit@rabbitmq2; ram: rabbit@rabbitmq3). It shows" >&2
    exit 1
  fi
  sleep 1
done
case $status in *'"partitions":{}'* | *'"partitions":[]'*) ;; *) echo "the cluster is partitioned" >&2; exit 1 ;; esac
others=$({ names disk_nodes; names ram_nodes; } | tr ' ' '\\n' | sort -u | grep -vxF -e rabbit@rabbitmq1 -e rabbit@rabbitmq2 -e rabbit@rabbitmq3 -e "" || true)
if [ -n "$others" ]; then
${queueLists(broker)}
${replicas(broker)}
for other in $others; do
  case " rabbit@rabbitmq8 rabbit@rabbitmq9  $(names running_nodes)" in
  *" $other "*" $other "*) echo "$other is said to be lost, and it runs: stop it, or take lost off its host" >&2; exit 1 ;;
  *" $other "*) ;;
  *) echo "$other is a member that the config does not have, and it does not run: start it, so that it can leave, or say that its host is lost" >&2; exit 1 ;;
  esac
  if has running_nodes $other; then
${refuseLoss("$other")}
  else
    ${call} forget_cluster_node $other > /dev/null
${evict("$other")}
  fi
done
fi
versions() { local node; for node in rabbit@rabbitmq1 rabbit@rabbitmq2 rabbit@rabbitmq3; do printf %s "$status" | grep -o "\\"$node\\":{\\"erlang_version\\"[^}]*" | grep -o '"rabbitmq_version":.*'; done; }
if [ "$(versions | sort -u | wc -l)" -gt 1 ]; then
  echo "the members run different broker versions" >&2
  exit 1
fi
printf '%s\\n' "$status"`);
});

test("gate", () => {
  const call = "docker exec -u rabbitmq rabbitmq";
  const enableFlags = `flags=$(${call} rabbitmqctl -q list_feature_flags --silent name state stability | awk '$2 == "disabled" && $3 == "stable" { print $1 }')
for flag in $flags; do
  ${call} rabbitmqctl -q enable_feature_flag $flag > /dev/null
done`;
  const listens = `{ pid=$(docker inspect -f '{{.State.Pid}}' rabbitmq) && grep -qs ':1628 [0-9A-F:]* 0A' /proc/$pid/net/tcp /proc/$pid/net/tcp6; } 2> /dev/null`;
  expect(gate(place, wanted, ["rabbitmq7", "rabbitmq8"], 5672))
    .toBe(`found=$(docker inspect -f '{{.State.Running}} {{.Image}} {{index .Config.Labels "io.warren.settings"}}' rabbitmq 2> /dev/null) || exit 0
case $found in
"true sha256:1111 abcd")
  if ! ${listens}; then
${revive(place)}
  fi
  exit 0 ;;
true*) ;;
*) exit 0 ;;
esac
if ! status=$(${call} rabbitmqctl -q cluster_status --formatter json 2> /dev/null); then
  if ${listens}; then
    echo "rabbitmq2 serves clients, but its CLI does not answer: nothing was changed" >&2
    exit 1
  fi
  exit 0
fi
names() { printf %s "$status" | grep -o "\\"$1\\":\\[[^]]*\\]" | grep -o 'rabbit@[A-Za-z0-9_-]*' | sort | tr '\\n' ' '; }
case " $(names running_nodes)" in *" rabbit@rabbitmq2 "*) ;; *) exit 0 ;; esac
[ "$(names disk_nodes)$(names ram_nodes)" != "rabbit@rabbitmq2 " ] || exit 0
mirrors=$(${call} rabbitmq-diagnostics -q help | grep -o check_if_node_is_mirror_sync_critical | head -n 1 || true)
one_by_one() { for list; do names $list; done | tr ' ' '\n' | grep -vxF -e "" -e rabbit@rabbitmq7 -e rabbit@rabbitmq8 | sort -u; }
others_in_maintenance() { printf %s "$status" | grep -o '"maintenance_status":{[^}]*}' | tr ',' '\n' | grep -vF '"rabbit@rabbitmq2"' | grep -qF ':"under maintenance"'; }
others_run() {
  status=$(${call} rabbitmqctl -q cluster_status --formatter json 2> /dev/null) &&
  [ "$(one_by_one disk_nodes ram_nodes)" = "$(one_by_one running_nodes)" ] && ! others_in_maintenance
}
why=
spared() {
  others_run &&
  why=$(${call} rabbitmq-diagnostics -q check_if_node_is_quorum_critical 2>&1) &&
  { [ -z "$mirrors" ] || why=$(${call} rabbitmq-diagnostics -q check_if_node_is_mirror_sync_critical 2>&1); }
}
deadline=$((SECONDS + 60))
until others_run; do
  if [ $SECONDS -ge $deadline ]; then
    echo "the cluster cannot spare rabbitmq2 now: of its members ($(one_by_one disk_nodes ram_nodes | tr '\n' ' ')) only $(names running_nodes)run, or one of them is under maintenance. Nothing was changed" >&2
    exit 1
  fi
  sleep 2
done
deadline=$((SECONDS + 600))
until spared; do
  if [ $SECONDS -ge $deadline ]; then
    echo "the cluster cannot spare rabbitmq2 now: another member is down, or a queue would lose its majority or its last synchronised mirror. Nothing was changed. $why" >&2
    exit 1
  fi
  sleep 2
done
case $found in
"true sha256:1111 "*) ;;
*)
${enableFlags} ;;
esac
${call} rabbitmq-upgrade -q drain > /dev/null`);
});

describe("how a node leaves", () => {
  const place = { name: "rabbitmq2", container: "rabbitmq", directory: "/var/lib/warren/rabbitmq" };
  const call = "docker exec -u rabbitmq rabbitmq";

  test("leave", () => {
    expect(leave(place)).toBe(`[ "$(docker inspect -f '{{.State.Running}}' rabbitmq 2> /dev/null)" = true ] || exit 0
if parameters=$(${call} rabbitmqctl -q list_global_parameters --no-table-headers); then
case $(grep '^warren_members[[:space:]]' <<< "$parameters" || true) in '' | *'"rabbit@rabbitmq2"'*) exit 0 ;; esac
${vacate(place)}
touch /var/lib/warren/rabbitmq/leaving
elif [ ! -e /var/lib/warren/rabbitmq/leaving ]; then
exit 0
fi
${call} rabbitmqctl -q stop_app
${call} rabbitmqctl -q reset
rm -f /var/lib/warren/rabbitmq/leaving`);
  });

  test("vacate", () => {
    expect(vacate(place)).toBe(`${queueLists(place)}
${refuseLoss("rabbit@rabbitmq2")}
others=$(${call} rabbitmqctl -q cluster_status --formatter json | grep -o '"running_nodes":[^]]*' | grep -o 'rabbit@[A-Za-z0-9_-]*' | grep -vx rabbit@rabbitmq2 | sort | sed "s/.*/'&'/" | paste -sd, || true)
if [ -z "$others" ]; then
  echo "no other member of the cluster runs: nothing was changed" >&2
  exit 1
fi
${replicas(place)}
moving=$(queues Moving rabbit@rabbitmq2 "$others")
while IFS=$'\\t' read -r kind vhost queue target; do
  [ -n "$kind" ] || continue
deadline=$((SECONDS + 60))
until add_to "$target" > /dev/null 2>&1; do
  if [ $SECONDS -ge $deadline ]; then
    echo "the queue $queue in the virtual host $vhost cannot be given a member on $target. Nothing was taken from it" >&2
    exit 1
  fi
  sleep 0.2
done
done <<< "$moving"
revive() {
${revive(place)}
}
emptied() (
${evict("rabbit@rabbitmq2")}
)
emptied || { revive; exit 1; }
${call} rabbitmq-upgrade -q drain > /dev/null
emptied || { revive; exit 1; }
lost=$(queues Lost rabbit@rabbitmq2)
if [ -n "$lost" ]; then
  revive
  printf 'meanwhile a queue has come to live on rabbitmq2 alone:\\n%s\\n' "$lost" >&2
  exit 1
fi`);
  });

  test("refuseLoss", () => {
    expect(refuseLoss("$other")).toBe(`if ! lost=$(queues Lost $other); then
  echo "it cannot be told which queues would be lost with $other: nothing was changed" >&2
  exit 1
fi
if [ -n "$lost" ]; then
  echo "$other cannot be spared. Nothing was changed, since these queues would be lost with it, or lose their majority:" >&2
  while IFS=$'\\t' read -r kind vhost queue _; do echo "  $queue (\${kind#rabbit_}) in the virtual host $vhost" >&2; done <<< "$lost"
  echo "Mirror them, give them members on other nodes, start the nodes that they wait for, or delete them" >&2
  exit 1
fi`);
  });

  test("replicas", () => {
    expect(replicas(place)).toBe(`add_to() {
  case $kind in
  rabbit_stream_queue) ${call} rabbitmq-streams -q add_replica --vhost "$vhost" "$queue" "$1" ;;
  *) ${call} rabbitmq-queues -q add_member --vhost "$vhost" "$queue" "$1" ;;
  esac
}
delete_from() {
  case $kind in
  rabbit_stream_queue) ${call} rabbitmq-streams -q delete_replica --vhost "$vhost" "$queue" "$1" ;;
  *) ${call} rabbitmq-queues -q delete_member --vhost "$vhost" "$queue" "$1" ;;
  esac
}`);
  });

  test("evict", () => {
    expect(evict("$other")).toBe(`why=
evicted() {
  local left
  left=$(queues Staying $other) || { why="it cannot be told which"; return 1; }
  [ -n "$left" ] || return 0
  while IFS=$'\\t' read -r kind vhost queue _; do
    why="$queue in the virtual host $vhost: $(delete_from $other 2>&1 > /dev/null)" || true
  done <<< "$left"
  return 1
}
deadline=$((SECONDS + 300))
until evicted; do
  if [ $SECONDS -ge $deadline ]; then
    echo "queues still have members on $other after 300 s. The last to refuse, $why" >&2
    exit 1
  fi
  sleep 1
done`);
  });

  test("revive", () => {
    const lines = revive(place).split("\n");
    expect([lines[0], lines[1]?.slice(0, 50), lines.at(-1)?.slice(-60)]).toEqual([
      `${call} rabbitmq-upgrade -q revive > /dev/null 2>&1 || true`,
      `${call} rabbitmqctl -q eval 'Here = fu`.slice(0, 50),
      "queue, _} <- [amqqueue:get_name(Q)]], ok.' > /dev/null 2>&1 || true".slice(-60),
    ]);
    // The shell's quotes end where the Erlang does.
    expect(revive(place).match(/'/g)).toHaveLength(2);
  });

  test("queueLists: the broker is asked for the queues of one kind, and says ok after the last", () => {
    const text = queueLists(place);
    expect(text.split("\n").slice(-7).join("\n")).toBe(`)
queues() {
  local told
  told=$(${call} rabbitmqctl -q eval "N = '$2', R = [\${3-}], $erlang, Tell($1), ok.") || return 1
  [ "\${told##*$'\\n'}" = ok ] || return 1
  printf %s "\${told%ok}"
}`);
    // What it prints is read by tabs, and a quote would end the shell's argument.
    expect(text).toContain('io:format("~s\\t~s\\t~s\\t~s~n", [Kind(Q), V, Name, ');
    const erlang = text.slice(text.indexOf("'END'\n") + 6, text.indexOf("\nEND\n"));
    expect(erlang.match(/^(\w+) = /gm)).toEqual(
      [
        ...["Kind", "Info", "On", "Mirrors", "Others", "Member", "Free", "Moving", "Alone", "Minority", "Lost"],
        ...["Leads", "Followed", "Follow", "Again", "Ready", "Staying", "Tell"],
      ].map((name) => `${name} = `),
    );
  });
});
