import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { files, type FilesData } from "../../../commands/rabbitmq/files";
import { gate } from "../../../commands/rabbitmq/gate";
import { member } from "../../../commands/rabbitmq/member";
import type { Stubs } from "../../unit/support/bash";
import { makeDirectory } from "../../unit/support/directory";
import { runStep } from "../support/step";
import { filesOf, Node, nobody, ownImage, ownUser } from "./node";

/* A node's directory: how it is made, what keeps a node from starting blank in it, and how it ends. */

const write = (node: Node, changes: Partial<FilesData> = {}, docker: Stubs[string] = nobody, before = ownImage) =>
  runStep(files, filesOf(node, changes), { root: node.root, before, stubs: { docker } });

describe("the node's files", () => {
  test("are made with their permissions, whatever root's umask", async () => {
    const umask = process.umask(0o077);
    try {
      const node = new Node("rabbitmq1");
      expect(await write(node)).toMatchObject({ code: 0, stdout: "", stderr: "" });
      const modes = ["", "data", "conf", "hosts", "data/.erlang.cookie"];
      expect(Object.fromEntries(modes.map((path) => [path, node.mode(path)]))).toEqual({
        "": "711",
        data: "750",
        conf: "750",
        hosts: "644",
        "data/.erlang.cookie": "400",
      });
      // Docker has to find the way to them.
      expect((statSync(dirname(node.directory)).mode & 0o777).toString(8)).toBe("755");
    } finally {
      process.umask(umask);
    }
  });

  test("written again leave the data alone", async () => {
    const node = new Node("rabbitmq1", { "data/mnesia/table": "x" });
    expect(await write(node)).toMatchObject({ code: 0, stderr: "" });
    expect(await write(node)).toMatchObject({ code: 0, stderr: "" });
    expect(node.read("data/mnesia/table")).toBe("x");
    expect(readdirSync(node.path("data")).sort()).toEqual([".erlang.cookie", ".warren", "mnesia"]);
  });

  test("are to stay as they are", async () => {
    const node = new Node("rabbitmq1");
    const { record } = await write(node);
    const owned = record().filter((line) => line.startsWith("file "));
    expect(owned.map((line) => line.split(" ").at(-1))).toEqual(
      ["hosts", "data/.erlang.cookie"].map((path) => node.path(path)),
    );
    expect(record().length).toBe(2 + owned.length);
  });

  test("leave alone what the broker reads when it starts, which changes in the node's own turn", async () => {
    const node = new Node("rabbitmq1", { "conf/rabbitmq.conf": "old", "conf/enabled_plugins": "[]." });
    expect(await write(node, { joins: true })).toMatchObject({ code: 0 });
    expect([node.read("conf/rabbitmq.conf"), node.read("conf/enabled_plugins")]).toEqual(["old", "[]."]);
  });

  test("belong to the user of the image, which is never started for it", async () => {
    const { uid, gid } = ownUser;
    const image = makeDirectory({ passwd: `root:x:7:7::/root:/bin/sh\nrabbitmq:x:${uid}:${gid}::/:/bin/sh\n` });
    const docker: Stubs[string] = {
      ...nobody,
      create: { stdout: "a1b2\n" },
      "cp a1b2:/etc/passwd -": { run: `tar -C ${image} -c passwd` },
      "rm -f a1b2": { stdout: "a1b2\n" },
    };
    const node = new Node("rabbitmq1");
    const { code, stderr, calls } = await write(node, {}, docker, "");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(statSync(node.path("data"))).toMatchObject({ uid, gid });
    const made = ["docker create rabbitmq:3.8.9-management", "docker cp a1b2:/etc/passwd -", "docker rm -f a1b2"];
    expect(calls.filter((call) => /^docker (create|cp|rm)/.test(call))).toEqual(made);
  });

  test("are not made from an image without that user, and no container is left behind", async () => {
    const image = makeDirectory({ passwd: "root:x:0:0::/root:/bin/sh\n" });
    const docker: Stubs[string] = {
      ...nobody,
      create: { stdout: "a1b2\n" },
      "cp a1b2:/etc/passwd -": { run: `tar -C ${image} -c passwd` },
      "rm -f a1b2": {},
    };
    const node = new Node("rabbitmq1");
    const { code, stderr, calls } = await write(node, { image: "busybox" }, docker, "");
    expect([code, stderr, calls.at(-1)]).toEqual([1, "the image busybox has no user rabbitmq\n", "docker rm -f a1b2"]);
    expect(existsSync(node.directory)).toBe(false);
  });
});

describe("a node that has served, and whose data are gone", () => {
  const served = (there: Record<string, string> = {}) => {
    const node = new Node("rabbitmq1", there);
    mkdirSync(dirname(node.served), { recursive: true });
    writeFileSync(node.served, `${node.directory}\n`);
    return node;
  };
  const sentence = (node: Node) =>
    `rabbitmq1 has served on this host, and its data are not in ${node.path("data")}. Started without them, it would be a second, blank cluster. Mount the disk with its data and run \`pulumi up\` again. If the data are lost for good and no other node has them, remove ${node.served}. Nothing was changed\n`;

  test.each<[string, Record<string, string>]>([
    ["no directory", {}],
    ["an empty directory", { hosts: "x" }],
    ["a directory without a database", { "data/.erlang.cookie": "x" }],
  ])("does not start as the seed node: %s", async (_title, there) => {
    const node = served(there);
    const before = existsSync(node.directory) ? readdirSync(node.directory) : undefined;
    expect(await write(node)).toMatchObject({ code: 1, stderr: sentence(node), calls: expect.any(Array) as string[] });
    expect(existsSync(node.directory) ? readdirSync(node.directory) : undefined).toEqual(before);
  });

  test("nor is its container replaced", async () => {
    const node = served();
    const data = { ...node.place, image: "sha256:1", settings: "a", lost: [], amqpPort: 5672, joins: false };
    const outcome = await runStep(gate, data, { root: node.root, stubs: { docker: {} } });
    expect(outcome).toMatchObject({ code: 1, stderr: sentence(node), calls: [] });
  });

  test("nor is its container started, be it the seed node or another one", async () => {
    const node = served();
    const data = {
      ...{ ...node.place, type: "disc" as const, peers: [], memory: "0.4", disk: "1GB", plugins: [], grace: 60 },
      ...{ partitions: "ignore" as const, stopped: false, amqpPort: 5672, containerId: "a1b2" },
    };
    const outcome = await runStep(member, data, { root: node.root, part: "update", stubs: { docker: {} } });
    expect(outcome).toMatchObject({ code: 1, stderr: sentence(node), calls: [] });
  });

  test("joins the others where another one is the seed node", async () => {
    const node = served();
    expect(await write(node, { joins: true })).toMatchObject({ code: 0, stderr: "" });
  });

  test.each<[string, Node]>([
    ["its data are there", served({ "data/mnesia/rabbit@rabbitmq1/schema.DAT": "x" })],
    ["it has never served", new Node("rabbitmq1")],
  ])("goes on where %s", async (_title, node) => {
    expect(await write(node)).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("at its end", () => {
  const there = {
    "conf/rabbitmq.conf": "default_pass = secret",
    "data/.erlang.cookie": "secret",
    "data/.warren": "",
    "data/rotation/.erlang.cookie": "secret",
    "data/mnesia/table": "x",
    hosts: "x",
  };
  const lists = "docker ps -a --no-trunc --format {{.Names}}|{{.Mounts}}|{{.Status}}";
  const end = (node: Node, containers: Stubs[string][string]) =>
    runStep(files, filesOf(node), { root: node.root, part: "delete", stubs: { docker: { "ps -a": containers } } });

  test("the data are kept under the date, and neither cookie nor configuration", async () => {
    const node = new Node("rabbitmq1", there);
    expect(await end(node, {})).toMatchObject({ code: 0, stderr: "", calls: [lists] });
    const parent = dirname(node.directory);
    const [moved = "", ...others] = readdirSync(parent);
    expect(others).toEqual([]);
    expect(moved).toMatch(/^rabbitmq1\.removed-\d{8}T\d{6}Z$/);
    expect(readdirSync(join(parent, moved), { recursive: true }).sort()).toEqual([
      "data",
      "data/mnesia",
      "data/mnesia/table",
    ]);
    // Once more, it finds nothing to do.
    expect(await end(node, {})).toMatchObject({ code: 0, stderr: "", calls: [] });
  });

  test("it has not served on this host any more", async () => {
    const node = new Node("rabbitmq1", there);
    mkdirSync(dirname(node.served), { recursive: true });
    writeFileSync(node.served, "");
    expect(await end(node, {})).toMatchObject({ code: 0 });
    expect(existsSync(dirname(node.served))).toBe(false);
  });

  const container = (name: string, status: string, ...sources: string[]) => `${name}|${sources.join(",")}|${status}\n`;

  test.each<[string, (directory: string) => string]>([
    ["runs", (directory) => container("rabbitmq", "Up 3 hours", `${directory}/data`, `${directory}/conf`)],
    ["was stopped", (directory) => container("rabbitmq", "Exited (0) 3 hours ago", "/srv/x", `${directory}/hosts`)],
    ["was never started", (directory) => container("somebody", "Created", directory)],
    [
      "was adopted, and was started again",
      (directory) => container("my-rabbitmq.before-warren", "Up 2 minutes", `${directory}/data`),
    ],
  ])("nothing is moved from beneath a container that %s", async (_title, used) => {
    const node = new Node("rabbitmq1", there);
    const list = container("haproxy", "Up 3 hours", "/var/lib/warren/haproxy/host1/conf") + used(node.directory);
    const { code, stderr } = await end(node, { stdout: list });
    const user = /^(?:somebody|my-rabbitmq.before-warren|rabbitmq)/.exec(used(node.directory))?.[0];
    expect([code, stderr]).toEqual([
      1,
      `rabbitmq1: the container ${user} uses ${node.directory}, whose files would be taken from beneath it. Remove the container first; \`pulumi destroy\` and a node that leaves do that by themselves. Nothing was changed\n`,
    ]);
    expect(Object.keys(there).filter((path) => !node.has(path))).toEqual([]);
  });

  test.each<[string, (directory: string) => string]>([
    ["that uses a directory which begins alike", (directory) => container("rabbitmq", "Up", `${directory}2/data`)],
    [
      "that was adopted, and is kept",
      (directory) => container("my-rabbitmq.before-warren", "Exited (0) 3 days ago", `${directory}/data`),
    ],
  ])("a container does not count %s", async (_title, used) => {
    const node = new Node("rabbitmq1", there);
    expect(await end(node, { stdout: used(node.directory) })).toMatchObject({ code: 0, stderr: "" });
    expect(existsSync(node.directory)).toBe(false);
  });

  test("nothing is moved where Docker does not say which containers there are", async () => {
    const node = new Node("rabbitmq1", there);
    expect(await end(node, { code: 1 })).toMatchObject({
      code: 1,
      stderr: `it cannot be told which containers use ${node.directory}. Nothing was changed\n`,
    });
    expect(node.has("conf/rabbitmq.conf")).toBe(true);
  });
});
