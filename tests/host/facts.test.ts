import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { questionText, type Question } from "../../facts/ask";
import { readFacts } from "../../facts/read";
import { runProgram, type Stubs } from "../unit/support/bash";
import { makeDirectory } from "../unit/support/directory";
import { serve } from "../unit/support/web";

/* What a host says of itself, by the text that is sent to it. */

const docker: Stubs[string] = { inspect: { code: 1 } };
const ip: Stubs[string] = {
  "addr show": {
    stdout:
      "2: eth0    inet 198.18.66.11/24 brd 198.18.66.255 scope global eth0\n2: eth0    inet 198.18.66.100/24 scope global secondary eth0\n",
  },
};

async function ask(root: string, stubs: Stubs = {}, question: Question = { nodes: [], images: [] }) {
  const { code, stdout, stderr } = await runProgram("bash", ["-s", "facts"], {
    stubs: { docker, ip, ...stubs },
    input: questionText(question),
    env: { WARREN_ROOT: root },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return readFacts(stdout);
}

/** Has the library record something, as a step does when it ends. */
async function record(root: string, bash: string, stubs: Stubs = {}) {
  const library = questionText({ nodes: [], images: [] }).replace(/^facts < .*$/m, "");
  const { code, stderr } = await runProgram("bash", ["-s"], {
    stubs: { docker, ...stubs },
    input: `${library}\n${bash}\nrecord_step a-step "x=1"\n`,
    env: { WARREN_ROOT: root },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}

const faults = async (root: string, stubs: Stubs = {}): Promise<string[]> =>
  ((await ask(root, stubs)).steps["a-step"]?.faults ?? []).map(({ says }) => says.replaceAll(root, ""));

test("a blank host", async () => {
  expect(await ask(makeDirectory())).toEqual({
    machine: "",
    owner: null,
    library: null,
    addresses: ["198.18.66.11", "198.18.66.100"],
    interfaces: [],
    listening: [],
    containers: {},
    images: {},
    nodes: {},
    members: null,
    intended: null,
    steps: {},
  });
});

test("whose it is, and what is on it", async () => {
  const root = makeDirectory({ "etc/machine-id": "abc\n", "etc/warren/owner": 'id\norg/warren/"a"\\b\n' });
  mkdirSync(join(root, "usr/local/lib/warren"), { recursive: true });
  symlinkSync("1234", join(root, "usr/local/lib/warren/current"));
  const box = { id: "1", image: "sha256:2", state: "exited", stack: "o/p/s", part: "rabbitmq1", settings: "abcd" };
  const lines = ["rabbitmq", "haproxy"].map((name) => `"${name}":${JSON.stringify(box)}`).join("\n");
  const facts = await ask(root, { docker: { inspect: { stdout: `${lines}\n`, code: 1 } } });
  expect(facts).toMatchObject({
    machine: "abc",
    owner: { id: "id", stack: 'org/warren/"a"\\b' },
    library: "1234",
    containers: { rabbitmq: box, haproxy: box },
  });
});

test("the members that its broker knows, asked with a login that stands in no command", async () => {
  const members = [{ name: "rabbit@rabbitmq1", type: "disc", running: true }];
  const intended = { name: "warren_members", value: ["rabbit@rabbitmq1", "rabbit@rabbitmq2"] };
  const port = await serve({
    "/api/nodes?columns=name,type,running": { status: 200, login: "admin:p", body: JSON.stringify(members) },
    "/api/global-parameters/warren_members": { status: 200, login: "admin:p", body: JSON.stringify(intended) },
  });
  const question = { nodes: [], images: [], managementPort: port, login: "admin:p" };
  expect(await ask(makeDirectory(), {}, question)).toMatchObject({ members, intended });
  const nobody = await ask(makeDirectory(), {}, { ...question, managementPort: 1 });
  expect(nobody).toMatchObject({ members: null, intended: null });
});

describe("a broker's directory", () => {
  const root = makeDirectory({ "two/data/.erlang.cookie": "" });
  const look = async (files: Record<string, string>) => {
    const one = makeDirectory(Object.fromEntries(Object.entries(files).map(([path, text]) => [`one/${path}`, text])));
    const directory = join(one, "one");
    return (await ask(one, {}, { nodes: [directory], images: [] })).nodes[directory];
  };
  const database = "data/mnesia/rabbit@one";
  const members = "{[rabbit@one,\n  'rabbit@two-2'],[rabbit@one]}.\n";
  const without = { data: true, members: null, queues: false, underway: false };

  test("without data", async () => {
    mkdirSync(join(root, "three/data/mnesia"), { recursive: true });
    const nodes = ["two", "three", "four"].map((name) => join(root, name));
    const found = Object.values((await ask(root, {}, { nodes, images: [] })).nodes);
    expect(found).toEqual(Array(3).fill({ ...without, data: false }));
  });

  test.each([
    ["of a broker that keeps its members elsewhere", { [`${database}/x`]: "" }, without],
    [
      "of a member",
      { [`${database}/cluster_nodes.config`]: members },
      { ...without, members: ["rabbit@one", "rabbit@two-2"] },
    ],
    [
      "with classic queues",
      { [`${database}/msg_stores/vhosts/ABC/queues/DEF/journal`]: "" },
      { ...without, queues: true },
    ],
    ["with quorum queues", { [`${database}/quorum/rabbit@one/x/y`]: "" }, { ...without, queues: true }],
    ["of a node that is joining", { [`${database}/x`]: "", joining: "" }, { ...without, underway: true }],
    ["of a node that is changing its type", { [`${database}/x`]: "", retyping: "" }, { ...without, underway: true }],
  ])("%s", async (_title, files, expected) => {
    expect(await look(files)).toEqual(expected);
  });
});

test("whether images are there", async () => {
  const stubs = { docker: { "image inspect one:1": {}, "image inspect": { code: 1 }, inspect: { code: 1 } } };
  const { images } = await ask(makeDirectory(), stubs, { nodes: [], images: ["one:1", "two:2"] });
  expect(images).toEqual({ "one:1": true, "two:2": false });
});

describe("a file", () => {
  const bash = "umask 022; mkdir -p $etc/x; echo text > $etc/x/y; chmod 640 $etc/x/y; owns $etc/x/y";
  const file = (root: string): string => join(root, "etc/x/y");

  test.each<[string, (path: string) => void, string[]]>([
    ["as it was", () => undefined, []],
    [
      "rewritten with the same text",
      (path) => {
        writeFileSync(path, "text\n");
      },
      [],
    ],
    [
      "changed",
      (path) => {
        writeFileSync(path, "other\n");
      },
      ["/etc/x/y was changed"],
    ],
    [
      "with another mode",
      (path) => {
        chmodSync(path, 0o644);
      },
      ["/etc/x/y was changed"],
    ],
    [
      "gone",
      (path) => {
        rmSync(path);
      },
      ["/etc/x/y is missing"],
    ],
  ])("%s", async (_title, change, says) => {
    const root = makeDirectory();
    await record(root, bash);
    change(file(root));
    expect(await faults(root)).toEqual(says);
  });

  test("that a program has read is not touched after that", async () => {
    const root = makeDirectory();
    await record(root, `${bash}; expects_untouched $etc/x/y`);
    expect(await faults(root)).toEqual([]);
    utimesSync(file(root), 1, 1);
    await new Promise((resolve) => setTimeout(resolve, 1100)); // change times are kept by the second
    utimesSync(file(root), 2, 2);
    expect(await faults(root)).toEqual(["/etc/x/y was touched after it was read"]);
  });
});

describe("a service", () => {
  const states = (active: number, enabled: number): Stubs => ({
    systemctl: { "is-active -q x": { code: active }, "is-enabled -q x": { code: enabled } },
  });
  test.each([
    [0, 0, []],
    [3, 0, ["x is not active"]],
    [0, 1, ["x is not enabled"]],
  ])("active %i, enabled %i", async (active, enabled, says) => {
    const root = makeDirectory();
    await record(root, "expects service x");
    expect(await faults(root, states(active, enabled))).toEqual(says);
  });
});

test("a kernel setting", async () => {
  const root = makeDirectory();
  await record(root, "expects sysctl net.ipv4.ip_forward 1");
  const sysctl = (stdout: string, code = 0): Stubs => ({ sysctl: { "-n net.ipv4.ip_forward": { stdout, code } } });
  expect(await faults(root, sysctl("1\n"))).toEqual([]);
  expect(await faults(root, sysctl("0\n"))).toEqual(["sysctl net.ipv4.ip_forward is 0, not 1"]);
  expect(await faults(root, sysctl("", 255))).toEqual(["sysctl net.ipv4.ip_forward is missing, not 1"]);
});

test("a table of nftables", async () => {
  const root = makeDirectory();
  const nft = (stdout: string, code = 0): Stubs => ({ nft: { "list table inet warren": { stdout, code } } });
  await record(root, "expects_nft inet warren", nft("table inet warren {\n}\n"));
  expect(await faults(root, nft("table inet warren {\n}\n"))).toEqual([]);
  expect(await faults(root, nft("table inet warren {\n  chain x {\n  }\n}\n"))).toEqual([
    "the nftables table inet warren was changed",
  ]);
  expect(await faults(root, nft("", 1))).toEqual(["the nftables table inet warren is missing"]);
});

describe("a container", () => {
  const as = (made: string, state = "running", code = 0): Stubs => ({
    docker: {
      "json (slice": { code: 1 },
      "{{json .HostConfig}}": { stdout: made, code },
      "State.Status": { stdout: state, code },
      inspect: { code: 1 },
    },
  });
  test.each<[string, Stubs, string[]]>([
    ["as it was made", as("a"), []],
    ["made or updated by hand", as("b"), ["the container rabbitmq was changed by hand"]],
    ["stopped", as("a", "exited"), ["the container rabbitmq is exited"]],
    ["gone", as("", "", 1), ["the container rabbitmq is missing", "the container rabbitmq is missing"]],
  ])("%s", async (_title, stubs, says) => {
    const root = makeDirectory();
    await record(root, "expects_container rabbitmq; expects running rabbitmq", as("a"));
    expect(await faults(root, stubs)).toEqual(says);
  });
});

test("a container that is stopped on purpose", async () => {
  const root = makeDirectory();
  const state = (running: string, code = 0): Stubs => ({
    docker: { "json (slice": { code: 1 }, "State.Running": { stdout: running, code }, inspect: { code: 1 } },
  });
  await record(root, "expects stopped rabbitmq");
  expect(await faults(root, state("false"))).toEqual([]);
  expect(await faults(root, state("", 1))).toEqual([]);
  expect(await faults(root, state("true"))).toEqual(["the container rabbitmq runs, and is to be stopped"]);
});

test("a page", async () => {
  const root = makeDirectory();
  const port = await serve({ "/healthz": 200, "/other": 503 });
  await record(root, `expects http ${port} /healthz; expects http ${port} /other`);
  expect(await faults(root)).toEqual([`port ${port} does not answer for /other`]);
});

test("a record of a kind that this release does not know is no fault of the host's, and is named", async () => {
  const root = makeDirectory();
  await record(root, "expects moon full");
  expect(await faults(root)).toEqual(["this release cannot look at: moon full"]);
});

test("interfaces, and ports on which something listens", async () => {
  const row = (number: number, local: string, state: string) =>
    `   ${number}: ${local} 00000000:0000 ${state} 00000000\n`;
  const header = "  sl  local_address rem_address   st\n";
  const root = makeDirectory();
  const files = {
    "sys/class/net/lo/ifindex": "1",
    "sys/class/net/br-mgmt/ifindex": "2",
    "proc/net/tcp": `${header}${row(0, "00000000:1628", "0A")}${row(1, "0100007F:1F90", "01")}${row(2, "0100007F:1628", "0A")}`,
    "proc/net/tcp6": `${header}${row(0, "00000000000000000000000000000000:0016", "0A")}`,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const found = await ask(root);
  expect([found.interfaces, found.listening]).toEqual([
    ["br-mgmt", "lo"],
    [5672, 22],
  ]);
});
