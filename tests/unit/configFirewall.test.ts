import { firewalls } from "../../config/firewall";
import { faults, parsed } from "./configFixture";

const [one, two, three] = ["192.0.2.11", "192.0.2.12", "192.0.2.13"];
const section = { clients: ["198.51.100.0/24"], management: ["198.51.100.7"], metrics: ["198.51.100.8"] };

test("without the section no host has rules", () => {
  expect(firewalls(parsed())).toEqual({});
});

test("members, balancers and named networks, each where they have to be", () => {
  const rules = firewalls(parsed({ firewall: section }));
  const inside = [one, two, three];
  const doors = [
    { name: "clustering", ports: [4369, 25672, "35672-35682"], from: inside },
    { name: "clients", ports: [5672, 5671], from: [...inside, "198.51.100.0/24"] },
    { name: "management", ports: [15672], from: [...inside, "198.51.100.7"] },
    { name: "metrics", ports: [15692], from: [...inside, "198.51.100.8"] },
  ];
  expect(rules).toEqual({
    host1: { doors, vrrpPeers: [one, two] },
    host2: { doors, vrrpPeers: [one, two] },
    host3: { doors, vrrpPeers: [] },
  });
});

test("a balancer is no member; a plugin's port and changed ports are closed, too", () => {
  const rules = firewalls(
    parsed({
      firewall: {},
      "hosts.host4": { address: "192.0.2.14", hostKey: parsed().hosts["host1"]?.hostKey },
      "haproxy.hosts": ["host4", "host3"],
      "rabbitmq.nodes": [
        { name: "rabbit1", host: "host1" },
        { name: "rabbit2", host: "host2" },
        { name: "rabbit3", host: "host3" },
      ],
      "rabbitmq.plugins": ["rabbitmq_management", "rabbitmq_mqtt"],
      "rabbitmq.ports": { epmd: 4370, distribution: 25673, amqp: 5682 },
    }),
  );
  expect(rules["host1"]?.doors[0]).toEqual({
    name: "clustering",
    ports: [4370, 25673, "35673-35683"],
    from: [one, two, three],
  });
  expect([...(rules["host1"]?.doors[1]?.ports ?? [])].sort()).toEqual([1883, 5671, 5682]);
  expect(rules["host1"]?.doors[1]?.from).toEqual([one, two, three, "192.0.2.14"]);
  expect(rules["host4"]).toEqual({ doors: [], vrrpPeers: [three, "192.0.2.14"] });
});

test("a member that is about to leave may take its leave", () => {
  const nodes = { "rabbitmq.nodes": [{ name: "rabbit1", host: "host1" }], firewall: {} };
  expect(firewalls(parsed(nodes), ["host3", "gone"])["host1"]?.doors[0]?.from).toEqual([one, three]);
  expect(Object.keys(firewalls(parsed(nodes), ["host3"]))).toEqual(["host1", "host2", "host3"]);
});

test("a network that is none is refused", () => {
  expect(faults({ firewall: { management: ["everybody"] } })).toEqual([
    'warren:firewall.management[0]: "everybody" - must be an IPv4 network or address, such as 192.0.2.0/24 or 192.0.2.7',
  ]);
});
