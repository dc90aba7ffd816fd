import { user, userDefinitions, userLines, type User } from "../../../commands/rabbitmq";
import type { Outcome, Stubs } from "../../unit/support/bash";
import { runStep, type Circumstances } from "../support/step";

/* Applications' users, run with stand-ins for docker: made, changed and deleted, and nobody else's ever touched. */

const place = { name: "rabbitmq1", container: "rabbitmq", directory: "/var/lib/warren/rabbitmq/rabbitmq1" };
const orders: User = {
  username: "orders",
  password: "it's $ecret",
  vhosts: ["app", "/"],
  configure: "",
  write: "^orders\\.",
  read: ".*",
  tags: ["monitoring"],
};

/** As host/rabbitmq/user.erl prints it, recorded from 3.10.8. */
const encoded = (text: string) => Buffer.from(text).toString("base64");
const hash = "Zsy9dX1yOGU8FsEN6GzqS3zZ4XF2u0Lx8ZDz9vVvXw1q2w3e";
const foreign = [`user ${hash} monitoring`];
const own = [`user ${hash} monitoring warren`];
const permissions = (...vhosts: string[]) => vhosts.map((vhost) => `permission ${encoded(vhost)}  Lio= Lio=`);

interface Broker {
  /** What it knows of the user. */
  knows: string[];
  vhosts?: string[];
}

function broker({ knows, vhosts = ["/", "app"] }: Broker): Stubs {
  const lines = [...knows, ...vhosts.map((vhost) => `vhost ${encoded(vhost)}`), "ok", ""];
  return {
    docker: {
      'eval U = <<"orders">>,': { stdout: lines.join("\n") },
      "exec -i": { run: "cat >&2" },
      clear_permissions: {},
      list_users: { stdout: "[]\n" },
      delete_user: {},
    },
  };
}

const call = (args: string) => `docker exec -u rabbitmq rabbitmq rabbitmqctl -q ${args}`;
const imports = `docker exec -i -u rabbitmq rabbitmq sh -c umask 077; cat > /tmp/warren-orders.json; rabbitmqctl -q import_definitions /tmp/warren-orders.json; status=$?; rm -f /tmp/warren-orders.json; exit $status`;
const data = (wanted: User) => ({
  ...place,
  username: wanted.username,
  vhosts: wanted.vhosts,
  definitions: userDefinitions(wanted),
  wanted: userLines(wanted),
});
/** The calls that change something. */
const changes = ({ calls }: Outcome) => calls.filter((line) => / sh -c |clear_|delete_/.test(line));

describe("user", () => {
  const run = (state: Broker, wanted = orders, circumstances: Circumstances = {}) =>
    runStep(user, data(wanted), { stubs: broker(state), ...circumstances });

  test("is imported with a hash, the mark and the permissions; the password is in no command", async () => {
    const outcome = await run({ knows: [] });
    expect(outcome.code).toBe(0);
    expect(changes(outcome)).toEqual([imports]);
    expect(JSON.parse(outcome.stderr)).toEqual({
      users: [
        {
          name: "orders",
          password_hash: expect.stringMatching(/^[A-Za-z0-9+/]{48}$/) as string,
          hashing_algorithm: "rabbit_password_hashing_sha256",
          tags: "warren,monitoring",
        },
      ],
      permissions: [
        { user: "orders", vhost: "app", configure: "", write: "^orders\\.", read: ".*" },
        { user: "orders", vhost: "/", configure: "", write: "^orders\\.", read: ".*" },
      ],
    });
    for (const text of [JSON.stringify(data(orders)), outcome.calls.join("\n"), outcome.record().join("\n")]) {
      expect(text).not.toContain("ecret");
    }
    const { password_hash } = (JSON.parse(outcome.stderr) as { users: { password_hash: string }[] }).users[0] ?? {};
    expect(outcome.calls.join("\n")).not.toContain(password_hash);
  });

  test("that Warren made is imported again: password, tags and permissions become as wanted", async () => {
    expect(changes(await run({ knows: [...own, ...permissions("app", "/")] }))).toEqual([imports]);
  });

  test("that the broker knows already as wanted needs one look, and no change", async () => {
    const outcome = await run({ knows: userLines(orders) });
    expect([outcome.code, changes(outcome), outcome.calls.filter((line) => line.startsWith("docker "))]).toEqual([
      0,
      [],
      [expect.stringContaining('eval U = <<"orders">>,')],
    ]);
  });

  test.each<[string, Partial<User>]>([
    ["password", { password: "another" }],
    ["tag more", { tags: ["monitoring", "management"] }],
    ["tag less", { tags: [] }],
    ["pattern", { write: "^orders" }],
    ["virtual host", { vhosts: ["app", "/", "more"] }],
  ])("with another %s is imported again", async (_title, change) => {
    const outcome = await run({ knows: userLines(orders), vhosts: ["/", "app", "more"] }, { ...orders, ...change });
    expect([outcome.code, changes(outcome)]).toEqual([0, [imports]]);
  });

  test("loses its permissions in other virtual hosts", async () => {
    const outcome = await run({ knows: [...userLines(orders), ...permissions("old one", "older")] });
    expect(changes(outcome)).toEqual([
      call("clear_permissions -p old one orders"),
      call("clear_permissions -p older orders"),
    ]);
  });

  test("that somebody else made is left alone", async () => {
    const outcome = await run({ knows: foreign });
    expect({ code: outcome.code, changes: changes(outcome) }).toEqual({ code: 1, changes: [] });
    expect(outcome.stderr).toBe(
      "the broker has a user orders that Warren did not make: it was left alone. Give yours another name, or hand it over: rabbitmqctl set_user_tags orders warren\n",
    );
  });

  test("that somebody else made, without a tag or with one that is like the mark, is left alone", async () => {
    for (const tag of ["", " warrens", " my-warren", " warren.x"]) {
      const outcome = await run({ knows: [`user ${hash}${tag}`] });
      expect({ code: outcome.code, changes: changes(outcome) }).toEqual({ code: 1, changes: [] });
    }
  });

  test("is not made in a virtual host that does not exist", async () => {
    const outcome = await run({ knows: [], vhosts: ["/", "app2"] });
    expect({ code: outcome.code, changes: changes(outcome) }).toEqual({ code: 1, changes: [] });
    expect(outcome.stderr).toBe("the broker has no virtual host app for the user orders: make it first\n");
  });

  test("is not made where the broker does not answer", async () => {
    const outcome = await run({ knows: [] }, orders, { stubs: { docker: { eval: { code: 69 } } } });
    expect({ code: outcome.code, changes: changes(outcome) }).toEqual({ code: 1, changes: [] });
    expect(outcome.stderr).toBe("the broker does not say what it knows of the user orders. Run `pulumi up` again\n");
  });
});

describe("the end of a user", () => {
  const admin = '{"user":"admin","tags":["administrator"]}';
  const marked = '{"user":"orders","tags":["warren","monitoring"]}';
  const run = (users: string[]) => {
    const list_users = { stdout: `[\n${users.join("\n,")}]\n` };
    return runStep(user, data(orders), { part: "delete", stubs: { docker: { list_users, delete_user: {} } } });
  };

  test("deletes a user with the mark", async () => {
    expect(changes(await run([admin, marked]))).toEqual([call("delete_user orders")]);
  });

  test.each([
    ["that is gone", [admin]],
    ["without the mark", [admin, '{"user":"orders","tags":["monitoring"]}']],
    [
      "whose name begins or ends like its own",
      ['{"user":"orders.2","tags":["warren"]}', '{"user":"my-orders","tags":["warren"]}'],
    ],
  ])("leaves one alone %s", async (_title, users) => {
    const outcome = await run(users);
    expect({ code: outcome.code, changes: changes(outcome) }).toEqual({ code: 0, changes: [] });
  });

  test("fails where the broker does not answer: a login that lives on is not forgotten", async () => {
    const stubs = { docker: { list_users: { code: 69 } } };
    const { code, calls } = await runStep(user, data(orders), { part: "delete", stubs });
    expect([code === 0, calls.length]).toEqual([false, 1]);
  });
});
