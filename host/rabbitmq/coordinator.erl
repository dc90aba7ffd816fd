%% The node N in the cluster of its own in which RabbitMQ coordinates streams. That one's leader takes a node out up to a minute after it has
%% gone: where the leader itself goes, or two nodes do in that time, those that stay may be no majority any more, and no stream works again.
%%
%% Assigned before: N, this node.
Coordinator = rabbit_stream_coordinator,
Peers = [Node || Node <- nodes(), is_pid(rpc:call(Node, erlang, whereis, [Coordinator], 5000))],

%% While N's application runs: another node leads.
HandOver = fun() ->
  case {Peers, whereis(Coordinator)} of
    {[Peer | _], Pid} when is_pid(Pid) ->
      {ok, _, {_, Leader}} = ra:members({Coordinator, N}),
      Leader =:= N andalso ra:transfer_leadership({Coordinator, N}, {Coordinator, Peer}),
      Leader =/= N;
    _ -> true
  end
end,

%% After that has stopped: the others take it out.
Leave = fun() ->
  case Peers of
    [Peer | _] ->
      {ok, Servers, _} = rpc:call(Peer, ra, members, [{Coordinator, Peer}], 10000),
      Rest = lists:delete({Coordinator, N}, Servers),
      Rest =:= Servers orelse element(1, rpc:call(Peer, ra, remove_member, [Rest, {Coordinator, N}], 10000)) =:= ok;
    [] -> true
  end
end,
