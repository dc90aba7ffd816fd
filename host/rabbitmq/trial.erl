%% Waits until the broker's start has come to its end, and connects to each of its TLS listeners, as only then certificates are read. With the
%% broker's own certificate, where it has one, since a listener may want one from its clients; whether it accepts that one is not asked.
%% Its answer is an atom, which the CLI prints in one line.
rabbit:await_startup(),
Own = [O || {K, _} = O <- application:get_env(rabbit, ssl_options, []), lists:member(K, [certfile, keyfile, password])],
About = [bad_certificate, unknown_ca, certificate_required, certificate_unknown, unsupported_certificate, certificate_expired],
Secure = [{P, N} || {listener, _, P, _, _, N, _} <- rabbit_networking:active_listeners(),
  string:find(atom_to_list(P), "ssl") =/= nomatch orelse string:find(atom_to_list(P), "https") =/= nomatch],
Faults = [{P, Why} || {P, N} <- Secure,
  {error, Why} <- [ssl:connect({127,0,0,1}, N, [{verify, verify_none} | Own], 10000)],
  case Why of {tls_alert, {A, _}} -> not lists:member(A, About); _ -> true end],
Other = "its private key does not belong to its certificate",
Text = fun
  ({options, {_, File, _}}) -> [File, " cannot be read as a certificate or key"];
  ({tls_alert, {decrypt_error, _}}) -> Other;
  ({tls_alert, {_, Said}} = Alert) ->
    case string:find(Said, "CertificateVerify") of nomatch -> io_lib:format("~0p", [Alert]); _ -> Other end;
  (Why) -> io_lib:format("~0p", [Why])
end,
case Faults of
  [] -> ok;
  [{Which, Fault} | _] ->
    list_to_atom(lists:sublist(lists:flatten(io_lib:format("listener ~s: ~s", [Which, Text(Fault)])), 250))
end.
