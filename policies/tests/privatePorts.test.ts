import { privatePorts } from "../rules/privatePorts";
import { check, container, faults, host, other } from "./resources";
import { unknownList, unknownText } from "./wire";

const everywhere = (port: number, use: string, address: string) =>
  `The container rabbitmq1-container publishes its port ${port} (${use}) on every address of ${address}'s host.`;

test.each(["10.0.0.11", "172.31.0.11", "192.168.1.11", "100.64.0.11"])("a host at %s", async (address) => {
  expect(await faults(privatePorts, ...container({}, address))).toEqual([
    everywhere(4369, "epmd", address),
    everywhere(25672, "Erlang distribution", address),
  ]);
});

test("a host with a private IPv6 address", async () => {
  expect(await faults(privatePorts, ...container({}, "[fd00::11]"))).toHaveLength(2);
});

test("ports by the numbers that variables give them", async () => {
  const inputs = {
    envs: ["ERL_EPMD_PORT=14369", "RABBITMQ_DIST_PORT=35672"],
    ports: [
      { internal: 14369, external: 14369, ip: "0.0.0.0" },
      { internal: 4369, external: 4369 },
      { internal: 35672, external: 35672, ip: "10.0.0.11" },
    ],
  };
  expect(await faults(privatePorts, ...container(inputs, "10.0.0.11"))).toEqual([
    everywhere(14369, "epmd", "10.0.0.11"),
  ]);
});

test.each<[string, Record<string, unknown>, string]>([
  ["a public address", {}, "203.0.113.11"],
  ["an address out of the lab's range", {}, "198.18.66.11"],
  ["a name, of which the address is not known", {}, "mq1.example"],
  ["an address that is not known yet", {}, unknownText],
  ["ports on the private address", { ports: [{ internal: 4369, external: 4369, ip: "10.0.0.11" }] }, "10.0.0.11"],
  ["ports of applications", { ports: [{ internal: 5672, external: 5672 }] }, "10.0.0.11"],
  ["ports that are not known yet", { ports: unknownList }, "10.0.0.11"],
  ["an ip that is not known yet", { ports: [{ internal: 4369, external: 4369, ip: unknownText }] }, "10.0.0.11"],
])("passes %s", async (_name, inputs, address) => {
  expect(await check(privatePorts, ...container(inputs, address))).toEqual([]);
});

const firewall = (...hosts: string[]) => other("warren:index:Firewall", "firewall", { hosts });

test("passes a host behind the stack's own firewall", async () => {
  const behind = [host({ address: "10.0.0.11" }), firewall("host1")];
  expect(await check(privatePorts, ...container({}, "10.0.0.11"), ...behind)).toEqual([]);
});

test("a host that the stack's own firewall leaves out", async () => {
  const beside = [host({ address: "10.0.0.12" }), host({ address: "10.0.0.11" }, "host2"), firewall("host1")];
  expect(await faults(privatePorts, ...container({}, "10.0.0.11"), ...beside)).toHaveLength(2);
});
