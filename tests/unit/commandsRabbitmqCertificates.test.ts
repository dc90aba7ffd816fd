import { existsSync, readFileSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

import { removeCertificates, writeCertificates } from "../../commands/rabbitmq";
import { noWaiting, runOnHost, type Stubs } from "./support/bash";
import { makeDirectory } from "./support/directory";

/* A node's certificates, run with a stand-in for docker: they are written, and taken up by a broker that runs. */

const { uid, gid } = userInfo();
const before = `container_owner=${uid}:${gid}\n${noWaiting}`;
const pems = { authority: "authority-pem\n", node: "node-pem\n" };

const running = (directory: string): Stubs[string] => ({
  inspect: { stdout: `true ${directory}/data\n` },
  eval: { stdout: "ok" },
});
const stopped = (directory: string): Stubs[string] => ({ inspect: { stdout: `false ${directory}/data\n` } });
const nobody = (): Stubs[string] => ({ inspect: { code: 1 } });

async function write(
  directory: string,
  docker: (directory: string) => Stubs[string],
  { certificates = pems, distribution }: { certificates?: typeof pems; distribution?: string } = {},
) {
  const place = { name: "rabbitmq1", container: "rabbitmq", directory };
  const script = writeCertificates(place, certificates, distribution);
  const outcome = await runOnHost(script, { before, stubs: { docker: docker(directory) } });
  return { ...outcome, told: outcome.calls.filter((call) => call.includes(" eval ")) };
}

const made = () => makeDirectory({ "conf/rabbitmq.conf": "x" });

test("they are for the container's user alone, the key for reading only", async () => {
  const directory = made();
  const { code, stderr, told } = await write(directory, nobody, { distribution: "term.\n" });
  expect({ code, stderr, told }).toEqual({ code: 0, stderr: "", told: [] });
  const mode = (path: string) => (statSync(join(directory, "conf/tls", path)).mode & 0o777).toString(8);
  expect(["", "node.pem", "authority.pem", "distribution.config"].map(mode)).toEqual(["750", "400", "440", "440"]);
  expect(readFileSync(join(directory, "conf/tls/node.pem"), "utf8")).toBe("node-pem\n");
});

test("a broker that runs is told once, and again when one of them has changed", async () => {
  const directory = made();
  const call =
    "docker exec -u rabbitmq rabbitmq rabbitmqctl -q eval [ssl:clear_pem_cache() || lists:keymember(ssl, 1, application:which_applications())].";
  expect((await write(directory, running)).told).toEqual([call]);
  expect((await write(directory, running)).told).toEqual([]);
  for (const certificates of [
    { ...pems, node: "other-node\n" },
    { authority: "other-authority\n", node: "other-node\n" },
  ]) {
    const { calls, told } = await write(directory, running, { certificates });
    expect(told).toEqual([call]);
    expect(calls.join()).not.toMatch(/pem\n|other-/);
  }
});

test("a broker that is down is not told; one made by hand, on other data, neither", async () => {
  expect(await write(made(), stopped)).toMatchObject({ code: 0, told: [] });
  const byHand = () => ({ inspect: { stdout: "true /srv/data\n" } });
  expect(await write(made(), byHand)).toMatchObject({ code: 0, told: [] });
});

test("one that does not answer is an error, and the next run tells it", async () => {
  const directory = made();
  const deaf = (at: string): Stubs[string] => ({ ...running(at), eval: { code: 69 } });
  const { code, stderr } = await write(directory, deaf);
  expect(code).toBe(1);
  expect(stderr).toContain("rabbitmq1 runs, but it did not take its new certificates up: its CLI does not answer.");
  expect((await write(directory, running)).told).toHaveLength(1);
});

test("at their end they are gone, and the node's other files stay", async () => {
  const directory = made();
  await write(directory, nobody);
  await runOnHost(removeCertificates({ name: "rabbitmq1", container: "rabbitmq", directory }), {});
  expect(existsSync(join(directory, "conf/tls"))).toBe(false);
  expect(existsSync(join(directory, "certificates"))).toBe(false);
  expect(existsSync(join(directory, "conf/rabbitmq.conf"))).toBe(true);
});
