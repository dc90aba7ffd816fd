%% Erlang keeps the certificates that it has read. After this it reads them again for the next connection.
[ssl:clear_pem_cache() || lists:keymember(ssl, 1, application:which_applications())].
