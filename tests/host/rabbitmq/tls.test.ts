import { writeFileSync } from "node:fs";

import { certificateFiles, tls } from "../../../commands/rabbitmq/certificates";
import type { Stubs } from "../../unit/support/bash";
import { runStep } from "../support/step";
import { Node, nobody, ownImage } from "./node";

/* A node's certificates, run with a stand-in for docker: they are written, and read again by a broker that runs. */

const pems = { authority: "authority-pem\n", node: "node-pem\n" };

const running = ({ directory }: Node): Stubs[string] => ({
  inspect: { stdout: `true ${directory}/data\n` },
  eval: { stdout: "ok" },
});
const stopped = ({ directory }: Node): Stubs[string] => ({ inspect: { stdout: `false ${directory}/data\n` } });
const none = (): Stubs[string] => nobody;

async function write(
  node: Node,
  docker: (node: Node) => Stubs[string],
  { certificates = pems, distribution }: { certificates?: typeof pems; distribution?: string } = {},
) {
  const files = certificateFiles(node.place, { ...certificates, distribution });
  const outcome = await runStep(
    tls,
    { ...node.place, image: "rabbitmq:3.8.9-management", files },
    { root: node.root, before: ownImage, stubs: { docker: docker(node) } },
  );
  return { ...outcome, told: outcome.calls.filter((call) => call.includes(" eval ")) };
}

const made = () => new Node("rabbitmq1", { "conf/rabbitmq.conf": "x" });

test("they are for the container's user alone, the key for reading only", async () => {
  const node = made();
  const { code, stderr, told, record } = await write(node, none, { distribution: "term.\n" });
  expect({ code, stderr, told }).toEqual({ code: 0, stderr: "", told: [] });
  const names = ["authority.pem", "node.pem", "distribution.config"];
  expect(["", ...names].map((name) => node.mode(`conf/tls/${name}`))).toEqual(["750", "440", "400", "440"]);
  expect(node.read("conf/tls/node.pem")).toBe("node-pem\n");
  expect(
    record()
      .filter((line) => line.startsWith("file "))
      .map((line) => line.split(" ").at(-1)),
  ).toEqual(names.map((name) => node.path(`conf/tls/${name}`)));
});

test("a broker that runs is told once, and again when one of them has changed", async () => {
  const node = made();
  const call =
    "docker exec -u rabbitmq rabbitmq rabbitmqctl -q eval [ssl:clear_pem_cache() || lists:keymember(ssl, 1, application:which_applications())].";
  expect((await write(node, running)).told).toEqual([call]);
  expect((await write(node, running)).told).toEqual([]);
  for (const certificates of [
    { ...pems, node: "other-node\n" },
    { authority: "other-authority\n", node: "other-node\n" },
  ]) {
    const { calls, told } = await write(node, running, { certificates });
    expect(told).toEqual([call]);
    expect(calls.join()).not.toMatch(/pem\n|other-/);
  }
});

test("a broker that may have read a damaged file is told again, although the certificates are those of before", async () => {
  const node = made();
  await write(node, running);
  writeFileSync(node.path("conf/tls/node.pem"), "damaged\n");
  expect((await write(node, running)).told).toHaveLength(1);
  expect((await write(node, running)).told).toEqual([]);
});

test("a broker that is down is not told; one made by hand, on other data, neither", async () => {
  expect(await write(made(), stopped)).toMatchObject({ code: 0, told: [] });
  const byHand = (): Stubs[string] => ({ inspect: { stdout: "true /srv/data\n" } });
  expect(await write(made(), byHand)).toMatchObject({ code: 0, told: [] });
});

test("one that does not answer is an error, and the next run tells it", async () => {
  const node = made();
  const deaf = (at: Node): Stubs[string] => ({ ...running(at), eval: { code: 69 } });
  const { code, stderr } = await write(node, deaf);
  expect(code).toBe(1);
  expect(stderr).toContain("rabbitmq1 runs, but it did not take its new certificates up: its CLI does not answer.");
  expect((await write(node, running)).told).toHaveLength(1);
});

describe("at their end", () => {
  const end = (node: Node, docker: Stubs[string]) =>
    runStep(
      tls,
      { ...node.place, image: "rabbitmq:3.8.9-management", files: [] },
      { root: node.root, part: "delete", stubs: { docker } },
    );
  const written = async (conf: string) => {
    const node = made();
    node.write("conf/rabbitmq.conf", conf);
    await write(node, none);
    return node;
  };
  const there = ({ directory }: Pick<Node, "directory">, environment = "PATH=/bin"): Stubs[string] => ({
    "ps -aq": { stdout: "a1b2\n" },
    inspect: { stdout: `${directory}/data\n${directory}/conf\n${environment}\n` },
  });
  const speaksTls = "ssl_options.certfile = /etc/rabbitmq/tls/node.pem\n";

  test.each<[string, string, (node: Node) => Stubs[string]]>([
    ["without a container", speaksTls, () => ({ "ps -aq": {} })],
    ["with one that is to have none any more", "listeners.tcp.default = 5672\n", there],
    ["with one made by hand, with files of its own", speaksTls, () => there({ directory: "/srv" })],
  ])("%s, they are gone, and the node's other files stay", async (_title, conf, docker) => {
    const node = await written(conf);
    expect(await end(node, docker(node))).toMatchObject({ code: 0, stderr: "" });
    expect(["conf/tls", "certificates", "conf/rabbitmq.conf"].map((path) => node.has(path))).toEqual([
      false,
      false,
      true,
    ]);
  });

  test.each<[string, string, (node: Node) => Stubs[string]]>([
    ["its clients' listeners", speaksTls, there],
    [
      "other nodes",
      "",
      (node) => there(node, "RABBITMQ_CTL_ERL_ARGS=-ssl_dist_optfile /etc/rabbitmq/tls/distribution.config"),
    ],
  ])("they are not taken from a container that needs them for %s", async (_title, conf, docker) => {
    const node = await written(conf);
    const { code, stderr } = await end(node, docker(node));
    expect([code, stderr]).toEqual([
      1,
      `rabbitmq1: the container rabbitmq uses the certificates in ${node.path("conf/tls")}. Turn TLS off in the config, or remove the container first. Nothing was changed\n`,
    ]);
    expect(node.has("conf/tls/node.pem")).toBe(true);
  });

  test("they stay where Docker does not say which containers there are", async () => {
    const node = await written("");
    expect((await end(node, { "ps -aq": { code: 1 } })).stderr).toContain("it cannot be told whether");
    expect(node.has("conf/tls/node.pem")).toBe(true);
  });
});
