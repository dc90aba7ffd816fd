import { deleteUser, retireAdministrator, user, type User } from "../../commands/rabbitmq";
import { runOnHost, type Outcome, type Stubs } from "./support/bash";

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

/** As 3.8.9 and 4.0.5 print them, recorded. */
const admin = '{"user":"admin","tags":["administrator"]}';
const own = '{"user":"orders","tags":["warren","monitoring"]}';
const foreign = '{"user":"orders","tags":["monitoring"]}';

interface Broker {
  users: string[];
  vhosts?: string[];
  /** The virtual hosts in which the user has permissions in the end. */
  permitted?: string[];
}

function broker({ users, vhosts = ["/", "app"], permitted = ["app", "/"] }: Broker): Stubs {
  const named = (key: string, names: string[]) => `[${names.map((name) => `{"${key}":"${name}"}`).join("\n,")}]`;
  return {
    docker: {
      list_users: { stdout: `[\n${users.join("\n,")}]\n` },
      list_vhosts: { stdout: named("name", vhosts) },
      list_user_permissions: { stdout: named("vhost", permitted) },
      "exec -i": { run: "cat >&2" },
      clear_permissions: {},
      delete_user: {},
    },
  };
}

const call = (args: string) => `docker exec -u rabbitmq rabbitmq rabbitmqctl -q ${args}`;
/** The calls that change something. */
const changes = ({ calls }: Outcome) => calls.filter((line) => !line.includes(" list_"));
const imports = `docker exec -i -u rabbitmq rabbitmq sh -c umask 077; cat > /tmp/warren-orders.json; rabbitmqctl -q import_definitions /tmp/warren-orders.json; status=$?; rm -f /tmp/warren-orders.json; exit $status`;

describe("user", () => {
  const run = (state: Broker, wanted = orders) => runOnHost(user(place, wanted), { stubs: broker(state) });

  test("is imported with a hash, the mark and the permissions; the password is in no command", async () => {
    const outcome = await run({ users: [admin] });
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
    expect(user(place, orders)).not.toContain("ecret");
  });

  test("that Warren made is imported again: password, tags and permissions become as wanted", async () => {
    expect(changes(await run({ users: [admin, own] }))).toEqual([imports]);
  });

  test("loses its permissions in other virtual hosts", async () => {
    const outcome = await run({ users: [own], permitted: ["old", "app", "/", "older"] });
    expect(changes(outcome)).toEqual([
      imports,
      call("clear_permissions -p old orders"),
      call("clear_permissions -p older orders"),
    ]);
  });

  test("that somebody else made is left alone", async () => {
    const outcome = await run({ users: [admin, foreign] });
    expect({ code: outcome.code, changes: changes(outcome) }).toEqual({ code: 1, changes: [] });
    expect(outcome.stderr).toBe(
      "the broker has a user orders already that Warren did not make: it was left alone. Give yours another name, or hand it over: rabbitmqctl set_user_tags orders warren\n",
    );
  });

  test("is not taken for one whose name begins or ends like its own", async () => {
    const others = ['{"user":"orders.2","tags":["x"]}', '{"user":"my-orders","tags":["x"]}'];
    expect(changes(await run({ users: others }))).toEqual([imports]);
  });

  test("is not made in a virtual host that does not exist", async () => {
    const outcome = await run({ users: [], vhosts: ["/", "app2"] });
    expect({ code: outcome.code, changes: changes(outcome) }).toEqual({ code: 1, changes: [] });
    expect(outcome.stderr).toBe("the broker has no virtual host app for the user orders: make it first\n");
  });
});

describe("deleteUser", () => {
  const run = (users: string[]) => runOnHost(deleteUser(place, "orders"), { stubs: broker({ users }) });

  test("deletes a user with the mark", async () => {
    expect(changes(await run([admin, own]))).toEqual([call("delete_user orders")]);
  });

  test.each([
    ["that is gone", [admin]],
    ["without the mark", [admin, foreign]],
  ])("leaves one alone %s", async (_title, users) => {
    const outcome = await run(users);
    expect({ code: outcome.code, changes: changes(outcome) }).toEqual({ code: 0, changes: [] });
  });

  test("fails where the broker does not answer: a login that lives on is not forgotten", async () => {
    const stubs = { docker: { list_users: { code: 69 } } };
    expect((await runOnHost(deleteUser(place, "orders"), { stubs })).code).not.toBe(0);
    expect((await runOnHost(retireAdministrator(place, "admin"), { stubs })).code).not.toBe(0);
  });
});

describe("retireAdministrator", () => {
  const run = (users: string[]) => runOnHost(retireAdministrator(place, "admin"), { stubs: broker({ users }) });

  test("deletes the login, and only that", async () => {
    expect(changes(await run([admin, '{"user":"admin.2","tags":["administrator"]}']))).toEqual([
      call("delete_user admin"),
    ]);
  });

  test("does nothing where it is gone", async () => {
    expect(changes(await run(['{"user":"admin.2","tags":["administrator"]}']))).toEqual([]);
  });
});
