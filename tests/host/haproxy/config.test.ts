import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

import * as haproxy from "../../../commands/haproxy";
import type { Stubs } from "../../unit/support/bash";
import { makeDirectory } from "../../unit/support/directory";
import { library, runStep, type Circumstances } from "../support/step";

/* A balancer's configuration: checked by the image's own HAProxy before it is swapped in, then loaded by a balancer that runs. */

test("files stand where the official image reads them", () => {
  const { certificateFile, configDirectory, configFile, healthPortFile, leavesFile, mountedDirectory } = haproxy;
  const place = { directory: "/var/lib/warren/haproxy/host4" };
  expect([configDirectory, configFile, certificateFile(0), certificateFile(1)]).toEqual([
    "/usr/local/etc/haproxy",
    "haproxy.cfg",
    "frontend.pem",
    "frontend-2.pem",
  ]);
  expect([mountedDirectory(place), healthPortFile(place), leavesFile]).toEqual([
    "/var/lib/warren/haproxy/host4/conf",
    "/var/lib/warren/haproxy/host4/health-port",
    "/run/warren/balancer-leaves",
  ]);
});

test("the shell has the same paths", () => {
  const text = readFileSync(join(library, "lib/balancer.sh"), "utf8");
  expect(text).toContain(`\nbalancer_leaves=$run${haproxy.leavesFile.replace(/^\/run/, "")}\n`);
  expect(text).toContain(`\nbalancer_configuration=${haproxy.configDirectory}\n`);
});

const labels = '{{index .Config.Labels "io.warren.stack"}} {{index .Config.Labels "io.warren.part"}}';
const { uid, gid } = userInfo();
const passwd = makeDirectory({ passwd: `root:x:0:0::/root:/bin/sh\nhaproxy:x:${uid}:${gid}::/:/bin/false\n` });

/** The image's user is the one that runs the tests. */
const docker: Stubs[string] = {
  [labels]: { code: 1 },
  "{{.State.Running}}": { code: 1 },
  create: { stdout: "a1b2\n" },
  "cp a1b2:/etc/passwd -": { run: `tar -C ${passwd} -c passwd` },
  "rm -f a1b2": {},
  "run --rm": {},
  "kill --signal USR2 haproxy": { stdout: "haproxy\n" },
};
const inUse = { conf: { "haproxy.cfg": "old", "frontend.pem": "old" }, new: { "haproxy.cfg": "left over", x: "x" } };

async function run(
  differences: Stubs[string] = {},
  { byHand = false, used = inUse, ...more }: Circumstances & { byHand?: boolean; used?: Partial<typeof inUse> } = {},
) {
  const root = more.root ?? makeDirectory();
  const directory = join(root, "var/lib/warren/haproxy/host4");
  const place = { container: "haproxy", directory };
  const files = Object.entries(used).flatMap(([folder, contents]) =>
    Object.entries(contents).map(([name, text]): [string, string] => [
      `/var/lib/warren/haproxy/host4/${folder}/${name}`,
      text,
    ]),
  );
  const outcome = await runStep(
    haproxy.haproxyConfig,
    {
      ...place,
      ...{ stack: "acme/warren/dev", part: "haproxy-host4", byHand, image: "haproxy:2.6" },
      files: [
        haproxy.stagedFile(place, "haproxy.cfg", "new"),
        haproxy.stagedFile(place, "brokers-authority.pem", "ca"),
      ],
    },
    { ...more, root, stubs: { docker: { ...docker, ...differences } }, files: Object.fromEntries(files) },
  );
  return { ...outcome, directory, conf: (name: string) => outcome.read(`/var/lib/warren/haproxy/host4/conf/${name}`) };
}

const look = `docker inspect -f ${labels} haproxy`;
const state = "docker inspect -f {{.State.Running}} haproxy";
const user = ["docker create haproxy:2.6", "docker cp a1b2:/etc/passwd -", "docker rm -f a1b2"];
const check = (directory: string) =>
  `docker run --rm --network none -v ${directory}/new:/usr/local/etc/haproxy:ro haproxy:2.6 haproxy -c -f /usr/local/etc/haproxy/haproxy.cfg`;

test("is swapped in without what is no longer wanted, and a running balancer loads it", async () => {
  const { code, stdout, stderr, calls, directory, conf, record } = await run({
    "{{.State.Running}}": { stdout: "true\n" },
  });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(calls).toEqual([look, ...user, check(directory), state, "docker kill --signal USR2 haproxy"]);
  expect([conf("haproxy.cfg"), conf("brokers-authority.pem")]).toEqual(["new", "ca"]);
  expect(readdirSync(join(directory, "conf")).sort()).toEqual(["brokers-authority.pem", "haproxy.cfg"]);
  expect(readdirSync(directory)).toEqual(["conf"]);
  expect(record().slice(2)).toEqual(
    ["brokers-authority.pem", "haproxy.cfg"].map(
      (name) => expect.stringMatching(`^file [0-9a-f]{64} 440 ${uid}:${gid} ${directory}/conf/${name}$`) as string,
    ),
  );
});

test("is for the image's user alone, in a directory that others may look through", async () => {
  const { directory } = await run();
  const modes = [".", "conf", "conf/haproxy.cfg"].map((path) => statSync(join(directory, path)).mode & 0o7777);
  expect(modes).toEqual([0o755, 0o750, 0o440]);
});

test.each([
  ["there is no balancer yet", { code: 1 }],
  ["it is stopped", { stdout: "false\n" }],
])("no signal is sent where %s", async (_title, reply) => {
  const { code, calls, conf } = await run({ "{{.State.Running}}": reply });
  expect([code, conf("haproxy.cfg"), calls.at(-1)]).toEqual([0, "new", state]);
});

const place = "parsing [/usr/local/etc/haproxy/haproxy.cfg:2]";
const ends = ["Error(s) found in configuration file : /c/haproxy.cfg", "Fatal errors found in configuration."];

test.each<[string, string[], string]>([
  [
    "2.2",
    [
      `[ALERT] 330/111838 (1) : ${place} : unknown keyword bindd`,
      ...ends.map((end) => `[ALERT] 330/111838 (1) : ${end}`),
    ],
    `${place} : unknown keyword bindd`,
  ],
  [
    "2.6",
    [
      "[NOTICE]   (1) : haproxy version is 2.6.12-1+deb12u4",
      ...[`${place} : a`, `${place} : b`, `${place} : c`, ...ends].map((line) => `[ALERT]    (1) : config : ${line}`),
    ],
    `${place} : a\n${place} : b`,
  ],
  ["none that can be started", ["docker: Error response from daemon"], "docker: Error response from daemon"],
])("changes nothing where HAProxy refuses it, and its words are shown: %s", async (_title, said, reason) => {
  const { code, stderr, calls, directory, conf } = await run({
    "run --rm": { run: `printf '%s\\n' '${said.join("' '")}' >&2`, code: 1 },
  });
  expect([code, stderr]).toEqual([
    1,
    `haproxy-host4: HAProxy of the image haproxy:2.6 refuses the new configuration: ${reason}
The balancer keeps the one that it has. Correct what is named, and run \`pulumi up\` again\n`,
  ]);
  expect(readdirSync(directory)).toEqual(["conf"]);
  expect([conf("haproxy.cfg"), conf("frontend.pem")]).toEqual(["old", "old"]);
  expect(calls).toEqual([look, ...user, check(directory)]);
});

test("works on a host that has none yet", async () => {
  const { code, directory } = await run({}, { used: {} });
  expect([code, readdirSync(join(directory, "conf")).sort()]).toEqual([0, ["brokers-authority.pem", "haproxy.cfg"]]);
});

test.each([
  ["another stack's", "acme/warren/prod haproxy-host4\n", "stack acme/warren/prod (its part haproxy-host4)"],
  ["made by hand", " \n", "no Warren stack"],
])("a container that is %s is refused before anything is written", async (_title, stdout, whose) => {
  const { code, stderr, calls, directory } = await run({ [labels]: { stdout } });
  expect([code, calls]).toEqual([1, [look]]);
  expect(stderr).toBe(
    `the container haproxy on this host belongs to ${whose}, not to haproxy-host4 of stack acme/warren/dev. Choose another host, or remove that container. Nothing was changed on this host\n`,
  );
  expect(readdirSync(join(directory, "new")).sort()).toEqual(["haproxy.cfg", "x"]);
});

test("a container made by hand that is to give way is expected", async () => {
  expect((await run({ [labels]: { stdout: " \n" } }, { byHand: true })).code).toBe(0);
});

describe("its end", () => {
  const mounts = "{{range .Mounts}}";

  test("takes the balancer's directory away, and nothing beside it", async () => {
    const { root, directory } = await run();
    mkdirSync(join(directory, "../host5"));
    const { code, calls } = await run({ [mounts]: { code: 1 } }, { root, part: "delete", used: {} });
    expect([code, calls.length, readdirSync(join(directory, ".."))]).toEqual([0, 1, ["host5"]]);
  });

  test("is refused while a container has it mounted", async () => {
    const { root, directory, conf } = await run();
    const stdout = `/var/lib/docker/volumes/x\n${directory}/conf\n\n`;
    const { code, stderr } = await run({ [mounts]: { stdout } }, { root, part: "delete", used: {} });
    expect([code, stderr, conf("haproxy.cfg")]).toEqual([
      1,
      `the container haproxy uses ${directory}, which would be deleted beneath it. Remove the container first. Nothing was changed\n`,
      "new",
    ]);
  });

  test("goes on where a container of that name has other directories", async () => {
    const { root, directory } = await run();
    const reply = { stdout: `${directory}-other/conf\n\n` };
    expect((await run({ [mounts]: reply }, { root, part: "delete", used: {} })).code).toBe(0);
  });
});
