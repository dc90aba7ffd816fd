import { mirroring } from "../rules/mirroring";
import { check, cluster, command, faults, other } from "./resources";
import { secret, unknownSection, unknownText } from "./wire";

const queuePolicy = (definition: unknown) =>
  other("rabbitmq:index/policy:Policy", "ha", { policy: { pattern: "^ha\\.", definition } });
const mirrored = queuePolicy({ "ha-mode": "exactly", "ha-params": 2 });
const script = `rabbitmqctl set_policy ha '^ha\\.' '{"ha-mode":"all","ha-sync-mode":"automatic"}'`;

test("a mirroring policy on a broker without mirroring", async () => {
  expect(await faults(mirroring, mirrored, cluster({ version: "4.0.5" }))).toEqual([
    "ha sets ha-mode, ha-params on queues of RabbitMQ 4.0.5.",
  ]);
});

test("a command that sets one", async () => {
  const mirror = command({ stdin: secret(script) });
  expect(await faults(mirroring, mirror, cluster({ version: "4.0.5" }))).toEqual([
    "rabbitmq1-files sets ha-mode, ha-sync-mode on queues of RabbitMQ 4.0.5.",
  ]);
});

test.each([
  ["mirroring on 3.13", [mirrored, command({ stdin: script }), cluster({ version: "3.13.7" })]],
  ["other keys on 4.0", [queuePolicy({ "message-ttl": 1000 }), cluster({ version: "4.0.5" })]],
  ["a stack without a cluster", [mirrored]],
  ["a version that is not known yet", [mirrored, cluster({ version: unknownText })]],
  ["a definition that is not known yet", [queuePolicy(unknownSection), cluster({ version: "4.0.5" })]],
])("passes %s", async (_name, resources) => {
  expect(await check(mirroring, ...resources)).toEqual([]);
});
