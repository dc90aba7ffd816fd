%% The broker's queues, seen from the node N, and what is done to them before N goes. The CLI's own listings leave out where quorum queues
%% have their members, and those of the HTTP API are some seconds old: neither is good enough before something is wiped.
%%
%% Assigned before: N; R, the other nodes that run; H, `all` or hashes of names (see Do).
%% Prints a line for each queue: type, virtual host, name, hash of the name, and words, with tabs between them.

Kind = fun(Q) -> amqqueue:get_type(Q) end,
Info = fun(Q, Key) -> proplists:get_value(Key, rabbit_amqqueue:info(Q, [Key]), []) end,
Others = fun(Q, Key) -> lists:delete(N, Info(Q, Key)) end,
Again = fun(Q) -> {ok, Now} = rabbit_amqqueue:lookup(amqqueue:get_name(Q)), Now end,
Connected = fun(Node) -> lists:member(Node, [node() | nodes()]) end,

%% Queues that RabbitMQ keeps members of on several nodes.
Replicated = fun(Q) -> lists:member(Kind(Q), [rabbit_quorum_queue, rabbit_stream_queue]) end,
Member = fun(Q) -> Replicated(Q) andalso lists:member(N, Info(Q, members)) end,
Free = fun(Q) -> R -- Info(Q, members) end,

%% Queues that would be lost with N, or lose their majority. Those that end with a connection are none: exclusive ones, and those of MQTT's
%% QoS 0. Of a type that is not known here, a durable one counts unless it is known to be elsewhere.
Lasts = fun(Q) ->
  Kind(Q) =/= rabbit_mqtt_qos0_queue andalso amqqueue:is_durable(Q) andalso amqqueue:get_exclusive_owner(Q) =:= none
end,
Mirrors = fun(Q) ->
  case catch amqqueue:get_sync_slave_pids(Q) of
    Pids when is_list(Pids) -> [P || P <- Pids, node(P) =/= N];
    _ -> []
  end
end,
Process = fun(Q) ->
  case amqqueue:get_pid(Q) of
    Pid when is_pid(Pid) -> node(Pid);
    _ -> none
  end
end,
Minority = fun(Q) ->
  Member(Q) andalso Others(Q, members) =/= [] andalso length(Others(Q, online)) * 2 =< length(Others(Q, members))
end,
Elsewhere = fun(Q) ->
  case {Process(Q), catch Info(Q, members)} of
    {none, [_ | _] = Nodes} -> not lists:member(N, Nodes);
    {none, _} -> false;
    {Node, _} -> Node =/= N
  end
end,
Lost = fun(Q) ->
  case Kind(Q) of
    rabbit_classic_queue -> Lasts(Q) andalso Process(Q) =:= N andalso Mirrors(Q) =:= [];
    _ -> case Replicated(Q) of true -> Minority(Q); false -> Lasts(Q) andalso not Elsewhere(Q) end
  end
end,

%% Gives a queue with a member on N one more, on a node of R that has none.
Moving = fun(Q) -> Member(Q) andalso Free(Q) =/= [] end,
Extend = fun(Q) ->
  {resource, V, queue, Name} = amqqueue:get_name(Q),
  Add = fun(Node) ->
    case Kind(Q) of
      rabbit_quorum_queue -> rabbit_quorum_queue:add_member(V, Name, Node, 5000);
      rabbit_stream_queue -> rabbit_stream_queue:add_replica(V, Name, Node)
    end
  end,
  case Free(Q) of
    [] -> ok;
    [Node | _] -> case catch Add(Node) of ok -> ok; Said -> {on, Node, Said} end
  end
end,

%% Takes N's member out of a queue. The broker's record of a quorum queue's members is made Raft's own first: it differs where a change of
%% members timed out and came about after all; delete_member believes it, and refuses what Raft has done already. Then another member leads,
%% if one can, since delete_member also deletes a leader right after it has told the others that it goes. Where the others alone are no
%% majority, they could not elect one while the leader stands aside: it leads to its end.
Until = fun F(_, 0) -> false; F(Holds, Tries) -> Holds() orelse begin timer:sleep(100), F(Holds, Tries - 1) end end,
Leads = fun(Q) ->
  case ra:members(amqqueue:get_pid(Q)) of
    {ok, _, {_, Node}} -> Node =:= N;
    _ -> false
  end
end,
Follow = fun(Q) ->
  case length(Others(Q, online)) * 2 > length(Info(Q, members)) andalso Leads(Q) of
    true ->
      rabbit_quorum_queue:transfer_leadership(Q, hd(Others(Q, online))),
      Until(fun() -> not Leads(Q) end, 50);
    false -> ok
  end
end,
%% The coordinator does not wait until a stream's new replica has what the older ones have: it could elect it to lead, and the rest would be
%% lost. Where nobody can say and N is not connected, there is nothing more to get from N.
Offsets = fun(Q) -> osiris_writer:query_replication_state(amqqueue:get_pid(Q)) end,
Behind = fun(Q, Offset) ->
  Reached = lists:reverse(lists:sort([Own || {Node, {Own, _}} <- maps:to_list(Offsets(Q)), Node =/= N])),
  Majority = length(Others(Q, members)) div 2 + 1,
  case length(Reached) >= Majority of
    true -> max(0, Offset - lists:nth(Majority, Reached));
    false -> Offset + 1
  end
end,
Synced = fun(Q) ->
  case catch maps:get(node(amqqueue:get_pid(Q)), Offsets(Q)) of
    {Offset, _} -> Until(fun() -> Behind(Q, Offset) =:= 0 end, 50) orelse {error, {messages_behind, Behind(Q, Offset)}};
    Unknown -> not Connected(N) orelse {error, Unknown}
  end
end,
%% The coordinator deletes a replica's data later, and would try to for ever on a node that has gone by then.
Listed = fun(Q) ->
  #{name := Id} = amqqueue:get_type_state(Q),
  case rabbit_stream_coordinator:members(Id) of
    {ok, Nodes} -> Connected(N) andalso maps:is_key(N, Nodes);
    _ -> false
  end
end,
Stays = fun(Q) -> Member(Again(Q)) end,
Gone = fun(Q) -> not Stays(Q) andalso (Kind(Q) =:= rabbit_quorum_queue orelse not Listed(Q)) end,
Delete = fun(Q) ->
  case Kind(Q) of
    rabbit_quorum_queue ->
      {resource, V, queue, Name} = amqqueue:get_name(Q),
      catch Follow(Again(Q)),
      rabbit_quorum_queue:delete_member(V, Name, N);
    rabbit_stream_queue ->
      #{name := Id} = amqqueue:get_type_state(Q),
      case Synced(Q) of
        true -> {ok, Said, _} = rabbit_stream_coordinator:delete_replica(Id, N), Said;
        Error -> Error
      end
  end
end,
Evict = fun(Q) ->
  Kind(Q) =:= rabbit_quorum_queue andalso (catch rabbit_quorum_queue:repair_amqqueue_nodes(Q)),
  case Stays(Q) of
    true ->
      Said = Delete(Q),
      Said =:= ok andalso Until(fun() -> Gone(Q) end, 100),
      case Stays(Q) of
        true -> Said;
        false -> ok
      end;
    false -> ok
  end
end,

%% Text is printed as it is; what is no UTF-8, byte by byte.
Text = fun(Bytes) ->
  Points = case unicode:characters_to_list(Bytes) of List when is_list(List) -> List; _ -> binary_to_list(Bytes) end,
  [case C < 32 of true -> $?; false -> C end || C <- Points]
end,
Hash = fun(Q) -> erlang:phash2(amqqueue:get_name(Q)) end,
Tell = fun(Queues) ->
  [io:format("~s\t~ts\t~ts\t~b\t~ts~n", [Kind(Q), Text(V), Text(Name), Hash(Q), Text(Words)]) ||
    {Q, Words} <- Queues, {resource, V, queue, Name} <- [amqqueue:get_name(Q)]]
end,
List = fun(Which) -> Tell([{Q, <<>>} || Q <- rabbit_amqqueue:list(), Which(Q)]) end,

%% Does something to many queues side by side, and prints those to which it is still to be done, with the broker's words. It begins nothing
%% after 15 s: that is for the next call, which has their hashes as H. In any order: those that refuse are not to hold up the others.
Words = fun
  (later) -> <<>>;
  ({on, Node, Said}) -> unicode:characters_to_binary(io_lib:format("on ~s: ~0tp", [Node, Said]));
  (Said) -> unicode:characters_to_binary(io_lib:format("~0tp", [Said]))
end,
Do = fun(Act, Which) ->
  End = erlang:monotonic_time(millisecond) + 15000,
  Chosen = [Q || Q <- rabbit_amqqueue:list(), Replicated(Q), H =:= all orelse lists:member(Hash(Q), H), Which(Q)],
  Mixed = [Q || {_, Q} <- lists:sort([{rand:uniform(), Q} || Q <- Chosen])],
  Parts = [[Q || {I, Q} <- lists:zip(lists:seq(1, length(Mixed)), Mixed), I rem 16 =:= Part] || Part <- lists:seq(0, 15)],
  Each = fun(Q) -> case erlang:monotonic_time(millisecond) < End of true -> catch Act(Q); false -> later end end,
  Workers = [spawn_monitor(fun() -> exit({said, [{Q, Each(Q)} || Q <- Part]}) end) || Part <- Parts],
  Said = [receive {'DOWN', Worker, process, _, Reason} -> {said, Results} = Reason, Results end || {_, Worker} <- Workers],
  Tell([{Q, Words(Result)} || {Q, Result} <- lists:append(Said), Result =/= ok])
end,
