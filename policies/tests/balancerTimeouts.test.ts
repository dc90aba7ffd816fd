import { balancerTimeouts } from "../rules/balancerTimeouts";
import { balancers, check, cluster, faults } from "./resources";
import { unknownNumber, unknownSection, type Registered } from "./wire";

const timeouts = (clientSeconds: unknown, serverSeconds: unknown = 10800) =>
  balancers({ timeouts: { connectSeconds: 5, clientSeconds, serverSeconds } });
const heartbeat = (value: unknown) => cluster({ settings: { heartbeat: value } });

test.each<[string, Registered[], string[]]>([
  [
    "a second less than two heartbeats",
    [cluster(), timeouts(119, 119)],
    [
      "The timeout clientSeconds of haproxy is 119 s, and the heartbeat is 60 s.",
      "The timeout serverSeconds of haproxy is 119 s, and the heartbeat is 60 s.",
    ],
  ],
  [
    "balancers registered before their cluster",
    [timeouts(10800, 300), heartbeat(600)],
    ["The timeout serverSeconds of haproxy is 300 s, and the heartbeat is 600 s."],
  ],
  [
    "no heartbeats",
    [heartbeat("0"), timeouts(600)],
    ["The timeout clientSeconds of haproxy is 600 s, and heartbeats are switched off."],
  ],
  ["balancers alone", [timeouts(60)], ["The timeout clientSeconds of haproxy is 60 s, and the heartbeat is 60 s."]],
])("%s", async (_name, resources, found) => {
  expect(await faults(balancerTimeouts, ...resources)).toEqual(found);
});

test.each<[string, Registered[]]>([
  ["hours", [cluster(), balancers()]],
  ["two heartbeats, the least that a config may have", [cluster(), timeouts(120, 120)]],
  ["a short heartbeat", [heartbeat(20), timeouts(120, 40)]],
  ["hours without heartbeats", [heartbeat(0), balancers()]],
  ["a timeout that is not known yet", [cluster(), timeouts(unknownNumber)]],
  ["timeouts that are not known yet", [cluster(), balancers({ timeouts: unknownSection })]],
  ["a heartbeat that is not known yet", [heartbeat(unknownNumber), timeouts(30)]],
  ["settings that are not known yet", [cluster({ settings: unknownSection }), timeouts(30)]],
])("passes %s", async (_name, resources) => {
  expect(await check(balancerTimeouts, ...resources)).toEqual([]);
});
