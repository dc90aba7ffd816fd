import { unfitHosts } from "../../facts/fitness";
import type { HostFacts } from "../../facts/read";
import { parsed } from "./configFixture";
import { container, hostFacts } from "./support/hostFacts";

/* What the config asks of hosts and only they can tell. */

const interfaceName = parsed().vip?.instances[0].interface ?? "";

function unfit(changes: Partial<HostFacts>, config = parsed()): string[] {
  const fit = { interfaces: ["lo", interfaceName], listening: [22] };
  const facts = Object.fromEntries(Object.keys(config.hosts).map((host) => [host, hostFacts(fit)]));
  return unfitHosts(config, { ...facts, host1: hostFacts({ ...fit, ...changes }) }).flatMap(({ says }) => says);
}

test("hosts that have what they are to have", () => {
  expect(unfit({})).toEqual([]);
});

test("an interface that a host of the virtual IP does not have is named by its key, with those that are there", () => {
  expect(unfit({ interfaces: ["ens192", "lo"] })).toEqual([
    `warren:vip.interface: "${interfaceName}" - must be an interface of host1, which has ens192, lo`,
  ]);
});

test("ports on which something else listens are named by their keys, those of a range as well", () => {
  expect(unfit({ listening: [22, 5672, 8100, 35673] })).toEqual([
    "warren:rabbitmq.ports.amqp: 5672 - must be free on host1: something listens there already",
    "warren:rabbitmq.ports.distribution: 35673 - must be free on host1: something listens there already",
    "warren:haproxy.ports.stats: 8100 - must be free on host1: something listens there already",
  ]);
});

test("who listens is the container itself where there is one, or the one made by hand whose place it takes", () => {
  const listening = [5672, 8100];
  const containers = { rabbitmq: container(), haproxy: container() };
  expect(unfit({ listening, containers })).toEqual([]);
  const config = parsed();
  const nodes = config.rabbitmq.nodes.map((node) => ({ ...node, adopt: "mq" }));
  const adopting = { ...config, rabbitmq: { ...config.rabbitmq, nodes }, haproxy: { ...config.haproxy, adopt: "lb" } };
  expect(unfit({ listening }, adopting)).toEqual([]);
});

test("a container that no Warren stack has made has the name of one that is to be made", () => {
  const containers = { rabbitmq: container({ stack: "" }), keepalived: container({ stack: "" }) };
  expect(unfit({ containers })).toEqual([
    "host host1: there is a container named rabbitmq, which no Warren stack has made",
  ]);
});

test("a host that does not answer says nothing", () => {
  expect(unfitHosts(parsed(), { host1: new Error("no") })).toEqual([]);
});
