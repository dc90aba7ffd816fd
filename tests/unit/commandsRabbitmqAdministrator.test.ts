import { administrator } from "../../commands/rabbitmq";
import { runOnHost, type Reply, type Stubs } from "./support/bash";

/* The administrator, brought about in a cluster that exists already, run with a stand-in for docker. */

const place = { name: "rabbitmq1", container: "rabbitmq", directory: "/var/lib/warren/rabbitmq/rabbitmq1" };
const script = administrator(place, "admin", "it's $ecret", "app");

test("by its text: the password goes by standard input, never by an argument", () => {
  const call = "docker exec -u rabbitmq rabbitmq rabbitmqctl -q";
  const typed = call.replace("exec", "exec -i");
  expect(script).toBe(`if ${typed} authenticate_user admin > /dev/null 2>&1 <<'END'
it's $ecret
END
then known=true
elif ${call} list_users --no-table-headers | cut -f 1 | grep -xF admin > /dev/null
then
  ${typed} change_password admin > /dev/null <<'END'
it's $ecret
END
else
  ${typed} add_user admin > /dev/null <<'END'
it's $ecret
END
fi
if [ -z "\${known-}" ] || ! ${call} list_user_permissions admin --no-table-headers | cut -f 1 | grep -xF app > /dev/null; then
  ${call} set_user_tags admin administrator
  ${call} list_vhosts name --no-table-headers | grep -xF app > /dev/null || ${call} add_vhost app
  ${call} set_permissions -p app admin ".*" ".*" ".*"
fi`);
});

describe("run", () => {
  /** Shows what it was given by standard input. */
  const typed: Reply = { run: "cat >&2" };
  const given = "it's $ecret\n";
  /** A list as the CLI prints it: with its heading, unless it is told otherwise. */
  const list = (heading: string, ...rows: string[]): Reply => ({
    run: `case $* in *--no-table-headers* | *" -s "*) ;; *) printf '${heading}\\n' ;; esac`,
    stdout: rows.map((row) => `${row}\n`).join(""),
  });
  const users = (...rows: string[]) => list("user\\ttags", ...rows);
  const permissions = (...vhosts: string[]) =>
    list("vhost\\tconfigure\\twrite\\tread", ...vhosts.map((vhost) => `${vhost}\t.*\t.*\t.*`));
  const cluster: Stubs[string] = {
    authenticate_user: {},
    list_user_permissions: permissions("app"),
    list_users: users("admin\t[administrator]"),
    list_vhosts: list("name", "/", "app"),
    change_password: typed,
    add_user: typed,
    set_user_tags: {},
    add_vhost: {},
    set_permissions: {},
  };
  const short = (call: string) =>
    call.replace(/^docker exec (-i )?-u rabbitmq rabbitmq rabbitmqctl (-q|-s) /, "").replace(" --no-table-headers", "");
  const run = async (differences: Stubs[string], text = script) => {
    const { calls, ...outcome } = await runOnHost(text, { stubs: { docker: { ...cluster, ...differences } } });
    return { ...outcome, calls: calls.map(short) };
  };

  const refused: Reply = { code: 65 };
  const rights = ["set_user_tags admin administrator", "list_vhosts name", "set_permissions -p app admin .* .* .*"];

  test("one who can log in and has every right is left alone", async () => {
    expect(await run({})).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
      calls: ["authenticate_user admin", "list_user_permissions admin"],
    });
  });

  test("a changed password is set", async () => {
    expect(await run({ authenticate_user: refused })).toEqual({
      code: 0,
      stdout: "",
      stderr: given,
      calls: ["authenticate_user admin", "list_users", "change_password admin", ...rights],
    });
  });

  test("a changed name is a new user", async () => {
    const others = { list_users: users("guest\t[administrator]", "admin2\t[]") };
    expect(await run({ authenticate_user: refused, ...others })).toEqual({
      code: 0,
      stdout: "",
      stderr: given,
      calls: ["authenticate_user admin", "list_users", "add_user admin", ...rights],
    });
  });

  test("a changed virtual host is made, with every right in it", async () => {
    const outcome = await run({
      list_user_permissions: permissions("/"),
      list_vhosts: list("name", "/", "app2"),
    });
    expect([outcome.code, outcome.calls.slice(2)]).toEqual([0, rights.toSpliced(2, 0, "add_vhost app")]);
  });

  test.each(["change_password", "set_user_tags", "set_permissions"])("fails when %s fails", async (command) => {
    expect((await run({ authenticate_user: refused, [command]: { code: 70 } })).code).toBe(70);
  });

  test("a virtual host that is there is not made again, though more are listed after it", async () => {
    const outcome = await run({
      list_user_permissions: permissions(),
      list_vhosts: { run: "echo app; sleep 0.2; echo other" },
    });
    expect(outcome.calls).not.toContain("add_vhost app");
  });

  test("a user named like a list's heading is made", async () => {
    const { calls } = await run({ authenticate_user: refused }, administrator(place, "user", "secret", "app"));
    expect(calls).toContain("add_user user");
  });
});
