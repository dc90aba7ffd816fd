import { cli, type NodePlace } from "./place";

/**
 * Erlang, for the broker itself: starts those members of quorum queues on this node that do not run, as a boot does. RabbitMQ's
 * own revive leaves out the queues that this node still counts as led by itself, which happens where no other member has
 * been elected yet; they would stand still until the next restart. Source: rabbit_maintenance:do_revive/0.
 */
const recoverMembers = `Here = fun(Q) -> lists:member(node(), proplists:get_value(members, rabbit_amqqueue:info(Q, [members]), [])) end,
Rests = fun(Q) -> amqqueue:get_type(Q) =:= rabbit_quorum_queue andalso Here(Q) andalso whereis(element(1, amqqueue:get_pid(Q))) =:= undefined end,
Recover = fun(V, Q) -> case erlang:function_exported(rabbit_quorum_queue, recover, 2) of true -> rabbit_quorum_queue:recover(V, [Q]); false -> rabbit_quorum_queue:recover([Q]) end end,
[Recover(V, Q) || Q <- rabbit_amqqueue:list(), Rests(Q), {resource, V, queue, _} <- [amqqueue:get_name(Q)]], ok.`;

/** Script: takes a drained node back into service; on one that serves it does nothing. Whether it can, is not asked. */
export function revive(place: NodePlace): string {
  return `${cli(place, "rabbitmq-upgrade", "revive")} > /dev/null 2>&1 || true
${cli(place, "rabbitmqctl", `eval '${recoverMembers}'`)} > /dev/null 2>&1 || true`;
}
