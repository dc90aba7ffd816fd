import { faults, parsed, refuses } from "./configFixture";

/** Rules of the virtual IPs. Each row is right in every value by itself. */

describe("virtual IP", () => {
  refuses([
    [
      "outside the balancers' subnet",
      { "hosts.host2.address": "198.51.100.12" },
      'warren:vip.address: "192.0.2.100/24" - must be in the subnet of the hosts that hold it: host2 (198.51.100.12) is outside',
    ],
    [
      "a host's address",
      { "vip.address": "192.0.2.13/24" },
      'warren:vip.address: "192.0.2.13/24" - must not be the address of a host (host3)',
    ],
    [
      "the network's address",
      { "vip.address": "192.0.2.0/24" },
      'warren:vip.address: "192.0.2.0/24" - must not be the network address of its /24 subnet',
    ],
    [
      "the broadcast address",
      { "vip.address": "192.0.2.15/28" },
      'warren:vip.address: "192.0.2.15/28" - must not be the broadcast address of its /28 subnet',
    ],
    [
      "a host without a balancer",
      { "vip.hosts": ["host1", "host3"] },
      'warren:vip.hosts[1]: "host3" - must be one of warren:haproxy.hosts (host1, host2): the VIP leads to a balancer',
    ],
    [
      "a host named twice",
      { "vip.hosts": ["host1", "host1"] },
      'warren:vip.hosts[1]: "host1" - must be named once only',
    ],
    [
      "too few priorities",
      { "vip.priorities": [101] },
      "warren:vip.priorities: a list - must have one priority for each of the VIP's hosts (host1, host2)",
    ],
    [
      "priorities that do not fall",
      { "vip.priorities": [100, 100] },
      "warren:vip.priorities[1]: 100 - must be lower than the one before it (100)",
    ],
    [
      "a program of the host's for a container",
      { "vip.image": "keepalived:2.2", "vip.notify": { hook: "/usr/local/bin/hook" } },
      'warren:vip.notify.hook: "/usr/local/bin/hook" - must be left out where warren:vip.image is: a container has the programs of its image alone',
    ],
    [
      "a delay where nobody takes it back",
      { "vip.preempt": false, "vip.preemptDelaySeconds": 5 },
      "warren:vip.preemptDelaySeconds: 5 - must be left out where warren:vip.preempt is false",
    ],
    [
      "one address twice",
      { "vip.additionalAddresses": ["192.0.2.100/24"] },
      'warren:vip.additionalAddresses[0]: "192.0.2.100/24" - must be named once only',
    ],
    [
      "a second instance with the first one's router id",
      { "vip.instances": [{ address: "192.0.2.101/24", virtualRouterId: 51 }] },
      "warren:vip.instances[0].virtualRouterId: 51 - must be this virtual IP's alone",
    ],
    [
      "a second instance on a host without a balancer",
      { "vip.instances": [{ address: "192.0.2.101/24", virtualRouterId: 52, hosts: ["host3"] }] },
      'warren:vip.instances[0].hosts[0]: "host3" - must be one of warren:haproxy.hosts (host1, host2): the VIP leads to a balancer',
    ],
    [
      "a second instance's address that is a host's",
      { "vip.instances": [{ address: "192.0.2.12/24", virtualRouterId: 52 }] },
      'warren:vip.instances[0].address: "192.0.2.12/24" - must not be the address of a host (host2)',
    ],
    [
      "a weight within a second instance's gap",
      {
        "vip.instances": [{ address: "192.0.2.101/24", virtualRouterId: 52, priorities: [150, 100] }],
        "vip.check.weight": -2,
      },
      "warren:vip.check.weight: -2 - must be larger than the gap between the priorities of instance 1 (150 and 100: at least 51)",
    ],
    [
      "a weight within the gap",
      { "vip.priorities": [150, 100], "vip.check.weight": -50 },
      "warren:vip.check.weight: -50 - must be larger than the gap between the priorities (150 and 100: at least 51)",
    ],
  ]);

  test("the weight rule holds for every backup, not for the first alone", () => {
    const three = { "haproxy.hosts": ["host1", "host2", "host3"], "vip.check.weight": -2 };
    expect(faults(three)).toEqual([
      "warren:vip.check.weight: -2 - must be larger than the gap between the priorities (101 and 99: at least 3)",
    ]);
    expect(faults({ ...three, "vip.check.weight": -3 })).toEqual([]);
  });
});

test("each further instance prefers the next balancer, unless it says otherwise", () => {
  const instances = [
    { address: "192.0.2.101/24", virtualRouterId: 52 },
    { address: "192.0.2.102/24", virtualRouterId: 53, hosts: ["host1"], interface: "eth1", priorities: [7] },
  ];
  const { vip } = parsed({ "vip.additionalAddresses": ["192.0.2.110/24"], "vip.instances": instances });
  expect(vip?.instances).toEqual([
    {
      addresses: ["192.0.2.100/24", "192.0.2.110/24"],
      interface: "eth0",
      virtualRouterId: 51,
      hosts: ["host1", "host2"],
      priorities: [101, 100],
    },
    {
      addresses: ["192.0.2.101/24"],
      interface: "eth0",
      virtualRouterId: 52,
      hosts: ["host2", "host1"],
      priorities: [101, 100],
    },
    { addresses: ["192.0.2.102/24"], interface: "eth1", virtualRouterId: 53, hosts: ["host1"], priorities: [7] },
  ]);
  expect(vip).toMatchObject({ ip: "192.0.2.100", hosts: ["host1", "host2"] });
  expect(vip?.ips).toEqual(["192.0.2.100", "192.0.2.110", "192.0.2.101", "192.0.2.102"]);
});
