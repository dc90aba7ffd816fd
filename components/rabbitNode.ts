import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import { removeStray } from "../commands/docker";
import * as rabbitmq from "../commands/rabbitmq";
import { distributionConf } from "../templates/distributionConf";
import { enabledPlugins, hostsFile } from "../templates/rabbitmqConf";
import type { Host, StepData } from "./host";
import { containerDefaults, ownLabels } from "./container";
import {
  containerSpecs,
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
  /** The seed node, which the others join, if it is not this one. */
  seed: string | undefined;
  /** The cluster has forgotten it: its data are moved aside, and it joins again as a blank node. */
  forgotten: boolean;
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

/** A node that has been started. */
export interface StartedNode {
  container: docker.Container;
  /** The broker runs; a joining node may still be alone. */
  booted: pulumi.Resource;
  /** The node is in the cluster. */
  joined: pulumi.Resource;
}

/**
 * One RabbitMQ node on one host, made in three parts, since all nodes' files come before any joins, and one node's membership
 * before the next one's gate: image and files; {@link start}: gate, container, boot and the way into the cluster;
 * {@link settle}: membership. All nodes have the same resources, whichever the seed node is.
 */
export class RabbitNode extends pulumi.ComponentResource {
  readonly name: string;
  readonly place: rabbitmq.NodePlace;
  /** Its files are written: it knows the other nodes by name. */
  readonly files: pulumi.Resource;
  /** Its machine is gone for good. */
  readonly lost: boolean;

  private readonly args: RabbitNodeArgs;
  /** It joins others: it is not the seed node. */
  private readonly joins: boolean;
  private readonly image: docker.RemoteImage;
  /** Its certificates are written, where it has some; what a running broker shows to new connections is these. */
  private readonly certificates: pulumi.Resource[];

  constructor(name: string, args: RabbitNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("warren:index:RabbitNode", name, { host: args.host.name, image: args.image, type: args.type }, opts);
    const { host } = args;
    this.name = name;
    this.args = args;
    this.joins = args.seed !== undefined;
    this.lost = host.lost;
    const place = nodePlace(name, args.directory);
    this.place = place;

    this.image = new docker.RemoteImage(
      `${name}-image`,
      { name: args.image, keepLocally: true, triggers: host.imageTriggers(`${name}-image`, args.image) },
      host.options({ parent: this, provider: host.docker, dependsOn: [host.ready] }),
    );
    this.files = host.step(
      `${name}-files`,
      rabbitmq.files,
      {
        ...place,
        stack: host.stack,
        image: args.image,
        fixed: fixedEnvironment(args.ports),
        hosts: hostsFile(name, args.peers),
        files: pulumi.output(args.password).apply((password) => nodeFiles(place, args, password)),
        cookie: args.cookie,
        adopts: args.adopt !== undefined,
        joins: this.joins,
      },
      // The end of the one before would move the directory of the new one aside.
      { parent: this, dependsOn: [this.image], deleteBeforeReplace: true },
    );
    this.certificates = this.certify(args);
    this.registerOutputs({});
  }

  /** A changed certificate changes this step's data alone: nothing else is replaced or restarted by it. */
  private certify({ tls, host, image }: RabbitNodeArgs): pulumi.Resource[] {
    const { name, place } = this;
    const own = tls?.nodes[name];
    if (tls === undefined || own === undefined) return [];
    const distribution = tls.distribution ? distributionConf(innerTlsFiles, tls.versions) : undefined;
    const files = pulumi
      .all([tls.authority, own])
      .apply(([authority, node]) => rabbitmq.certificateFiles(place, { authority, node, distribution }));
    const opts = { parent: this, dependsOn: [this.files], deleteBeforeReplace: true };
    return [host.step(`${name}-tls`, rabbitmq.tls, { ...place, image, files }, opts)];
  }

  /** From the gate to a node in the cluster. */
  start(order: RabbitNodeOrder): StartedNode {
    const { name, args, place, image } = this;
    const { host } = args;
    const specs = containerSpecs(place, args);
    const { form, settings, stopSeconds } = host.container({
      ...{ resource: `${name}-container`, container: rabbitContainer, recordedBy: `${name}-member`, image: args.image },
      digests: specs.map((spec) => settingsDigest(spec, args, host.machine)),
      stopSeconds: args.stopGraceSeconds,
    });
    const wanted = { ...place, image: image.imageId, settings, lost: args.lost, amqpPort: innerPorts.amqp };
    const gate = host.step(
      `${name}-gate`,
      rabbitmq.gate,
      { ...wanted, joins: this.joins },
      { parent: this, dependsOn: [this.files, ...this.certificates, ...order.gate] },
    );
    const adopted = this.adopt(wanted, gate);
    const container = new docker.Container(
      `${name}-container`,
      {
        ...specs[form],
        name: rabbitContainer,
        // Docker's own default is ten seconds, when the host goes down. Another value would make another container.
        ...(form === 0 ? {} : { stopTimeout: stopSeconds }),
        restart: args.stopped ? "no" : containerDefaults.restart,
        mustRun: !args.stopped,
        image: image.imageId,
        destroyGraceSeconds: args.stopGraceSeconds,
        labels: ownLabels(host.stack, name, settings),
      },
      host.options({
        parent: this,
        provider: host.docker,
        dependsOn: [gate, ...adopted],
        hooks: {
          beforeCreate: [
            host.beforeCreate(`${name}-remove-stray`, removeStray, {
              ...{ container: rabbitContainer, stack: host.stack, part: name },
              graceSeconds: args.stopGraceSeconds,
            }),
            ...(args.forgotten ? [host.beforeCreate(`${name}-set-aside`, rabbitmq.setAside, place)] : []),
          ],
        },
      }),
    );
    const booted = host.step(
      `${name}-boot`,
      rabbitmq.boot,
      { ...place, amqpPort: innerPorts.amqp, containerId: container.id },
      { parent: this, dependsOn: [container] },
    );
    return { container, booted, joined: this.join(booted, order.join) };
  }

  /** The container made by hand gives way right before the node's own is made. */
  private adopt(wanted: StepData<rabbitmq.GateData>, gate: pulumi.Resource): pulumi.Resource[] {
    const { name, args } = this;
    if (args.adopt === undefined) return [];
    const data = { ...wanted, byHand: args.adopt.container, graceSeconds: args.stopGraceSeconds };
    return [args.host.step(`${name}-adopt`, rabbitmq.adopt, data, { parent: this, dependsOn: [gate] })];
  }

  /** stop-app → reset → join-cluster → start-app, each after the one before. The seed node has nothing to do in them. */
  private join(booted: pulumi.Resource, after: pulumi.Resource[]): pulumi.Resource {
    const { name, args, place, joins } = this;
    const { host, seed } = args;
    const others = args.peers.map((peer) => peer.name).filter((peer) => peer !== name && peer !== seed);
    const opts = (dependsOn: pulumi.Resource[]): pulumi.CustomResourceOptions => ({ parent: this, dependsOn });
    const stopApp = host.step(`${name}-stop-app`, rabbitmq.stopApp, { ...place, joins }, opts([booted]));
    const reset = host.step(`${name}-reset`, rabbitmq.reset, { ...place, joins }, opts([stopApp]));
    // What the seed node does not need does not change its steps.
    const join = joins ? { ...place, type: args.type, seed, others } : { ...place, others: [] };
    const joined = host.step(`${name}-join-cluster`, rabbitmq.joinCluster, join, opts([reset, ...after]));
    const start = { ...place, joins, ...(joins ? { plugins: enabledPlugins(args.conf.plugins) } : {}) };
    return host.step(`${name}-start-app`, rabbitmq.startApp, start, opts([joined]));
  }

  /**
   * The node as the member that it should be: of its type, with its settings, or stopped; and at its end, how it leaves. What
   * comes before it at its beginning comes after it at its end.
   */
  settle({ container, joined }: StartedNode, after: pulumi.Resource[]): pulumi.Resource {
    const { name, args, place } = this;
    const { plugins, memoryHighWatermark, diskFreeLimit, partitionHandling } = args.conf;
    return args.host.step(
      `${name}-member`,
      rabbitmq.member,
      {
        ...place,
        type: args.type,
        peers: args.peers.map((peer) => peer.name).filter((peer) => peer !== name),
        memory: rabbitmq.memoryLimit(memoryHighWatermark),
        disk: diskFreeLimit,
        partitions: partitionHandling,
        plugins,
        stopped: args.stopped,
        grace: args.stopGraceSeconds,
        amqpPort: innerPorts.amqp,
        containerId: container.id,
      },
      { parent: this, dependsOn: [joined, ...after] },
    );
  }
}
