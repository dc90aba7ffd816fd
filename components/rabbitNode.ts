import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import { containerOwner, refuseForeign, removeStray } from "../commands/docker";
import { writeFiles } from "../commands/files";
import * as rabbitmq from "../commands/rabbitmq";
import { distributionConf } from "../templates/distributionConf";
import { enabledPlugins, hostsFile } from "../templates/rabbitmqConf";
import type { Host } from "./host";
import { containerDefaults, ownLabels, stackLabel } from "./container";
import {
  containerSpec,
  fixedEnvironment,
  innerPorts,
  innerTlsFiles,
  nodeFiles,
  nodePlace,
  rabbitContainer,
  settingsDigest,
  type RabbitNodeSettings,
} from "./nodeContainer";

export interface RabbitNodeArgs extends RabbitNodeSettings {
  host: Host;
  type: "disc" | "ram";
  /** The node that the others join, if it is not this one. */
  founder?: string;
  /** The container made by hand whose place this node's takes. */
  adopt?: rabbitmq.Adoption;
}

/** What comes before the steps of a node. */
export interface RabbitNodeOrder {
  /** Before it may be taken down: the change of the serving node before it. */
  gate: pulumi.Resource[];
  /** Before it may join. */
  join: pulumi.Resource[];
}

/**
 * One RabbitMQ node on one host, made in three parts, since all nodes' files come before any joins, and one node's membership
 * before the next one's gate: image and files; {@link start}: gate, container, boot and the way into the cluster;
 * {@link settle}: membership. All nodes have the same resources, whoever founds the cluster.
 */
export class RabbitNode extends pulumi.ComponentResource {
  readonly name: string;
  readonly place: rabbitmq.NodePlace;
  /** Its files are written: it knows the other nodes by name. */
  readonly files: pulumi.Resource;
  /** The broker runs; a joining node may still be alone. */
  booted!: pulumi.Resource;
  /** The node is in the cluster. */
  joined!: pulumi.Resource;
  container!: docker.Container;

  /** Its machine is gone for good. */
  readonly lost: boolean;

  private readonly args: RabbitNodeArgs;
  private readonly image: docker.RemoteImage;
  /** Its certificates are written, where it has some; what a running broker shows to new connections is these. */
  private readonly certificates: pulumi.Resource[];

  constructor(name: string, args: RabbitNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("warren:index:RabbitNode", name, { host: args.host.name, image: args.image, type: args.type }, opts);
    const { host } = args;
    this.name = name;
    this.args = args;
    this.lost = host.lost;
    const place = nodePlace(name, args.directory);
    this.place = place;

    this.image = new docker.RemoteImage(
      `${name}-image`,
      { name: args.image, keepLocally: true, triggers: { machine: host.machine } },
      host.options({ parent: this, provider: host.docker, dependsOn: [host.ready] }),
    );
    const checks = [
      refuseForeign(rabbitContainer, stackLabel(), name),
      rabbitmq.refuseMove(place, fixedEnvironment(args.ports)),
    ].join("\n");
    this.files = host.run(
      `${name}-files`,
      {
        create: pulumi
          .all([args.password, args.cookie])
          .apply(([password, cookie]) =>
            [
              args.adopt === undefined ? checks : rabbitmq.onceAdopted(place, checks),
              containerOwner(args.image, "rabbitmq"),
              rabbitmq.makeDirectories(place),
              rabbitmq.writeHosts(place, hostsFile(name, args.peers)),
              writeFiles(nodeFiles(place, args, password)),
              rabbitmq.writeCookie(place, cookie),
              ...(args.founder === undefined || args.adopt !== undefined ? [] : [rabbitmq.bootBare(place)]),
            ].join("\n"),
          ),
        delete: rabbitmq.moveAside(place),
        lock: name,
      },
      { parent: this, dependsOn: [this.image] },
    );
    this.certificates = this.certify(args);
    this.registerOutputs({});
  }

  /** A changed certificate is another text of this script alone: nothing else is replaced or restarted by it. */
  private certify({ tls, host, image }: RabbitNodeArgs): pulumi.Resource[] {
    const { name, place } = this;
    const own = tls?.nodes[name];
    if (tls === undefined || own === undefined) return [];
    const distribution = tls.distribution ? distributionConf(innerTlsFiles, tls.versions) : undefined;
    const create = pulumi
      .all([tls.authority, own])
      .apply(([authority, node]) =>
        [containerOwner(image, "rabbitmq"), rabbitmq.writeCertificates(place, { authority, node }, distribution)].join(
          "\n",
        ),
      );
    const scripts = { create, delete: rabbitmq.removeCertificates(place), lock: name };
    return [host.run(`${name}-tls`, scripts, { parent: this, dependsOn: [this.files] })];
  }

  /** From the gate to a node in the cluster. */
  start(order: RabbitNodeOrder): void {
    const { name, args, place, image } = this;
    const { host } = args;
    const spec = containerSpec(place, args);
    const settings = settingsDigest(spec, args, host.machine);
    const gate = host.run(
      `${name}-gate`,
      {
        create: image.imageId.apply((id) => rabbitmq.gate(place, { image: id, settings }, args.lost, innerPorts.amqp)),
        lock: name,
      },
      { parent: this, dependsOn: [this.files, ...this.certificates, ...order.gate] },
    );
    const adopted = this.adopt(settings, gate);
    this.container = new docker.Container(
      `${name}-container`,
      {
        ...spec,
        restart: args.stopped ? "no" : containerDefaults.restart,
        mustRun: !args.stopped,
        image: image.imageId,
        destroyGraceSeconds: args.stopGraceSeconds,
        labels: ownLabels(name, settings),
      },
      host.options({
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
      }),
    );
    this.booted = host.run(
      `${name}-boot`,
      { create: rabbitmq.awaitBoot(place, innerPorts.amqp), lock: name, triggers: [this.container.id] },
      { parent: this, dependsOn: [this.container] },
    );
    this.joined = this.join(this.booted, order.join);
  }

  /** The container made by hand gives way right before the node's own is made. */
  private adopt(settings: string, gate: pulumi.Resource): pulumi.Resource[] {
    const { name, args, place, image } = this;
    const { adopt, host, stopGraceSeconds } = args;
    if (adopt === undefined) return [];
    const stop = { amqpPort: innerPorts.amqp, graceSeconds: stopGraceSeconds };
    const create = image.imageId.apply((id) => rabbitmq.adopt(place, adopt, { image: id, settings }, stop));
    return [host.run(`${name}-adopt`, { create, lock: name }, { parent: this, dependsOn: [gate] })];
  }

  /** stop-app → reset → join-cluster → start-app, each after the one before. The founder has nothing to do in them. */
  private join(booted: pulumi.Resource, after: pulumi.Resource[]): pulumi.Resource {
    const { name, args, place } = this;
    const { founder } = args;
    const step = (suffix: string, create: string, before: pulumi.Resource[]): pulumi.Resource =>
      args.host.run(
        `${name}-${suffix}`,
        { create: founder === undefined ? rabbitmq.found(place) : create, lock: name },
        { parent: this, dependsOn: before },
      );
    const others = args.peers.map((peer) => peer.name).filter((peer) => peer !== name && peer !== founder);
    const stopApp = step("stop-app", rabbitmq.stopApp(place), [booted]);
    const reset = step("reset", rabbitmq.reset(place), [stopApp]);
    const join = rabbitmq.joinCluster(place, founder ?? "", others, args.type);
    const joined = step("join-cluster", join, [reset, ...after]);
    return step("start-app", rabbitmq.startApp(place, enabledPlugins(args.conf.plugins)), [joined]);
  }

  /**
   * The node as the member that it should be: of its type, with its settings, or stopped; and at its end, how it leaves. What
   * comes before it at its beginning comes after it at its end.
   */
  settle(after: pulumi.Resource[]): pulumi.Resource {
    const { name, args, place, container, joined } = this;
    const { plugins, memoryHighWatermark, diskFreeLimit, partitionHandling } = args.conf;
    const settle = rabbitmq.settle(place, {
      type: args.type,
      peers: args.peers.map((peer) => peer.name).filter((peer) => peer !== name),
      settings: { plugins, memoryHighWatermark, diskFreeLimit, partitionHandling },
    });
    const awake = [rabbitmq.start(place, innerPorts.amqp), settle, rabbitmq.awaitWell(place, innerPorts.amqp)];
    const asleep = rabbitmq.stop(place, args.stopGraceSeconds);
    return args.host.run(
      `${name}-member`,
      {
        create: args.stopped ? asleep : settle,
        // A new container is a change of the member, not another member: nothing leaves when it is replaced.
        update: container.id.apply((id) => [`# ${id}`, ...(args.stopped ? [asleep] : awake)].join("\n")),
        delete: rabbitmq.leave(place),
        lock: name,
      },
      { parent: this, dependsOn: [joined, ...after] },
    );
  }
}
