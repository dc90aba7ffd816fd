%% The virtual machine's cookie from now on is the one in a file: the cookie stands in no command's text.
%% Variables: File (its path inside the container).
{ok, Cookie} = file:read_file(File),
erlang:set_cookie(node(), list_to_atom(string:trim(binary_to_list(Cookie)))).
