import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import { containerOwner, refuseForeign, removeStray } from "../commands/docker";
import { writeFiles, type HostFile } from "../commands/files";
import * as haproxy from "../commands/haproxy";
import { haproxyCfg, healthPath, type Frontends, type HaproxyCfg } from "../templates/haproxyCfg";
import { containerDefaults, containerDigest, ownLabels, sha256, stackLabel } from "./container";
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
   * Virtual IPs that move together, in CIDR form, and the hosts that may hold them. Before a holder's balancer is replaced,
   * they move to another host, where there is one.
   */
  vips: { addresses: string[]; hosts: Host[] }[];
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

interface Files {
  files: HostFile[];
  /** Where the balancer says that it runs by just this configuration. Nobody can guess it: secrets are part of it. */
  configurationPath: string;
}

/** HAProxy on each of the hosts, all with the same configuration. */
export class HaproxyPair extends pulumi.ComponentResource {
  /** By host: its balancer serves. */
  readonly serving: Record<string, pulumi.CustomResource> = {};
  /** By host: the file with the port at which its balancer says whether it can serve. */
  readonly healthPortFiles: Record<string, string> = {};
  /** Of the statistics page; a secret. */
  readonly statsPassword: pulumi.Output<string>;

  constructor(name: string, args: HaproxyPairArgs, opts?: pulumi.ComponentResourceOptions) {
    const { image, ports, check, timeouts, allow } = args;
    const hosts = args.hosts.map((host) => host.name);
    const stats = { username: args.stats.username };
    super("warren:index:HaproxyPair", name, { image, hosts, ports, allow, check, timeouts, stats }, opts);
    this.statsPassword = pulumi.secret(
      args.stats.password ??
        generated(`${name}-stats-password`, { length: 24, rotation: args.stats.rotation, parent: this }),
    );
    let before: pulumi.Resource[] = [];
    for (const host of args.hosts.toReversed()) {
      const serving = this.balancer(`${name}-${host.name}`, host, args, before);
      this.serving[host.name] = serving;
      before = args.rolling ? [serving] : [];
    }
    this.registerOutputs({ statsPassword: this.statsPassword });
  }

  private balancer(name: string, host: Host, args: HaproxyPairArgs, before: pulumi.Resource[]): pulumi.CustomResource {
    const place = { container, directory: `${args.directory}/${host.name}`, image: args.image };
    this.healthPortFiles[host.name] = haproxy.healthPortFile(place);
    const image = new docker.RemoteImage(
      `${name}-image`,
      { name: args.image, keepLocally: true, triggers: { machine: host.machine } },
      host.options({ parent: this, provider: host.docker, dependsOn: [host.ready] }),
    );
    const files = this.files(place.directory, args);
    const config = host.run(
      `${name}-config`,
      {
        create: files.apply(({ files: list }) =>
          [
            refuseForeign(container, stackLabel(), name, args.adopt === container),
            containerOwner(args.image, "haproxy"),
            haproxy.stage(place),
            writeFiles(list),
            haproxy.takeUp(place),
          ].join("\n"),
        ),
        delete: haproxy.removeConfig(place),
      },
      // A balancer that serves learns of a broker when that one is there, not before.
      { parent: this, dependsOn: [image, ...(args.rolling ? [...args.brokers, ...before] : [])] },
    );
    const log = this.hostLog(name, host, place.directory, args);
    const spec = containerSpec(place.directory, args);
    const settings = containerDigest(spec, host.machine);
    const gate = this.gate(name, host, { place, image, settings }, args, [config]);
    const adopted =
      args.adopt === undefined
        ? []
        : [
            host.run(
              `${name}-adopt`,
              { create: haproxy.adopt(args.adopt) },
              { parent: this, dependsOn: [config, ...log, ...gate, ...args.brokers] },
            ),
          ];
    const balancer = new docker.Container(
      `${name}-container`,
      {
        ...spec,
        image: image.imageId,
        destroyGraceSeconds: stopGraceSeconds,
        labels: ownLabels(name, settings),
      },
      host.options({
        parent: this,
        provider: host.docker,
        dependsOn: [config, ...log, ...gate, ...adopted, ...args.brokers],
        hooks: {
          beforeCreate: [
            host.beforeCreate(`${name}-remove-stray`, removeStray(container, stackLabel(), name, stopGraceSeconds)),
          ],
        },
      }),
    );
    // The path is another one for another configuration, so this looks again when that alone has changed.
    const create = files.apply(({ configurationPath: configuration }) =>
      haproxy.awaitServing(place, args.ports.stats, { health: healthPath, configuration }),
    );
    return host.run(`${name}-ready`, { create, triggers: [balancer.id] }, { parent: this, dependsOn: [balancer] });
  }

  /** Before a serving balancer is replaced, the virtual IP leaves its host. */
  private gate(
    name: string,
    host: Host,
    { place, image, settings }: { place: haproxy.BalancerPlace; image: docker.RemoteImage; settings: string },
    args: HaproxyPairArgs,
    dependsOn: pulumi.Resource[],
  ): pulumi.Resource[] {
    const movable = args.vips.filter(({ hosts }) => hosts.includes(host) && hosts.length > 1);
    if (movable.length === 0) return [];
    const hosts = new Set(movable.flatMap((together) => together.hosts));
    const others = [...hosts].filter((other) => other !== host).map(({ address }) => address);
    const wayOut = {
      ips: movable.flatMap(({ addresses }) => addresses.map((address) => address.replace(/\/.*/, ""))),
      others,
      health: { port: args.ports.stats, path: healthPath },
    };
    const create = image.imageId.apply((id) => haproxy.gate(place, { image: id, settings }, wayOut));
    return [host.run(`${name}-gate`, { create }, { parent: this, dependsOn })];
  }

  private hostLog(name: string, host: Host, directory: string, { log }: HaproxyPairArgs): pulumi.Resource[] {
    if (log.target !== "rsyslog") return [];
    const create = haproxy.logByRsyslog({ directory, facility: log.facility, file: log.file });
    const scripts = { create, delete: haproxy.endLogByRsyslog() };
    return [host.run(`${name}-log`, scripts, { parent: this, dependsOn: [host.ready] })];
  }

  private files(directory: string, { tls, brokerTls, ...args }: HaproxyPairArgs): pulumi.Output<Files> {
    const ports: HaproxyPorts = { amqp: innerPorts.amqp, stats: innerPorts.stats };
    for (const key of Object.keys(args.ports) as (keyof HaproxyPorts)[]) ports[key] = innerPorts[key];
    const trusted = brokerTls === undefined ? [] : [brokerTls.authority];
    const made = brokerTls?.balancers === undefined ? [] : [brokerTls.balancers];
    const certificates = [...tls.certificates.map((pem) => pulumi.secret(pem)), ...made];
    return pulumi.all([this.statsPassword, certificates, trusted]).apply(([password, pems, authorities]) => {
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
      const configurationPath = `/configuration/${digest.slice(0, 32)}`;
      const file = (name: string, content: string) => ({
        path: `${directory}/new/${name}`,
        mode: "0440",
        owner: "container",
        content,
      });
      const files = [
        file(haproxy.configFile, haproxyCfg({ ...cfg, configurationPath })),
        ...pems.map((pem, index) => file(haproxy.certificateFile(index), pem)),
        ...authorities.map((pem) => file(haproxy.authorityFile, pem)),
      ];
      return { files, configurationPath };
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
