import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import { containerOwner, labels, refuseForeign, removeStray } from "../commands/docker";
import { writeFiles, type HostFile } from "../commands/files";
import * as haproxy from "../commands/haproxy";
import { haproxyCfg, healthPath, type HaproxyCfg } from "../templates/haproxyCfg";
import { containerDefaults, stackLabel } from "./container";
import type { Host } from "./host";

/** Ports on the balancers' hosts. A frontend without a port does not exist. */
export interface HaproxyPorts {
  amqp: number;
  stats: number;
  management?: number;
  amqps?: number;
}

export interface HaproxyPairArgs extends Omit<HaproxyCfg, "ports" | "stats" | "certificate"> {
  image: string;
  /** The host's directory for the configuration. */
  directory: string;
  hosts: Host[];
  ports: HaproxyPorts;
  /** Of the statistics page. The password's default: generated. */
  stats: { username: string; password?: pulumi.Input<string> };
  /** PEM with certificate chain and key, for `ports.amqps`. */
  certificate?: pulumi.Input<string>;
  timezone?: string;
  /** The brokers: a balancer that starts before them would first have to find out that they are up. */
  brokers: pulumi.Resource[];
  /** The stack has served before: what changes, changes on one balancer after the other, the last host's first. */
  rolling: boolean;
}

/** Ports inside the container: the first article's, and free ones for what it leaves out. */
const innerPorts = { amqp: 5670, amqps: 5673, stats: 8100, management: 15672 } as const;

/** Name of a balancer's container on its host. */
const container = "haproxy";
const stopGraceSeconds = 30;

/** HAProxy on each of the hosts, all with the same configuration. */
export class HaproxyPair extends pulumi.ComponentResource {
  /** By host: its balancer serves. */
  readonly serving: Record<string, pulumi.Resource> = {};
  /** Of the statistics page; a secret. */
  readonly statsPassword: pulumi.Output<string>;

  constructor(name: string, args: HaproxyPairArgs, opts?: pulumi.ComponentResourceOptions) {
    const { image, ports, check, timeouts } = args;
    const hosts = args.hosts.map((host) => host.name);
    const stats = { username: args.stats.username };
    super("warren:index:HaproxyPair", name, { image, hosts, ports, check, timeouts, stats }, opts);
    this.statsPassword = pulumi.secret(
      args.stats.password ??
        new random.RandomPassword(`${name}-stats-password`, { length: 24, special: false }, { parent: this }).result,
    );
    let before: pulumi.Resource[] = [];
    for (const host of args.hosts.toReversed()) {
      const serving = this.balancer(`${name}-${host.name}`, host, args, before);
      this.serving[host.name] = serving;
      before = args.rolling ? [serving] : [];
    }
    this.registerOutputs({ statsPassword: this.statsPassword });
  }

  private balancer(name: string, host: Host, args: HaproxyPairArgs, before: pulumi.Resource[]): pulumi.Resource {
    const place = { container, directory: `${args.directory}/${host.name}`, image: args.image };
    const image = new docker.RemoteImage(
      `${name}-image`,
      { name: args.image, keepLocally: true },
      { parent: this, provider: host.docker, dependsOn: [host.ready] },
    );
    const config = host.run(
      `${name}-config`,
      {
        create: this.files(place.directory, args).apply((files) =>
          [
            refuseForeign(container, stackLabel(), name),
            containerOwner(args.image, "haproxy"),
            haproxy.stage(place),
            writeFiles(files),
            haproxy.takeUp(place),
          ].join("\n"),
        ),
        delete: haproxy.removeConfig(place),
      },
      // A balancer that serves learns of a broker when that one is there, not before.
      { parent: this, dependsOn: [image, ...(args.rolling ? [...args.brokers, ...before] : [])] },
    );
    const ports = Object.entries(innerPorts).flatMap(([key, internal]) => {
      const external = args.ports[key as keyof HaproxyPorts];
      return external === undefined ? [] : [{ internal, external }];
    });
    const balancer = new docker.Container(
      `${name}-container`,
      {
        ...containerDefaults,
        name: container,
        image: image.imageId,
        destroyGraceSeconds: stopGraceSeconds,
        envs: args.timezone === undefined ? [] : [`TZ=${args.timezone}`],
        ports,
        volumes: [{ hostPath: `${place.directory}/conf`, containerPath: haproxy.configDirectory, readOnly: true }],
        labels: [
          { label: labels.stack, value: stackLabel() },
          { label: labels.part, value: name },
        ],
      },
      {
        parent: this,
        provider: host.docker,
        dependsOn: [config, ...args.brokers],
        hooks: {
          beforeCreate: [
            host.beforeCreate(`${name}-remove-stray`, removeStray(container, stackLabel(), name, stopGraceSeconds)),
          ],
        },
      },
    );
    return host.run(
      `${name}-ready`,
      { create: haproxy.awaitServing(place, args.ports.stats, healthPath), triggers: [balancer.id] },
      { parent: this, dependsOn: [balancer] },
    );
  }

  private files(directory: string, { certificate: pem, ...args }: HaproxyPairArgs): pulumi.Output<HostFile[]> {
    const { amqp, stats, management, amqps } = innerPorts;
    const ports = {
      amqp,
      stats,
      ...(args.ports.management === undefined ? {} : { management }),
      ...(args.ports.amqps === undefined ? {} : { amqps }),
    };
    return pulumi.all([this.statsPassword, pem]).apply(([password, certificate]) => {
      const cfg = haproxyCfg({
        ...args,
        ports,
        stats: { username: args.stats.username, password },
        ...(certificate === undefined ? {} : { certificate: `${haproxy.configDirectory}/${haproxy.certificateFile}` }),
      });
      const file = (name: string, content: string) => ({
        path: `${directory}/new/${name}`,
        mode: "0440",
        owner: "container",
        content,
      });
      return [
        file(haproxy.configFile, cfg),
        ...(certificate === undefined ? [] : [file(haproxy.certificateFile, certificate)]),
      ];
    });
  }
}
