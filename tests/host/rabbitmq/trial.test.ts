import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { trial, type TrialData } from "../../../commands/rabbitmq/trial";
import { makeDirectory } from "../../unit/support/directory";
import type { Stubs } from "../../unit/support/bash";
import { serve } from "../../unit/support/web";
import { runStep, type Circumstances } from "../support/step";
import { configurationOf, Node, ownUser } from "./node";

/* The trial of a node's new configuration, run with a stand-in for docker. */

const found = `${ownUser.uid}:${ownUser.gid}\nrabbitmq_management-3.8.9.ez\nrabbitmq_shovel-3.8.9\nprometheus-4.6.0.ez\n`;
const image = "sha256:0123";
const password = "s3cret";

const dataOf = (node: Node, changes: Partial<TrialData> = {}): TrialData => {
  const { files } = configurationOf(node);
  const conf = { ...files[1]!, content: `log.console = true\ndefault_pass = ${password}\nheartbeat = 30\n` };
  return {
    ...node.place,
    ...{ image, imageName: "rabbitmq:3.8.9-management", settings: "a1b2" },
    files: [files[0]!, conf],
    plugins: ["rabbitmq_management"],
    environment: ["ERL_EPMD_PORT=4369", "TZ=Europe/Vienna"],
    amqpPort: 5672,
    ...changes,
  };
};

/** What the container of this node answers: one that runs, by other settings. */
const serves: Stubs[string] = {
  "{{.State.Running}} {{.Image}}": { stdout: `true ${image} other\n` },
  "inspect -f {{.State.Running}} rabbitmq": { stdout: "true\n" },
};
const nobody: Stubs[string] = {
  "{{.State.Running}} {{.Image}}": { code: 1 },
  "inspect -f {{.State.Running}} rabbitmq": { run: "echo 'Error: No such object: rabbitmq'", code: 1 },
};
const usual: Stubs[string] = {
  "ps -aq --filter label=io.warren.trial=rabbitmq1": [{}, { stdout: "c0ffee\n" }],
  "rm -f -v c0ffee": {},
  "--entrypoint sh": { stdout: found },
  "run -d": { stdout: "c0ffee\n" },
  "{{.RestartCount}} rabbitmq-trial": { stdout: "0 exited 0\n" },
  OOMKilled: { stdout: "false\n" },
  "eval rabbit:await_startup()": { stdout: "ok\n" },
};

const run = (node: Node, docker: Stubs[string], changes: Partial<TrialData> = {}, more: Circumstances = {}) =>
  runStep(trial, dataOf(node, changes), {
    root: node.root,
    stubs: { docker: { ...docker, ...usual, ...docker } },
    ...more,
  });
const staged = (node: Node) => existsSync(join(node.root, "run/warren/trial-rabbitmq1"));
const runsIn = (calls: string[]) => calls.filter((call) => call.startsWith("docker run -d"));

const looksForPlugins =
  'docker run --rm --network none --entrypoint sh sha256:0123 -c echo "$(id -u rabbitmq):$(id -g rabbitmq)"; IFS=:; ls ${RABBITMQ_PLUGINS_DIR:-$RABBITMQ_HOME/plugins}';
const looksForLeft = "docker ps -aq --filter label=io.warren.trial=rabbitmq1";

test("where no broker serves, the plugins are looked up and nothing is started", async () => {
  const node = new Node("rabbitmq1");
  const { code, stdout, stderr, calls } = await run(node, nobody);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(calls).toEqual([
    looksForLeft,
    'docker inspect -f {{.State.Running}} {{.Image}} {{index .Config.Labels "io.warren.settings"}} rabbitmq',
    looksForPlugins,
    "docker inspect -f {{.State.Running}} rabbitmq",
  ]);
  expect(existsSync(node.directory)).toBe(false);
});

describe("where a broker serves", () => {
  /** The throw-away's first process is this one. */
  const boots: Stubs[string] = { "{{.RestartCount}} rabbitmq-trial": { stdout: `${process.pid} running 0\n` } };

  test("its image is started with everything that it is to get, beside all that it has", async () => {
    const node = new Node("rabbitmq1", {
      "conf/rabbitmq.conf": "old\n",
      "conf/advanced.config": "[].\n",
      "conf/tls/authority.pem": "old\n",
    });
    const seen = makeDirectory();
    const copy = { run: `cp -r "${node.root}/run/warren/trial-rabbitmq1/." ${seen}`, stdout: "c0ffee\n" };
    const certificate = { path: node.path("conf/tls/node.pem"), mode: "0400", owner: "container", content: "pem" };
    const { files } = dataOf(node);
    const changes = { files: [...files, certificate], memory: 953, openFiles: 65536, amqpPort: await serve({}) };
    const { code, stdout, stderr, calls } = await run(node, { ...serves, ...boots, "run -d": copy }, changes);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
    const at = `${node.root}/run/warren/trial-rabbitmq1`;
    expect(runsIn(calls)).toEqual([
      `docker run -d --name rabbitmq-trial --label io.warren.trial=rabbitmq1 --network none --hostname rabbitmq1 --tmpfs /var/lib/rabbitmq:size=1g -v ${at}/conf:/etc/rabbitmq:ro -v ${at}/hosts:/etc/hosts:ro --env-file ${at}/environment --log-driver json-file --cpu-shares 512 --oom-score-adj 900 --memory 953m --memory-swap 953m --ulimit nofile=65536:65536 sha256:0123`,
    ]);
    const read = (path: string) => readFileSync(join(seen, path), "utf8");
    expect(
      ["conf/rabbitmq.conf", "conf/enabled_plugins", "conf/advanced.config", "conf/tls/node.pem"].map(read),
    ).toEqual([
      `log.console = true\ndefault_pass = ${password}\nheartbeat = 30\n`,
      "[rabbitmq_management].\n",
      "[].\n",
      "pem",
    ]);
    expect(read("environment")).toBe("ERL_EPMD_PORT=4369\nTZ=Europe/Vienna\n");
    expect(read("hosts")).toBe("127.0.0.1 localhost rabbitmq1\n::1 localhost\n");
    // The broker's own are as they were, nothing is left, and no command shows a secret.
    expect([node.read("conf/rabbitmq.conf"), node.has("conf/tls/node.pem")]).toEqual(["old\n", false]);
    expect([staged(node), calls.at(-1), calls.join().includes(password)]).toEqual([
      false,
      "docker rm -f -v c0ffee",
      false,
    ]);
  });

  test("definitions from a server are left out: the throw-away container has no network", async () => {
    const node = new Node("rabbitmq1");
    const seen = makeDirectory();
    const copy = { run: `cp -r "${node.root}/run/warren/trial-rabbitmq1/." ${seen}`, stdout: "c0ffee\n" };
    const { files } = dataOf(node);
    const content =
      "log.console = true\ndefinitions.import_backend = https\ndefinitions.https.url = https://192.0.2.1\nheartbeat = 30\n";
    const changes = { files: [files[0]!, { ...files[1]!, content }], amqpPort: await serve({}) };
    expect(await run(node, { ...serves, ...boots, "run -d": copy }, changes)).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(join(seen, "conf/rabbitmq.conf"), "utf8")).toBe("log.console = true\nheartbeat = 30\n");
  });

  test("and so it is where the broker is one made by hand", async () => {
    const docker = { ...nobody, "inspect -f {{.State.Running}} by-hand": { stdout: "true\n" }, ...boots };
    const changes = { byHand: "by-hand", amqpPort: await serve({}) };
    const { code, calls } = await run(new Node("rabbitmq1"), docker, changes);
    expect([code, runsIn(calls).length]).toEqual([0, 1]);
  });

  const written = (changes: Record<string, string> = {}) => {
    const conf = `log.console = true\ndefault_pass = another\nheartbeat = 30\n`;
    return new Node("rabbitmq1", {
      "conf/rabbitmq.conf": conf,
      "conf/enabled_plugins": "[rabbitmq_management].",
      ...changes,
    });
  };
  const settings = (text: string): Stubs[string] => ({
    ...serves,
    "{{.State.Running}} {{.Image}}": { stdout: `${text}\n` },
  });

  test.each([`true ${image} a1b2`, `true ${image} a1b2.2026-11-26T10:00:00Z`])(
    "with all of it (%s), nothing is tried",
    async (found) => {
      const { code, stderr, calls } = await run(written(), settings(found));
      expect([code, stderr, calls.length]).toEqual([0, "", 2]);
    },
  );

  test.each<[string, string, Node]>([
    ["by other settings", `true ${image} a1b3`, written()],
    ["from another image", "true sha256:4567 a1b2", written()],
    ["with another configuration", `true ${image} a1b2`, written({ "conf/rabbitmq.conf": "log.console = true\n" })],
    ["with other plugins", `true ${image} a1b2`, written({ "conf/enabled_plugins": "[]." })],
  ])("%s, it is tried", async (_title, found, node) => {
    const { calls } = await run(node, settings(found));
    expect(runsIn(calls)).toHaveLength(1);
  });
});

describe("what RabbitMQ refuses is said, with its own reason, and nothing is left of the trial", () => {
  const refused = (reason: string) =>
    `rabbitmq1: the image rabbitmq:3.8.9-management does not start with the new configuration: ${reason}
It was tried in a container of its own, so every broker that runs was left as it is. Correct what is named, and run \`pulumi up\` again\n`;
  const log = { stdout: readFileSync(join(__dirname, "logs/3.8.9-wrong-value.txt"), "utf8") };
  const running = { stdout: `${process.pid} running 0\n` };

  const expectRefusal = async (docker: Stubs[string], reason: string, changes: Partial<TrialData> = {}) => {
    const node = new Node("rabbitmq1", { "conf/rabbitmq.conf": "old\n" });
    const { code, stderr, calls } = await run(node, { ...serves, ...docker }, changes);
    expect([code, stderr]).toEqual([1, refused(reason)]);
    expect([calls.at(-1), staged(node), node.read("conf/rabbitmq.conf")]).toEqual([
      "docker rm -f -v c0ffee",
      false,
      "old\n",
    ]);
  };

  test("a value", async () => {
    await expectRefusal({ "logs --tail 2000": log }, 'heartbeat: "soon" cannot be converted to a(n) integer');
  });

  test("what Docker refuses", async () => {
    await expectRefusal(
      { "run -d": { run: "printf '%s\\n' c0ffee 'docker: invalid ulimit' 'See help.' >&2", code: 125 } },
      "docker: invalid ulimit",
      { openFiles: 1e9 },
    );
  });

  test("too little memory", async () => {
    await expectRefusal(
      { OOMKilled: { stdout: "true\n" } },
      "it needs more memory than its limit of 45 MB, or than the host has free",
      { memory: 45 },
    );
  });

  test("a broker that does not listen for AMQP", async () => {
    const docker = {
      "{{.RestartCount}} rabbitmq-trial": running,
      "logs --tail 50": { stdout: "Server startup complete; 3 plugins started.\n" },
    };
    const reason = "it starts, and does not listen for AMQP on port 1, where balancers and Warren's checks need it";
    await expectRefusal(docker, reason, { amqpPort: 1 });
  });

  test("but one that begins to listen at that very moment is judged as any other", async () => {
    const listening = makeDirectory();
    const docker = {
      ...serves,
      "{{.RestartCount}} rabbitmq-trial": running,
      "logs --tail 50": { run: `touch ${listening}/now`, stdout: "Server startup complete; 3 plugins started.\n" },
    };
    const before = `process_listens() { [ -e ${listening}/now ]; }`;
    expect(await run(new Node("rabbitmq1"), docker, {}, { before })).toMatchObject({ code: 0, stderr: "" });
  });

  test("a broker that does not come to an end with its start", async () => {
    const docker = {
      "{{.RestartCount}} rabbitmq-trial": running,
      "logs --tail 50": {},
      "logs --tail 3": { stdout: "the end\n" },
    };
    await expectRefusal(docker, "it did not start within 300 s. The end of its log: the end", { amqpPort: 1 });
  });

  test("a certificate that cannot be read", async () => {
    const port = await serve({});
    const docker = {
      "{{.RestartCount}} rabbitmq-trial": running,
      "eval rabbit:await_startup()": { stdout: "'listener amqp/ssl: x.pem cannot be read'\n" },
    };
    await expectRefusal(docker, "listener amqp/ssl: x.pem cannot be read", { amqpPort: port });
  });

  test("nor is a CLI that gives up once taken for a broker that does not start", async () => {
    const docker = { ...serves, "{{.RestartCount}} rabbitmq-trial": running };
    const answers = { "eval rabbit:await_startup()": [{ code: 69 }, { stdout: "ok\n" }] };
    const outcome = await run(new Node("rabbitmq1"), { ...docker, ...answers }, { amqpPort: await serve({}) });
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
  });

  test("a broker that stops at the end of its start", async () => {
    const port = await serve({});
    const docker = {
      "{{.RestartCount}} rabbitmq-trial": [{ stdout: "0 running 0\n" }, { stdout: "0 exited 0\n" }],
      "eval rabbit:await_startup()": { code: 69 },
      "logs --tail 2000": log,
    };
    await expectRefusal(docker, 'heartbeat: "soon" cannot be converted to a(n) integer', { amqpPort: port });
  });

  test("what the step recorded before still holds, as nothing was changed", async () => {
    const node = new Node("rabbitmq1");
    const before = "input 0123\nagain \n";
    const files = { "/var/lib/warren/steps/test": before };
    const outcome = await run(node, { ...serves, "logs --tail 2000": log }, {}, { part: "update", files });
    expect([outcome.code, outcome.read("/var/lib/warren/steps/test")]).toEqual([1, before]);
  });
});

describe("a plugin that the image does not have is named with the image, before anything starts", () => {
  const list = { stdout: "rabbitmq_management\nrabbitmq_shovel\nrabbitmq_shovel_management\n" };
  const look = (name: string, docker: Stubs[string]) =>
    run(new Node("rabbitmq1"), { ...nobody, ...docker }, { plugins: ["rabbitmq_management", name] });

  test.each([
    ["rabbitmq_shovl", ". Did you mean rabbitmq_shovel?"],
    ["rabbitmq_something_else", ""],
  ])("%s", async (name, near) => {
    const { code, stderr, calls } = await look(name, { "rabbitmq-plugins -q list -m": list });
    expect([code, stderr]).toEqual([
      1,
      `rabbitmq1: the image rabbitmq:3.8.9-management has no plugin ${name}, which warren:rabbitmq.plugins names${near}
Correct the name, or choose an image that has the plugin, and run \`pulumi up\` again. No broker was started or changed\n`,
    ]);
    expect(calls.at(-1)).toBe("docker run --rm --network none sha256:0123 rabbitmq-plugins -q list -m");
  });

  test("RabbitMQ's own list decides where its directory does not show one", async () => {
    const further = { stdout: "rabbitmq_top\n" };
    expect(await look("rabbitmq_top", { "rabbitmq-plugins -q list -m": further })).toMatchObject({
      code: 0,
      stderr: "",
    });
  });

  test("where RabbitMQ gives no list, its directory decides, and suggests", async () => {
    const silent = { stdout: "Error: :plugins_dir_does_not_exist\n", code: 69 };
    const { code, stderr } = await look("rabbitmq_shovl", { "rabbitmq-plugins": silent });
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(
        "no plugin rabbitmq_shovl, which warren:rabbitmq.plugins names. Did you mean rabbitmq_shovel?",
      ),
    ]);
  });

  test("and where the image does not say which it has, nothing goes on", async () => {
    const silent = { run: "echo 'exec: rabbitmq-plugins: not found' >&2", code: 127 };
    expect(await look("rabbitmq_top", { "--entrypoint sh": { code: 1 }, "rabbitmq-plugins": silent })).toMatchObject({
      code: 1,
      stderr: "rabbitmq1: the image rabbitmq:3.8.9-management does not say which plugins it has. Nothing was changed\n",
    });
  });
});

test("an image without the broker's user is refused before it is started", async () => {
  const { code, stderr, calls } = await run(new Node("rabbitmq1"), {
    ...serves,
    "--entrypoint sh": { stdout: `:\n${found}` },
  });
  expect([code, stderr, runsIn(calls)]).toEqual([
    1,
    "rabbitmq1: the image rabbitmq:3.8.9-management does not say who its user rabbitmq is. Nothing was changed\n",
    [],
  ]);
});

describe("where Docker does not answer", () => {
  test.each<[string, Stubs[string], string]>([
    [
      "for what a killed run has left",
      { "ps -aq": { code: 1 } },
      "Docker does not say which containers there are. Nothing was changed\n",
    ],
    [
      "for whether a broker serves",
      { ...nobody, "inspect -f {{.State.Running}} rabbitmq": { run: "echo 'Cannot connect'", code: 1 } },
      "rabbitmq1: Docker does not say whether the container rabbitmq runs: Cannot connect. Nothing was changed\n",
    ],
  ])("%s, nothing goes on", async (_title, docker, stderr) => {
    expect(await run(new Node("rabbitmq1"), docker)).toMatchObject({ code: 1, stderr });
  });
});

test("what a killed run has left is removed first, and at the end of the node", async () => {
  const left: Stubs[string] = { "ps -aq": { stdout: "c0ffee\n" } };
  const removes = [looksForLeft, "docker rm -f -v c0ffee"];
  const node = new Node("rabbitmq1");
  expect((await run(node, { ...nobody, ...left })).calls.slice(0, 2)).toEqual(removes);
  expect(await run(node, left, {}, { part: "delete" })).toMatchObject({ code: 0, calls: removes });
});
