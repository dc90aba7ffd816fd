import * as random from "@pulumi/random";

import { clientLogin } from "./components/clientLogin";
import { Firewall } from "./components/firewall";
import { HaproxyPair } from "./components/haproxyPair";
import { Host } from "./components/host";
import { KeepalivedVip } from "./components/keepalivedVip";
import { stackOutputs, type StackOutputs } from "./components/outputs";
import { RabbitCluster } from "./components/rabbitCluster";
import { lastUpdate } from "./components/serving";
import { stackTls } from "./components/stackTls";
import { surveyHosts } from "./components/survey";
import { loadConfig } from "./config";
import { refuseChanges, remaining } from "./config/changes";
import { firewalls } from "./config/firewall";
import { contestedPorts } from "./config/ports";
import { joinsInParallel, saysWhetherReady, waitsForMajority } from "./config/versions";

/** The config's rules have made sure that every role names a host that exists, and each VIP host has a priority. */
function present<T>(value: T | undefined): T {
  if (value === undefined) {
    throw new Error("the config's rules let a name through that nothing stands behind");
  }
  return value;
}

/** The whole service: hosts, a RabbitMQ cluster on some, balancers on some, and a virtual IP between the balancers. */
export = async (): Promise<StackOutputs> => {
  const config = loadConfig();
  const last = await lastUpdate();
  const { logins, asleep, betweenNodes } = last;
  refuseChanges(last.nodes, logins, config, betweenNodes);
  const { drift, blank, stack, tell } = await surveyHosts(config, last);
  // A node whose data are gone serves no more: it joins the others as a new one does.
  const serving = last.nodes.filter(({ name }) => !blank.includes(name));
  const { rabbitmq, haproxy, vip, prepare } = config;
  // A cluster made by hand serves as well: what is done to it is done to one node after the other.
  const adopting = rabbitmq.nodes.filter((node) => node.adopt !== undefined);
  const timezone = prepare.timezone === undefined ? {} : { timezone: prepare.timezone };

  // It stays when the stack gets another name, and is the owner's name on each host.
  const deployment = new random.RandomUuid("deployment").result;
  const preparation = { ...prepare, reservedPorts: contestedPorts(config) };
  const hosts = new Map(
    Object.entries(config.hosts).map(([name, machine]) => [
      name,
      new Host(name, { ...machine, preparation, deployment, stack, drift }),
    ]),
  );
  const host = (name: string): Host => present(hosts.get(name));

  if (config.firewall !== undefined) {
    const leaving = last.nodes.map((node) => node.host);
    new Firewall("firewall", { rules: firewalls(config, leaving), hosts: [...hosts.values()] });
  }
  const tls = stackTls(config);
  const cluster = new RabbitCluster("rabbitmq", {
    ...timezone,
    ...rabbitmq,
    tls,
    nodes: rabbitmq.nodes.map((node) => ({ ...node, host: host(node.host) })),
    conf: rabbitmq,
    directory: rabbitmq.dataDirectory,
    serving: [...remaining(serving, config), ...adopting].map((node) => node.name),
    root: serving.find((node) => node.root)?.name,
    joinsInParallel: joinsInParallel(rabbitmq.version),
    wakesTogether: asleep && waitsForMajority(rabbitmq.version),
  });

  const balancers = new HaproxyPair("haproxy", {
    ...haproxy,
    ...timezone,
    hosts: haproxy.hosts.map(host),
    backends: rabbitmq.nodes.flatMap(({ name, host: at }) =>
      host(at).lost ? [] : [{ name, address: host(at).address, ports: rabbitmq.ports }],
    ),
    readyCheck: saysWhetherReady(rabbitmq.version),
    brokerTls: tls,
    vips:
      vip === undefined ? [] : vip.instances.map((ips) => ({ ...ips, hosts: ips.hosts.map(host), check: vip.check })),
    brokers: [cluster.formed],
    rolling: serving.length + adopting.length > 0,
  });

  const virtualIp =
    vip &&
    new KeepalivedVip("vip", {
      ...timezone,
      ...vip,
      hosts: vip.hosts.map((name) => ({
        host: host(name),
        balancer: present(balancers.serving[name]),
        healthPortFile: present(balancers.healthPortFiles[name]),
      })),
    });
  const holders = virtualIp?.holders ?? [];
  clientLogin(config, { hosts, cluster, tls }, [
    ...Object.values(balancers.serving),
    ...holders,
    cluster.administrator,
  ]);
  tell();
  const believed = deployment.apply((id) => ({ id, stack, steps: drift.again }));
  return stackOutputs(config, believed, cluster, balancers, tls);
};
