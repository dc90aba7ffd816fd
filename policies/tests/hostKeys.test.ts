import { hostKeys } from "../rules/hostKeys";
import { check, command, container, faults, host, other } from "./resources";
import { secret, unknownText } from "./wire";

const connection = { host: "192.0.2.11", user: "root", privateKey: secret("key") };
const docker = (sshOpts: string[]) => other("pulumi:providers:docker", "docker", { sshOpts: JSON.stringify(sshOpts) });

test("a host without a key", async () => {
  expect(await faults(hostKeys, host({ hostKey: undefined }))).toEqual(["The host host1 (192.0.2.11) has no hostKey."]);
});

test("a command of nobody's, and its proxy", async () => {
  const proxy = { host: "192.0.2.1", user: "jump" };
  expect(await faults(hostKeys, command({ connection: secret({ ...connection, proxy }) }, {}, ""))).toEqual([
    "The connection of rabbitmq1-files (192.0.2.11) has no hostKey.",
    "The connection's proxy of rabbitmq1-files (192.0.2.1) has no hostKey.",
  ]);
});

test("a Docker provider that takes any key", async () => {
  expect(await faults(hostKeys, docker(["-o", "StrictHostKeyChecking=no"]))).toEqual([
    "The Docker provider docker takes any host key (StrictHostKeyChecking=no).",
  ]);
});

test.each([
  ["a host with its key", [host(), ...container()]],
  ["a key that is not known yet", [host({ hostKey: unknownText })]],
  ["an address that is not known yet", [host({ address: unknownText, hostKey: undefined })]],
  ["a connection that is not known yet", [command({ connection: unknownText }, {}, "")]],
  ["a command with a key", [command({ connection: { ...connection, hostKey: "ssh-ed25519 AAAA" } }, {}, "")]],
  ["a command of a component's: its host says it", [command({ connection })]],
  ["a Docker provider that learns a key once", [docker(["-o", "StrictHostKeyChecking=accept-new"])]],
])("passes %s", async (_name, resources) => {
  expect(await check(hostKeys, ...resources)).toEqual([]);
});
