import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import type { StackConfig } from "../config";
import { refuseChanges, remaining } from "../config/changes";
import { firewalls } from "../config/firewall";
import { contestedPorts } from "../config/ports";
import { hasStreams, joinsInParallel, saysWhetherReady, waitsForMajority } from "../config/versions";
import type { LastUpdate } from "../facts/last";
import { clientLogin } from "./clientLogin";
import { Firewall } from "./firewall";
import { HaproxyPair } from "./haproxyPair";
import { Host } from "./host";
import { KeepalivedVip } from "./keepalivedVip";
import { serviceOutputs, type StackOutputs } from "./outputs";
import { RabbitCluster } from "./rabbitCluster";
import { lastUpdate } from "./serving";
import { stackTls, type StackTls } from "./stackTls";
import { surveyHosts, type StackSurvey } from "./survey";

/** What was so before anything is declared: what the last update left, and what the hosts say. */
export interface Circumstances {
  last: LastUpdate;
  survey: StackSurvey;
}

/** The whole service: what the config's sections say, with their defaults and units (docs/config.md). */
export interface RabbitServiceArgs extends StackConfig, Circumstances {}

/**
 * Reads the stack's last outputs and asks all hosts what is so on them. Nothing is changed.
 *
 * Throws a `pulumi.RunError` where the config asks for a change that no update can make, where a host belongs to another
 * deployment, where the data of every node are gone, and where a forgotten node has queues.
 */
export async function lookAround(config: StackConfig): Promise<Circumstances> {
  const last = await lastUpdate();
  refuseChanges(last.nodes, last.logins, config, last.betweenNodes);
  return { last, survey: await surveyHosts(config, last) };
}

/** A RabbitMQ cluster on some hosts, balancers on some, and virtual IPs between the balancers. */
export class RabbitService extends pulumi.ComponentResource {
  /** What the stack hands to applications, and to its own next update. */
  readonly outputs: StackOutputs;

  private readonly args: RabbitServiceArgs;
  private readonly hosts: ReadonlyMap<string, Host>;
  /** The nodes that serve: one whose data are gone, or that was forgotten, joins the others as a new one does. */
  private readonly serving: LastUpdate["nodes"];
  /** Nodes that take over a cluster made by hand. It serves as well: what is done to it is done to one node after the other. */
  private readonly adopting: StackConfig["rabbitmq"]["nodes"];

  constructor(name: string, args: RabbitServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("warren:index:RabbitService", name, {}, opts);
    const { last, survey, ...config } = args;
    this.args = args;
    this.serving = last.nodes.filter((node) => !survey.blank.includes(node.name));
    this.adopting = config.rabbitmq.nodes.filter(({ adopt }) => adopt !== undefined);
    // It stays when the stack gets another name, and is the owner's name on each host.
    const deployment = new random.RandomUuid("deployment", {}, this.part()).result;
    this.hosts = this.reach(deployment);
    const tls = stackTls(config, survey.stack, this.part());
    const cluster = this.cluster(tls);
    const balancers = this.balancers(cluster, tls);
    const virtualIp = this.virtualIp(balancers);
    clientLogin(
      config,
      { hosts: this.hosts, cluster, balancers, tls },
      {
        ...this.part(),
        dependsOn: [...Object.values(balancers.serving), ...(virtualIp?.holders ?? []), cluster.administrator],
      },
    );
    survey.tell();
    const { stack, drift, forms } = survey;
    const told = { stack, steps: drift.again, watched: drift.watched, containers: forms.made };
    // A secret only so that it is not printed, resource by resource, at the end of each update.
    const believed = pulumi.secret(deployment.apply((id) => ({ id, ...told })));
    const outputs = serviceOutputs(config, cluster, balancers, tls);
    this.outputs = { ...outputs, deployment: believed };
    this.registerOutputs(outputs);
  }

  /** Options of a part. Up to 0.1.0 each was the stack's own, under the same name. */
  private part(): { parent: RabbitService; aliases: pulumi.Alias[] } {
    return { parent: this, aliases: [{ parent: pulumi.rootStackResource }] };
  }

  private host(name: string): Host {
    return present(this.hosts.get(name));
  }

  private reach(deployment: pulumi.Output<string>): ReadonlyMap<string, Host> {
    const { last, survey, ...config } = this.args;
    const { stack, drift, forms } = survey;
    const firewall =
      config.firewall === undefined
        ? undefined
        : new Firewall(
            "firewall",
            {
              rules: firewalls(
                config,
                last.nodes.map(({ host }) => host),
              ),
            },
            this.part(),
          );
    const preparation = { ...config.prepare, reservedPorts: contestedPorts(config) };
    return new Map(
      Object.entries(config.hosts).map(([name, machine]) => [
        name,
        new Host(name, { ...machine, preparation, deployment, stack, drift, forms, firewall }, this.part()),
      ]),
    );
  }

  private cluster(tls: StackTls | undefined): RabbitCluster {
    const { rabbitmq, last, survey, ...config } = this.args;
    return new RabbitCluster(
      "rabbitmq",
      {
        ...this.timezone(),
        ...rabbitmq,
        tls,
        nodes: rabbitmq.nodes.map((node) => ({ ...node, host: this.host(node.host) })),
        conf: rabbitmq,
        directory: rabbitmq.dataDirectory,
        serving: [...remaining(this.serving, { rabbitmq, ...config }), ...this.adopting].map(({ name }) => name),
        seed: this.serving.find((node) => node.root)?.name,
        forgotten: survey.forgotten,
        streams: hasStreams(rabbitmq.version),
        joinsInParallel: joinsInParallel(rabbitmq.version),
        wakesTogether: last.asleep && waitsForMajority(rabbitmq.version),
      },
      this.part(),
    );
  }

  private balancers(cluster: RabbitCluster, tls: StackTls | undefined): HaproxyPair {
    const { haproxy, rabbitmq, vip } = this.args;
    return new HaproxyPair(
      "haproxy",
      {
        ...haproxy,
        ...this.timezone(),
        hosts: haproxy.hosts.map((name) => this.host(name)),
        backends: rabbitmq.nodes.flatMap(({ name, host }) => {
          const { lost, address } = this.host(host);
          return lost ? [] : [{ name, address, ports: rabbitmq.ports }];
        }),
        readyCheck: saysWhetherReady(rabbitmq.version),
        brokerTls: tls,
        vips:
          vip?.instances.map((ips) => ({
            ...ips,
            hosts: ips.hosts.map((name) => this.host(name)),
            check: vip.check,
          })) ?? [],
        brokers: [cluster.formed],
        rolling: this.serving.length + this.adopting.length > 0,
      },
      this.part(),
    );
  }

  private virtualIp(balancers: HaproxyPair): KeepalivedVip | undefined {
    const { vip } = this.args;
    if (vip === undefined) return undefined;
    const hosts = vip.hosts.map((name) => ({
      host: this.host(name),
      balancer: present(balancers.serving[name]),
      healthPortFile: present(balancers.healthPortFiles[name]),
    }));
    return new KeepalivedVip("vip", { ...this.timezone(), ...vip, hosts }, this.part());
  }

  private timezone(): { timezone?: string } {
    const { timezone } = this.args.prepare;
    return timezone === undefined ? {} : { timezone };
  }
}

/** The config's rules have made sure that every role names a host that exists, and each VIP host has a priority. */
function present<T>(value: T | undefined): T {
  if (value === undefined) {
    throw new Error("the config's rules let a name through that nothing stands behind");
  }
  return value;
}
