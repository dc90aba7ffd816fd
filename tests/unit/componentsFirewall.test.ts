import { deployDev, members } from "./support/devStack";
import { stepInput, stepOf } from "./support/steps";

import { firewallNft } from "../../templates/firewallNft";

const member = (n: number) => `198.18.66.1${n}`;

test("without the section there is no rule", async () => {
  const { resources } = await deployDev();
  expect(resources.filter(({ name }) => name.startsWith("firewall"))).toEqual([]);
});

test("each host has its rules before anything else is built on it", async () => {
  const stack = await deployDev({ firewall: { management: ["192.0.2.0/24"] } }, members);
  const names = stack.resources.filter(({ name }) => name.startsWith("firewall-")).map(({ name }) => name);
  expect(names.sort()).toEqual([1, 2, 3, 4, 5].map((n) => `firewall-host${n}`));
  expect(stack.resource("firewall-host1").dependsOn).toEqual(["host1-prepare"]);
  expect(stack.resource("rabbitmq1-image").dependsOn).toEqual(["firewall-host1"]);
  expect(stack.resource("vip-host4-package").dependsOn).toEqual(["firewall-host4"]);
  const vrrp = firewallNft({ doors: [], vrrpPeers: [member(4), member(5)] });
  expect(stack.resource("firewall-host5").inputs["stdin"]).toBe(stepInput({ rules: vrrp }));
  expect(stepOf(stack.resource("firewall-host5"))).toBe("firewall");
  const cluster = [member(1), member(2), member(3)];
  const inside = [...cluster, member(4), member(5)];
  const doors = [
    { name: "clustering", ports: [4369, 25672, "35672-35682"], from: cluster },
    { name: "clients", ports: [5672, 5671], from: inside },
    { name: "management", ports: [15672], from: [...inside, "192.0.2.0/24"] },
    { name: "metrics", ports: [15692], from: inside },
  ];
  expect(stack.resource("firewall-host2").inputs["stdin"]).toBe(
    stepInput({ rules: firewallNft({ doors, vrrpPeers: [] }) }),
  );
});
