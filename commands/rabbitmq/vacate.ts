import { waitUntil } from "../shell";
import { revive } from "./maintenance";
import { cli, erlangName, type NodePlace } from "./place";

/**
 * Erlang, for the broker itself: what its queues are. The CLI's own listings leave out where quorum queues have their
 * members, and the HTTP API's are some seconds old; neither will do before something is wiped. All is said from node `N`'s
 * side, and `Tell(Which)` prints the queues that a function holds for: type, virtual host, name, and a node of the list `R` that
 * has no member of it, by tabs.
 *
 * - `Lost`: could not do without `N`: a durable classic queue without a synchronised mirror elsewhere, or a quorum queue or
 *   stream whose other members that are online are no majority of the others.
 * - `Member`: a quorum queue or stream with a member on `N`. `Moving`: one that a node of `R` has no member of.
 * - `Staying`: as `Member`, after the broker's record of the members is Raft's own again, and another member leads, if one
 *   can. The record differs where a change of members timed out and came to pass after all; `delete_member` believes it, and
 *   refuses what Raft has done already. It also deletes a leader right after the leader has told the others that it goes.
 *   Where the others alone are no majority, they could not elect one while the leader stands aside: it leads to its end.
 */
const erlang = `Kind = fun(Q) -> amqqueue:get_type(Q) end,
Info = fun(Q, Key) -> proplists:get_value(Key, rabbit_amqqueue:info(Q, [members, online]), []) end,
On = fun(Q) -> case amqqueue:get_pid(Q) of Pid when is_pid(Pid) -> node(Pid); _ -> none end end,
Mirrors = fun(Q) -> case catch amqqueue:get_sync_slave_pids(Q) of Pids when is_list(Pids) -> [P || P <- Pids, node(P) =/= N]; _ -> [] end end,
Others = fun(Q, Key) -> lists:delete(N, Info(Q, Key)) end,
Member = fun(Q) -> Kind(Q) =/= rabbit_classic_queue andalso lists:member(N, Info(Q, members)) end,
Free = fun(Q) -> case Kind(Q) of rabbit_classic_queue -> []; _ -> R -- Info(Q, members) end end,
Moving = fun(Q) -> Member(Q) andalso Free(Q) =/= [] end,
Alone = fun(Q) -> amqqueue:is_durable(Q) andalso amqqueue:get_exclusive_owner(Q) =:= none andalso On(Q) =:= N andalso Mirrors(Q) =:= [] end,
Minority = fun(Q) -> Member(Q) andalso Others(Q, members) =/= [] andalso length(Others(Q, online)) * 2 =< length(Others(Q, members)) end,
Lost = fun(Q) -> case Kind(Q) of rabbit_classic_queue -> Alone(Q); _ -> Minority(Q) end end,
Leads = fun(Q) -> case ra:members(amqqueue:get_pid(Q)) of {ok, _, {_, Node}} -> Node =:= N; _ -> false end end,
Followed = fun F(_, 0) -> ok; F(Q, Tries) -> case Leads(Q) of true -> timer:sleep(100), F(Q, Tries - 1); false -> ok end end,
Follow = fun(Q) -> case length(Others(Q, online)) * 2 > length(Info(Q, members)) andalso Leads(Q) of true -> rabbit_quorum_queue:transfer_leadership(Q, hd(Others(Q, online))), Followed(Q, 50); false -> ok end end,
Again = fun(Q) -> {ok, Now} = rabbit_amqqueue:lookup(amqqueue:get_name(Q)), Now end,
Ready = fun(Q) -> rabbit_quorum_queue:repair_amqqueue_nodes(Q), Mended = Again(Q), Member(Mended) andalso Follow(Mended) end,
Staying = fun(Q) -> case Kind(Q) of rabbit_quorum_queue -> catch Ready(Q), Member(Again(Q)); _ -> Member(Q) end end,
Tell = fun(Which) -> [io:format("~s\\t~s\\t~s\\t~s~n", [Kind(Q), V, Name, lists:join(" ", lists:sublist([atom_to_list(F) || F <- Free(Q)], 1))]) || Q <- rabbit_amqqueue:list(), Which(Q), {resource, V, queue, Name} <- [amqqueue:get_name(Q)]] end`;

/** Shell function `queues WHICH NODE [RUNNING]`: the queues that one of {@link erlang}'s functions holds for, `RUNNING` being
 * the other nodes, as Erlang lists them. It fails if it cannot tell. */
export function queueLists(place: NodePlace): string {
  return `erlang=$(cat <<'END'
${erlang}
END
)
queues() {
  local told
  told=$(${cli(place, "rabbitmqctl", `eval "N = '$2', R = [\${3-}], $erlang, Tell($1), ok."`)}) || return 1
  [ "\${told##*$'\\n'}" = ok ] || return 1
  printf %s "\${told%ok}"
}`;
}

/**
 * Script: goes on only if nothing is lost with a node (`NODE` may be a shell variable); otherwise it names the queues. Needs
 * {@link queueLists}.
 */
export function refuseLoss(node: string): string {
  return `if ! lost=$(queues Lost ${node}); then
  echo "it cannot be told which queues would be lost with ${node}: nothing was changed" >&2
  exit 1
fi
if [ -n "$lost" ]; then
  echo "${node} cannot be spared. Nothing was changed, since these queues would be lost with it, or lose their majority:" >&2
  while IFS=$'\\t' read -r kind vhost queue _; do echo "  $queue (\${kind#rabbit_}) in the virtual host $vhost" >&2; done <<< "$lost"
  echo "Mirror them, give them members on other nodes, start the nodes that they wait for, or delete them" >&2
  exit 1
fi`;
}

/** Shell functions `add_to NODE` and `delete_from NODE`: a member of the queue in `$kind`, `$vhost` and `$queue`, on a node. */
export function replicas(place: NodePlace): string {
  const either = (action: "add" | "delete"): string => `case $kind in
  rabbit_stream_queue) ${cli(place, "rabbitmq-streams", `${action}_replica --vhost "$vhost" "$queue" "$1"`)} ;;
  *) ${cli(place, "rabbitmq-queues", `${action}_member --vhost "$vhost" "$queue" "$1"`)} ;;
  esac`;
  return `add_to() {
  ${either("add")}
}
delete_from() {
  ${either("delete")}
}`;
}

/** Script: takes a node's members out of all queues, which takes a while where a queue has just changed otherwise. Needs {@link queueLists} and {@link replicas}. */
export function evict(node: string): string {
  return `why=
evicted() {
  local left
  left=$(queues Staying ${node}) || { why="it cannot be told which"; return 1; }
  [ -n "$left" ] || return 0
  while IFS=$'\\t' read -r kind vhost queue _; do
    why="$queue in the virtual host $vhost: $(delete_from ${node} 2>&1 > /dev/null)" || true
  done <<< "$left"
  return 1
}
${waitUntil("evicted", 300, `queues still have members on ${node} after 300 s. The last to refuse, $why`, 1)}`;
}

/**
 * Script: moves everything off a node that is about to be reset, while the cluster goes on: quorum queues and streams get
 * a member on another node that has none yet, its members are taken out of all queues, and its clients are sent away. Draining
 * comes after the members, since it stops some of them: a queue of four with one down could not elect a leader any more, and
 * without one no member leaves. What was declared in the meantime is taken out thereafter. It refuses where a queue would be
 * lost, and takes the node back into service where it cannot finish. Run on the node itself.
 */
export function vacate(place: NodePlace): string {
  const self = erlangName(place.name);
  return `${queueLists(place)}
${refuseLoss(self)}
others=$(${cli(place, "rabbitmqctl", "cluster_status --formatter json")} | grep -o '"running_nodes":[^]]*' | grep -o 'rabbit@[A-Za-z0-9_-]*' | grep -vx ${self} | sort | sed "s/.*/'&'/" | paste -sd, || true)
if [ -z "$others" ]; then
  echo "no other member of the cluster runs: nothing was changed" >&2
  exit 1
fi
${replicas(place)}
moving=$(queues Moving ${self} "$others")
while IFS=$'\\t' read -r kind vhost queue target; do
  [ -n "$kind" ] || continue
${waitUntil('add_to "$target" > /dev/null 2>&1', 60, "the queue $queue in the virtual host $vhost cannot be given a member on $target. Nothing was taken from it")}
done <<< "$moving"
revive() {
${revive(place)}
}
emptied() (
${evict(self)}
)
emptied || { revive; exit 1; }
${cli(place, "rabbitmq-upgrade", "drain")} > /dev/null
emptied || { revive; exit 1; }
lost=$(queues Lost ${self})
if [ -n "$lost" ]; then
  revive
  printf 'meanwhile a queue has come to live on ${place.name} alone:\\n%s\\n' "$lost" >&2
  exit 1
fi`;
}
