import { oneMemberPerHost } from "../rules/oneMemberPerHost";
import { check, cluster, faults, host, node } from "./resources";
import { unknownText } from "./wire";

test("two members on one host", async () => {
  const nodes = [node(1), node(2), node(3, "disc", "host1")];
  expect(await faults(oneMemberPerHost, host(), cluster({ nodes }))).toEqual([
    "rabbitmq1 and rabbitmq3 of the cluster rabbitmq are on host1.",
  ]);
});

test("two hosts that are one machine", async () => {
  const hosts = [host({}, "host1"), host({}, "host2"), host({ address: "192.0.2.13" }, "host3")];
  expect(await faults(oneMemberPerHost, ...hosts, cluster())).toEqual([
    "rabbitmq1 and rabbitmq2 of the cluster rabbitmq are on 192.0.2.11, whose hosts host1 and host2 have the same address.",
  ]);
});

test("passes members on hosts of their own, and addresses that are not known yet", async () => {
  const address = unknownText;
  const hosts = [host({ address }, "host1"), host({ address }, "host2"), host({}, "host3")];
  expect(await check(oneMemberPerHost, ...hosts, cluster())).toEqual([]);
  expect(
    await check(oneMemberPerHost, cluster({ nodes: [node(1, "disc", unknownText), node(2, "disc", unknownText)] })),
  ).toEqual([]);
});
