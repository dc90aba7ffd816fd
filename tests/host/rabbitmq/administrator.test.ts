import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";

import {
  administrator,
  administratorDefinitions,
  permissionsPath,
  type Administrator,
  type AdministratorData,
} from "../../../commands/rabbitmq";
import { render } from "../../../commands/step";
import type { Reply } from "../../unit/support/bash";
import { makeDirectory } from "../../unit/support/directory";
import { serve } from "../../unit/support/web";
import { runStep } from "../support/step";

/*
 * The administrator, brought about in a cluster that exists already, run with stand-ins for docker and for the management
 * plugin's HTTP API.
 */

const place = { name: "rabbitmq1", container: "rabbitmq", directory: "/var/lib/warren/rabbitmq/rabbitmq1" };
const admin: Administrator = { username: "admin", password: "it's $ecret", vhost: "app" };
const login = "admin:it's $ecret";
const dataOf = (who: Administrator, managementPort: number): AdministratorData => ({
  ...place,
  username: who.username,
  password: who.password,
  path: permissionsPath(who.vhost, who.username),
  definitions: administratorDefinitions(who),
  managementPort,
});

/** What runs in the container. */
const load =
  "umask 077; cat > /tmp/warren-admin.json; rabbitmqctl -q import_definitions /tmp/warren-admin.json; status=$?; rm -f /tmp/warren-admin.json; exit $status";
const call = `docker exec -i -u rabbitmq rabbitmq sh -c ${load}`;

test("definitions, by their text: with a hash", () => {
  expect(administratorDefinitions(admin)).toBe(
    '{"users":[{"name":"admin","password_hash":"jGl25T4SdVTvcxhSqg8/VA+HmPhFqaVDvpr6ukpyWC60OO8m","hashing_algorithm":"rabbit_password_hashing_sha256","tags":"administrator"}],"vhosts":[{"name":"app"}],"permissions":[{"user":"admin","vhost":"app","configure":".*","write":".*","read":".*"}]}',
  );
});

/** A stand-in for `docker exec` that shows what it was given by standard input. */
const shows: Reply = { run: "cat >&2" };

const run = async (port: number, who = admin, exec: Reply = shows) => {
  const outcome = await runStep(administrator, dataOf(who, port), { stubs: { docker: { "exec -i": exec } } });
  const { code, stdout, stderr, calls, record } = outcome;
  for (const secret of [who.password, Buffer.from(who.password).toString("base64")]) {
    expect(record().join("\n")).not.toContain(secret);
  }
  return { code, stdout, stderr, calls };
};

/** A management API in which one user has rights in the virtual host `app`. */
const api = (known: string) => serve({ "/api/permissions/app/admin": { status: 200, login: known } });

const untouched = { code: 0, stdout: "", stderr: "", calls: [] };

interface Definitions {
  users: { name: string; password_hash: string }[];
}

/** Checks a password against its hash as the broker does. */
function verifies(hash: string, password: string): boolean {
  const bytes = Buffer.from(hash, "base64");
  const again = createHash("sha256").update(bytes.subarray(0, 4)).update(password).digest();
  return bytes.length === 36 && again.equals(bytes.subarray(4));
}

describe("run", () => {
  test("one who can log in and has rights in the virtual host is left alone", async () => {
    expect(await run(await api(login))).toEqual(untouched);
  });

  test("names are told to the API as a URL's parts", async () => {
    const known = { status: 200, login: "ops.team-1:it's $ecret" };
    const port = await serve({ "/api/permissions/%2Fa%2Fb/ops.team-1": known });
    expect(await run(port, { ...admin, username: "ops.team-1", vhost: "/a/b" })).toEqual(untouched);
  });

  test("one who cannot log in is defined: an administrator with every right in the virtual host", async () => {
    const { stderr, ...outcome } = await run(await api("admin:another"));
    expect(outcome).toEqual({ code: 0, stdout: "", calls: [call] });
    expect(JSON.parse(stderr)).toEqual({
      users: [
        {
          name: "admin",
          password_hash: expect.any(String) as string,
          hashing_algorithm: "rabbit_password_hashing_sha256",
          tags: "administrator",
        },
      ],
      vhosts: [{ name: "app" }],
      permissions: [{ user: "admin", vhost: "app", configure: ".*", write: ".*", read: ".*" }],
    });
  });

  test.each(["it's $ecret", "generated24charactersaaa", "50%-\\r\\n", "END", "päss wörd"])(
    "password %p: its hash verifies, and itself stands neither in an argument nor in the definitions",
    async (password) => {
      const { stderr, calls, code } = await run(await api("admin:another"), { ...admin, password });
      const { users } = JSON.parse(stderr) as Definitions;
      expect([code, users.map((user) => verifies(user.password_hash, password))]).toEqual([0, [true]]);
      expect(users.some((user) => verifies(user.password_hash, "another"))).toBe(false);
      expect(calls).toEqual([call]);
      for (const secret of [password, `admin:${password}`])
        for (const text of [secret, Buffer.from(secret).toString("base64")])
          expect(`${calls.join("\n")}\n${stderr}`).not.toContain(text);
    },
  );

  const statuses = { "/api/permissions/app/admin": 500, "/api/permissions/none/admin": 404 };
  test.each([
    ["with no rights in the virtual host, or in one that is not there", "none"],
    ["of whom the API cannot tell", "app"],
  ])("one %s is defined", async (_title, vhost) => {
    const { code, stderr, calls } = await run(await serve(statuses), { ...admin, vhost });
    expect([code, calls]).toEqual([0, [call]]);
    expect(JSON.parse(stderr)).toMatchObject({ vhosts: [{ name: vhost }], permissions: [{ user: "admin", vhost }] });
  });

  test("without the management plugin, the user is defined too", async () => {
    const { code, stderr, calls } = await run(1);
    expect([code, calls]).toEqual([0, [call]]);
    expect(JSON.parse(stderr)).toMatchObject({ users: [{ name: "admin" }] });
  });

  test("fails when the import fails, with its words", async () => {
    const exec = { run: "cat > /dev/null; echo 'Error: no' >&2", stdout: "Importing\n", code: 70 };
    const outcome = await run(await api("admin:another"), admin, exec);
    expect(outcome).toEqual({ code: 70, stdout: "", stderr: "Error: no\n", calls: [call] });
  });
});

describe("in the container", () => {
  /** Runs what is for the container's shell, with the container's /tmp in a directory of the test's own. */
  const inside = async (code: number) => {
    const directory = makeDirectory();
    const before = `eval "$(declare -f import_definitions | sed 's#/tmp/#${directory}/#g')"`;
    const docker = { "exec -i": { run: `sh -c "\${!#}"; exit $?` } };
    const rabbitmqctl = { "-q import_definitions": { run: `stat -c %a "$3" >&2; cat "$3" >&2`, code } };
    const outcome = await runStep(administrator, dataOf(admin, 1), { stubs: { docker, rabbitmqctl }, before });
    const { stdout, stderr, calls } = outcome;
    return { code: outcome.code, stdout, stderr, calls, directory, left: readdirSync(directory) };
  };

  test.each([
    ["imported", 0],
    ["refused", 70],
  ])("definitions are for the broker's eyes only, and gone once they are %s", async (_title, status) => {
    const { code, stdout, stderr, calls, directory, left } = await inside(status);
    expect({ code, stdout, left }).toEqual({ code: status, stdout: "", left: [] });
    expect(calls.at(-1)).toBe(`rabbitmqctl -q import_definitions ${directory}/warren-admin.json`);
    const [mode, definitions = ""] = stderr.split("\n", 2);
    expect(mode).toBe("600");
    expect(JSON.parse(definitions)).toMatchObject({ users: [{ name: "admin" }] });
  });
});

describe("the hash", () => {
  const hash = (username: string, password: string) => {
    const definitions = JSON.parse(administratorDefinitions({ username, password, vhost: "app" })) as Definitions;
    return definitions.users[0]?.password_hash ?? "";
  };
  const salt = (text: string) => Buffer.from(text, "base64").subarray(0, 4).toString("hex");

  test("is the same at every run, so that the data are", () => {
    expect(render(dataOf({ ...admin }, 15672))).toBe(render(dataOf(admin, 15672)));
  });

  test("is salted by the user's name: the first four bytes of its SHA-256", () => {
    for (const name of ["admin", "ops"]) {
      const own = createHash("sha256").update(name).digest("hex").slice(0, 8);
      expect([salt(hash(name, "one")), salt(hash(name, "two"))]).toEqual([own, own]);
    }
    expect(hash("admin", "one")).not.toBe(hash("ops", "one"));
  });
});

describe("the end of an administrator's login", () => {
  const users = (names: string[]) => ({
    stdout: `[\n${names.map((name) => `{"user":"${name}","tags":["administrator"]}`).join("\n,")}]\n`,
  });
  const end = (list: Reply) =>
    runStep(administrator, dataOf(admin, 1), {
      part: "delete",
      stubs: { docker: { list_users: list, delete_user: {} } },
    });
  const cli = (args: string) => `docker exec -u rabbitmq rabbitmq rabbitmqctl -q ${args}`;
  const list = cli("list_users --formatter json");

  test("deletes the login, and only that", async () => {
    const { code, calls } = await end(users(["admin", "admin.2"]));
    expect([code, calls]).toEqual([0, [list, cli("delete_user admin")]]);
  });

  test("does nothing where it is gone", async () => {
    const { code, calls } = await end(users(["admin.2"]));
    expect([code, calls]).toEqual([0, [list]]);
  });

  test("fails where the broker does not answer: a login that lives on is not forgotten", async () => {
    const { code, calls } = await end({ code: 69 });
    expect([code === 0, calls]).toEqual([false, [list]]);
  });
});
