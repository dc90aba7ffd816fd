import { createHash } from "node:crypto";

import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import { containerOwner, labels, refuseForeign, removeStray } from "../commands/docker";
import { writeFiles, type HostFile } from "../commands/files";
import * as rabbitmq from "../commands/rabbitmq";
import { enabledPlugins, hostsFile, rabbitmqConf, type RabbitmqConf } from "../templates/rabbitmqConf";
import type { Host } from "./host";
import { containerDefaults, stackLabel } from "./container";

/** The ports on which a node is published, on its host. */
export interface RabbitNodePorts {
  epmd: number;
  distribution: number;
  amqp: number;
  amqps: number;
  management: number;
  metrics: number;
  /** Of plugins: published where they are enabled. */
  mqtt?: number;
  stomp?: number;
  stream?: number;
}

/** What goes into `rabbitmq.conf`, without what the component itself knows. */
export type NodeConf = Omit<RabbitmqConf, "password" | "ports">;

/** What all nodes of a cluster share. */
export interface RabbitNodeSettings {
  image: string;
  conf: NodeConf;
  password: pulumi.Input<string>;
  cookie: pulumi.Input<string>;
  /** Every node of the cluster, for name resolution. */
  peers: { name: string; address: string }[];
  ports: RabbitNodePorts;
  directory: string;
  /** Limit of open files, or `inherit`: the Docker daemon's own. */
  openFiles: number | "inherit";
  stopGraceSeconds: number;
  timezone?: string;
}

export interface RabbitNodeArgs extends RabbitNodeSettings {
  host: Host;
  /** What has to be done before this node may be taken down: the change of the serving node before it. */
  after: pulumi.Resource[];
  /** The container made by hand whose place this node's takes. */
  adopt?: rabbitmq.Adoption;
  /** For every node but the root. */
  join?: {
    type: "disc" | "ram";
    /** Name of the member to join. */
    peer: string;
    /** What has to be done before this node may join. */
    after: pulumi.Resource[];
  };
}

/** Ports inside the container. Nodes tell each other the other two, epmd and distribution, which are the same outside. */
const innerPorts = {
  amqp: 5672,
  amqps: 5671,
  management: 15672,
  metrics: 15692,
  mqtt: 1883,
  stomp: 61613,
  stream: 5552,
} as const;

/** Name of a node's container on its host. */
export const rabbitContainer = "rabbitmq";

/** One RabbitMQ node on one host: files, image, gate, container, boot, and for all but the root the way into the cluster. */
export class RabbitNode extends pulumi.ComponentResource {
  /** The broker runs; a joining node may still be alone. */
  readonly booted: pulumi.Resource;
  /** The node is the member that it should be. */
  readonly joined: pulumi.Resource;
  readonly containerId: pulumi.Output<string>;
  readonly place: rabbitmq.NodePlace;

  constructor(name: string, args: RabbitNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("warren:index:RabbitNode", name, { host: args.host.name, image: args.image }, opts);
    const { host } = args;
    const place = { name, container: rabbitContainer, directory: `${args.directory}/${name}` };
    this.place = place;

    const image = new docker.RemoteImage(
      `${name}-image`,
      { name: args.image, keepLocally: true },
      { parent: this, provider: host.docker, dependsOn: [host.ready] },
    );
    const checks = [
      refuseForeign(rabbitContainer, stackLabel(), name),
      rabbitmq.refuseMove(place, fixedEnvironment(args.ports)),
    ].join("\n");
    const files = host.run(
      `${name}-files`,
      {
        create: pulumi
          .all([args.password, args.cookie])
          .apply(([password, cookie]) =>
            [
              args.adopt === undefined ? checks : rabbitmq.onceAdopted(place, checks),
              containerOwner(args.image, "rabbitmq"),
              rabbitmq.makeDirectories(place),
              writeFiles(nodeFiles(place, args, password)),
              rabbitmq.writeCookie(place, cookie),
              ...(args.join === undefined || args.adopt !== undefined ? [] : [rabbitmq.bootBare(place)]),
            ].join("\n"),
          ),
        delete: rabbitmq.moveAside(place),
        lock: name,
      },
      { parent: this, dependsOn: [image] },
    );
    const spec = containerSpec(place, args);
    const settings = digest(JSON.stringify([spec, startupFiles(args.conf)]));
    const gate = host.run(
      `${name}-gate`,
      {
        create: image.imageId.apply((id) => rabbitmq.gate(place, { image: id, settings }, innerPorts.amqp)),
        lock: name,
      },
      { parent: this, dependsOn: [files, ...args.after] },
    );
    const adopted = this.adopt(name, args, { image, settings }, [gate]);
    const container = new docker.Container(
      `${name}-container`,
      {
        ...spec,
        image: image.imageId,
        destroyGraceSeconds: args.stopGraceSeconds,
        labels: [
          { label: labels.stack, value: stackLabel() },
          { label: labels.part, value: name },
          { label: labels.settings, value: settings },
        ],
      },
      {
        parent: this,
        provider: host.docker,
        dependsOn: [gate, ...adopted],
        hooks: {
          beforeCreate: [
            host.beforeCreate(
              `${name}-remove-stray`,
              removeStray(rabbitContainer, stackLabel(), name, args.stopGraceSeconds),
            ),
          ],
        },
      },
    );
    this.containerId = container.id;
    this.booted = host.run(
      `${name}-boot`,
      { create: rabbitmq.awaitBoot(place, innerPorts.amqp), lock: name, triggers: [container.id] },
      { parent: this, dependsOn: [container] },
    );
    this.joined = args.join === undefined ? this.booted : this.joinCluster(name, args, args.join);
    this.registerOutputs({});
  }

  /** The container made by hand gives way right before the node's own is made. */
  private adopt(
    name: string,
    { adopt, host, stopGraceSeconds }: RabbitNodeArgs,
    { image, settings }: { image: docker.RemoteImage; settings: string },
    after: pulumi.Resource[],
  ): pulumi.Resource[] {
    if (adopt === undefined) return [];
    const stop = { amqpPort: innerPorts.amqp, graceSeconds: stopGraceSeconds };
    const create = image.imageId.apply((id) => rabbitmq.adopt(this.place, adopt, { image: id, settings }, stop));
    return [host.run(`${name}-adopt`, { create, lock: name }, { parent: this, dependsOn: after })];
  }

  /** stop-app → reset → join-cluster → start-app, each after the one before. */
  private joinCluster(name: string, args: RabbitNodeArgs, join: NonNullable<RabbitNodeArgs["join"]>): pulumi.Resource {
    const step = (suffix: string, create: string, after: pulumi.Resource[]): pulumi.Resource =>
      args.host.run(`${name}-${suffix}`, { create, lock: name }, { parent: this, dependsOn: after });
    const stopApp = step("stop-app", rabbitmq.stopApp(this.place), [this.booted]);
    const reset = step("reset", rabbitmq.reset(this.place), [stopApp]);
    const joined = step("join-cluster", rabbitmq.joinCluster(this.place, join.peer, join.type), [reset, ...join.after]);
    return step("start-app", rabbitmq.startApp(this.place, enabledPlugins(args.conf.plugins)), [joined]);
  }
}

/** The files that a node's container has mounted. */
function nodeFiles({ name, directory }: rabbitmq.NodePlace, args: RabbitNodeSettings, password: string): HostFile[] {
  const own = (path: string, mode: string, content: string): HostFile => ({
    path: `${directory}/${path}`,
    mode,
    owner: "container",
    content,
  });
  return [
    { path: `${directory}/hosts`, mode: "0644", inPlace: true, content: hostsFile(name, args.peers) },
    own("conf/enabled_plugins", "0640", enabledPlugins(args.conf.plugins)),
    own("conf/rabbitmq.conf", "0440", conf(args.conf, password)),
  ];
}

function portPairs(ports: RabbitNodePorts): { internal: number; external: number }[] {
  const pairs = Object.entries({ ...ports, ...innerPorts }).flatMap(([key, internal]) => {
    const external = ports[key as keyof RabbitNodePorts];
    return external === undefined ? [] : [{ internal, external }];
  });
  return [...pairs, ...cliPorts(ports.distribution).map((port) => ({ internal: port, external: port }))];
}

/**
 * The ports of the CLI tools: what another node has to say to `rabbitmqctl`, such as its part of `list_queues`, it says to
 * the tool itself. Source: https://www.rabbitmq.com/docs/networking#ports
 */
function cliPorts(distribution: number): number[] {
  return Array.from({ length: 11 }, (_, offset) => distribution + 10_000 + offset);
}

function conf(settings: NodeConf, password: string): string {
  return rabbitmqConf({ ...settings, password, ports: innerPorts });
}

/** Everything that replaces a node's container when it changes, beside its image and what it reads when it starts. */
function containerSpec({ name, directory }: rabbitmq.NodePlace, args: RabbitNodeSettings) {
  const { openFiles, timezone } = args;
  return {
    ...containerDefaults,
    name: rabbitContainer,
    hostname: name,
    envs: [...fixedEnvironment(args.ports), ...(timezone === undefined ? [] : [`TZ=${timezone}`])],
    ports: portPairs(args.ports),
    volumes: [
      { hostPath: `${directory}/data`, containerPath: rabbitmq.dataMount },
      { hostPath: `${directory}/conf`, containerPath: "/etc/rabbitmq" },
      { hostPath: `${directory}/hosts`, containerPath: "/etc/hosts" },
    ],
    ...(openFiles === "inherit" ? {} : { ulimits: [{ name: "nofile", soft: openFiles, hard: openFiles }] }),
  };
}

/** What every node of a cluster has alike and none may change. */
function fixedEnvironment(ports: RabbitNodePorts): string[] {
  return [`ERL_EPMD_PORT=${ports.epmd}`, `RABBITMQ_DIST_PORT=${ports.distribution}`];
}

/** What the broker reads only when it starts, without the first user, who counts on a blank database alone. */
function startupFiles(settings: NodeConf): string {
  return conf({ ...settings, username: "", vhost: "" }, "") + enabledPlugins(settings.plugins);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
