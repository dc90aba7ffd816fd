%% Starts those members of quorum queues on this node that do not run, as a boot does.
%% Source: rabbit_maintenance:do_revive/0, rabbit_quorum_queue:recover/1,2.
Here = fun(Q) -> lists:member(node(), proplists:get_value(members, rabbit_amqqueue:info(Q, [members]), [])) end,
Rests = fun(Q) ->
  amqqueue:get_type(Q) =:= rabbit_quorum_queue andalso Here(Q) andalso whereis(element(1, amqqueue:get_pid(Q))) =:= undefined
end,
Recover = fun(V, Q) ->
  case erlang:function_exported(rabbit_quorum_queue, recover, 2) of
    true -> rabbit_quorum_queue:recover(V, [Q]);
    false -> rabbit_quorum_queue:recover([Q])
  end
end,
[Recover(V, Q) || Q <- rabbit_amqqueue:list(), Rests(Q), {resource, V, queue, _} <- [amqqueue:get_name(Q)]],
ok.
