%% What the broker knows of the user U, and its virtual hosts; names and patterns in base64: `user HASH TAG...`, `permission VHOST CONFIGURE
%% WRITE READ`, `vhost NAME`.
Line = fun(Words) -> io:format("~s~n", [lists:join(" ", Words)]) end,
case rabbit_auth_backend_internal:lookup_user(U) of
  {ok, User} ->
    Line(["user", base64:encode(element(3, User)) | lists:sort([atom_to_list(Tag) || Tag <- element(4, User)])]),
    [Line(["permission" | [base64:encode(proplists:get_value(Key, Permission)) || Key <- [vhost, configure, write, read]]]) ||
      Permission <- rabbit_auth_backend_internal:list_user_permissions(U)];
  {error, not_found} -> ok
end,
[Line(["vhost", base64:encode(Name)]) || Name <- rabbit_vhost:list()],
ok.
