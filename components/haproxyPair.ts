import type * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import { removeStray } from "../commands/docker";
import * as haproxy from "../commands/haproxy";
import type { HostFile } from "../commands/step";
import { haproxyCfg, healthPath, type Frontends, type HaproxyCfg } from "../templates/haproxyCfg";
import { containerDefaults, containerDigest, ownLabels, sha256 } from "./container";
import { generated } from "./generated";
import type { Host } from "./host";
import type { StackTls } from "./stackTls";

/** Ports on the balancers' hosts. A frontend without a port does not exist. */
export type HaproxyPorts = Frontends<number>;

type FromConf = Omit<
  HaproxyCfg,
  "ports" | "stats" | "certificates" | "passThrough" | "brokerTls" | "log" | "configurationPath"
>;

export interface HaproxyPairArgs extends FromConf {
  image: string;
  /** The container made by hand whose place the balancer takes, on each host. */
  adopt?: string;
  /** The host's directory for the configuration. */
  directory: string;
  hosts: Host[];
  ports: HaproxyPorts;
  /** Of the statistics page. The password's default: generated. */
  stats: { username: string; password?: pulumi.Input<string>; rotation: number };
  /** `stdout`, `rsyslog` (the host's own, which writes the file) or `ADDRESS:PORT`. */
  log: { target: string; facility: string; level: string; file: string };
  tls: {
    /** PEM with certificate chain and key, for the ports with TLS. The first is for clients that name no server. */
    certificates: string[];
    /** TLS on the port amqps goes on to the brokers as it is. */
    passThrough: boolean;
  };
  /** What the brokers do over TLS is done so from here, too; a certificate that is made stands in for given ones. */
  brokerTls?: StackTls | undefined;
  timezone?: string;
  /** The brokers: a balancer that starts before them would first have to find out that they are up. */
  brokers: pulumi.Resource[];
  /** The stack has served before: what changes, changes on one balancer after the other, the last host's first. */
  rolling: boolean;
  /**
   * Virtual IPs that move together, in CIDR form, the hosts that may hold them, and how often a balancer is asked. Before a
   * holder's balancer is replaced, they move to another host, where there is one.
   */
  vips: { addresses: string[]; hosts: Host[]; check: { intervalSeconds: number; fall: number } }[];
}

/** Ports inside the container: the first article's, and free ones for what it leaves out. */
const innerPorts = {
  amqp: 5670,
  amqps: 5673,
  stats: 8100,
  management: 15672,
  managementTls: 15671,
  metrics: 8405,
  mqtt: 1883,
  stomp: 61613,
  stream: 5552,
} as const satisfies Required<HaproxyPorts>;

/** Name of a balancer's container on its host. */
const container = "haproxy";
const stopGraceSeconds = 30;

interface Configuration {
  /** By name, the content of each file. */
  files: [name: string, content: string][];
  /** Where the balancer says that it runs by just this configuration. Nobody can guess it: secrets are part of it. */
  path: string;
}

/** HAProxy on each of the hosts, all with the same configuration. */
export class HaproxyPair extends pulumi.ComponentResource {
  /** By host: its balancer serves. */
  readonly serving: Record<string, command.remote.Command> = {};
  /** By host: the file with the port at which its balancer says whether it can serve. */
  readonly healthPortFiles: Record<string, string> = {};
  /** Of the statistics page; a secret. */
  readonly statsPassword: pulumi.Output<string>;
  /** Of the statistics page, `user:password`; a secret. */
  readonly statsLogin: pulumi.Output<string>;
  /** The path at which each balancer says that it runs by this configuration; a secret. */
  readonly configurationPath: pulumi.Output<string>;
  /** Names of the brokers that are balanced. */
  readonly brokers: string[];

  constructor(name: string, args: HaproxyPairArgs, opts?: pulumi.ComponentResourceOptions) {
    const { image, ports, check, timeouts, allow } = args;
    const hosts = args.hosts.map((host) => host.name);
    const stats = { username: args.stats.username };
    super("warren:index:HaproxyPair", name, { image, hosts, ports, allow, check, timeouts, stats }, opts);
    this.statsPassword = pulumi.secret(
      args.stats.password ??
        generated(`${name}-stats-password`, { length: 24, rotation: args.stats.rotation, parent: this }),
    );
    this.statsLogin = pulumi.interpolate`${args.stats.username}:${this.statsPassword}`;
    this.brokers = args.backends.map((broker) => broker.name);
    const configuration = this.configuration(args);
    this.configurationPath = configuration.apply(({ path }) => path);
    let before: pulumi.Resource[] = [];
    for (const host of args.hosts.toReversed()) {
      const serving = this.balancer(`${name}-${host.name}`, host, { ...args, configuration }, before);
      this.serving[host.name] = serving;
      before = args.rolling ? [serving] : [];
    }
    this.registerOutputs({ statsPassword: this.statsPassword });
  }

  private balancer(
    name: string,
    host: Host,
    args: HaproxyPairArgs & { configuration: pulumi.Output<Configuration> },
    before: pulumi.Resource[],
  ): command.remote.Command {
    const place = { container, directory: `${args.directory}/${host.name}` };
    this.healthPortFiles[host.name] = haproxy.healthPortFile(place);
    const image = new docker.RemoteImage(
      `${name}-image`,
      { name: args.image, keepLocally: true, triggers: host.imageTriggers(`${name}-image`, args.image) },
      host.options({ parent: this, provider: host.docker, dependsOn: [host.ready] }),
    );
    const config = host.step(
      `${name}-config`,
      haproxy.haproxyConfig,
      {
        ...place,
        ...{ stack: host.stack, part: name, byHand: args.adopt === container, image: args.image },
        files: args.configuration.apply(({ files }): HostFile[] =>
          files.map(([file, content]) => haproxy.stagedFile(place, file, content)),
        ),
      },
      // A balancer that serves learns of a broker when that one is there, not before.
      { parent: this, dependsOn: [image, ...(args.rolling ? [...args.brokers, ...before] : [])] },
      // A balancer that does not run by its configuration loads it again.
      [`${name}-ready`],
    );
    const log = this.hostLog(name, host, place.directory, args);
    const spec = containerSpec(place.directory, args);
    const { settings } = host.container({
      ...{ resource: `${name}-container`, container, recordedBy: `${name}-ready`, image: args.image },
      ...{ digests: [containerDigest(spec, host.machine)], stopSeconds: stopGraceSeconds },
    });
    const gate = this.gate(name, host, { ...place, image: image.imageId, settings }, args, [config]);
    const dependsOn = [config, ...log, ...gate, ...args.brokers];
    const adopted =
      args.adopt === undefined
        ? []
        : [host.step(`${name}-adopt`, haproxy.haproxyAdopt, { container: args.adopt }, { parent: this, dependsOn })];
    const stray = { container, stack: host.stack, part: name, graceSeconds: stopGraceSeconds };
    const balancer = new docker.Container(
      `${name}-container`,
      {
        ...spec,
        image: image.imageId,
        destroyGraceSeconds: stopGraceSeconds,
        labels: ownLabels(host.stack, name, settings),
      },
      host.options({
        parent: this,
        provider: host.docker,
        dependsOn: [...dependsOn, ...adopted],
        hooks: { beforeCreate: [host.beforeCreate(`${name}-remove-stray`, removeStray, stray)] },
      }),
    );
    return host.step(
      `${name}-ready`,
      haproxy.haproxyReady,
      {
        ...place,
        containerId: balancer.id,
        statsPort: args.ports.stats,
        healthPath,
        configurationPath: this.configurationPath,
        brokers: this.brokers,
        login: this.statsLogin,
        waitSeconds: haproxy.waitForBrokers(args.check),
      },
      { parent: this, dependsOn: [balancer] },
    );
  }

  /** Before a serving balancer is replaced, the virtual IP leaves its host. */
  private gate(
    name: string,
    host: Host,
    wanted: haproxy.BalancerPlace & { image: pulumi.Input<string>; settings: string },
    args: HaproxyPairArgs,
    dependsOn: pulumi.Resource[],
  ): pulumi.Resource[] {
    const movable = args.vips.filter(({ hosts }) => hosts.includes(host) && hosts.length > 1);
    if (movable.length === 0) return [];
    const hosts = new Set(movable.flatMap((together) => together.hosts));
    const data = {
      ...wanted,
      ips: movable.flatMap(({ addresses }) => addresses.map((address) => address.replace(/\/.*/, ""))),
      others: [...hosts].filter((other) => other !== host).map(({ address }) => address),
      healthPort: args.ports.stats,
      healthPath,
      waitSeconds: haproxy.waitForBrokers(args.check),
      leaveSeconds: Math.max(...movable.map(({ check }) => haproxy.waitForLeaving(check))),
    };
    return [host.step(`${name}-gate`, haproxy.haproxyGate, data, { parent: this, dependsOn })];
  }

  private hostLog(name: string, host: Host, directory: string, { log }: HaproxyPairArgs): pulumi.Resource[] {
    if (log.target !== "rsyslog") return [];
    const data = { directory, facility: log.facility, file: log.file };
    return [host.step(`${name}-log`, haproxy.haproxyLog, data, { parent: this, dependsOn: [host.ready] })];
  }

  /** The same for every balancer. */
  private configuration({ tls, brokerTls, ...args }: HaproxyPairArgs): pulumi.Output<Configuration> {
    const ports: HaproxyPorts = { amqp: innerPorts.amqp, stats: innerPorts.stats };
    for (const key of Object.keys(args.ports) as (keyof HaproxyPorts)[]) ports[key] = innerPorts[key];
    const trusted = brokerTls === undefined ? [] : [brokerTls.authority];
    const made = brokerTls?.balancers === undefined ? [] : [brokerTls.balancers];
    const certificates = [...tls.certificates.map((pem) => pulumi.secret(pem)), ...made];
    return pulumi
      .all([this.statsPassword, certificates, trusted])
      .apply(([password, pems, authorities]): Configuration => {
        const { facility, level } = args.log;
        const cfg = {
          ...args,
          ports,
          stats: { username: args.stats.username, password },
          log: { target: logTarget(args.log.target), facility, level },
          certificates: pems.map((_, index) => `${haproxy.configDirectory}/${haproxy.certificateFile(index)}`),
          passThrough: tls.passThrough,
          ...(brokerTls && {
            brokerTls: {
              amqp: brokerTls.clients,
              management: brokerTls.management,
              authority: `${haproxy.configDirectory}/${haproxy.authorityFile}`,
            },
          }),
        };
        const digest = sha256(JSON.stringify([haproxyCfg(cfg), [...pems, ...authorities]]));
        const path = `/configuration/${digest.slice(0, 32)}`;
        return {
          path,
          files: [
            [haproxy.configFile, haproxyCfg({ ...cfg, configurationPath: path })],
            ...pems.map((pem, index): [string, string] => [haproxy.certificateFile(index), pem]),
            ...authorities.map((pem): [string, string] => [haproxy.authorityFile, pem]),
          ],
        };
      });
  }
}

function logTarget(target: string): string {
  if (target === "stdout") return "stdout format raw";
  return target === "rsyslog" ? `${haproxy.logDirectory}/${haproxy.logSocket}` : target;
}

/** Everything that replaces a balancer's container when it changes, beside its image. */
function containerSpec(directory: string, args: HaproxyPairArgs) {
  const ports = Object.entries(innerPorts).flatMap(([key, internal]) => {
    const external = args.ports[key as keyof HaproxyPorts];
    return external === undefined ? [] : [{ internal, external }];
  });
  const log = { hostPath: `${directory}/log`, containerPath: haproxy.logDirectory, readOnly: true };
  return {
    ...containerDefaults,
    name: container,
    envs: args.timezone === undefined ? [] : [`TZ=${args.timezone}`],
    ports,
    volumes: [
      { hostPath: haproxy.mountedDirectory({ directory }), containerPath: haproxy.configDirectory, readOnly: true },
      ...(args.log.target === "rsyslog" ? [log] : []),
    ],
  };
}
