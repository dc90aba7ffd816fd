import * as pulumi from "@pulumi/pulumi";

import { refuseForeign } from "../commands/docker";
import { writeFiles } from "../commands/files";
import * as keepalived from "../commands/keepalived";
import * as inContainer from "../commands/keepalivedContainer";
import * as files from "../commands/keepalivedFiles";
import { healthPath } from "../templates/haproxyCfg";
import { keepalivedConf, type KeepalivedConf, type VrrpInstance } from "../templates/keepalivedConf";
import { sha256, stackLabel } from "./container";
import { generated } from "./generated";
import type { Host } from "./host";
import { keepalivedContainer, keepalivedImage } from "./keepalivedContainer";

/** Virtual IPs that move together. */
export interface VipInstance {
  /** In CIDR form. */
  addresses: string[];
  interface: string;
  virtualRouterId: number;
  /** By name; the first, with the highest priority, holds them when all is well. */
  hosts: string[];
  priorities: number[];
}

export interface KeepalivedVipArgs extends Pick<KeepalivedConf, "gratuitousArp"> {
  /** keepalived runs in a container of this image. Absent: on the hosts, from their distribution's package. */
  image?: string;
  timezone?: string;
  instances: [VipInstance, ...VipInstance[]];
  /** Every host that may hold one. */
  hosts: {
    host: Host;
    /** The balancer on this host serves. */
    balancer: pulumi.CustomResource;
    /** File with the port of its statistics page, where it says whether it can serve. */
    healthPortFile: string;
  }[];
  advertisementSeconds: number;
  unicast: boolean;
  preempt: boolean;
  preemptDelaySeconds?: number;
  check: Omit<KeepalivedConf["check"], "script">;
  notify?: { logFile: string; hook?: string };
  mail?: { to: string[]; from: string; server: string; timeoutSeconds: number };
  /** Of VRRP; eight characters. Default: generated. */
  password?: pulumi.Input<string>;
  /** Which generated password in a row it is. */
  rotation: number;
}

type Command = ReturnType<Host["run"]>;

/** Virtual IPs held by keepalived on the balancers' hosts. */
export class KeepalivedVip extends pulumi.ComponentResource {
  /** Each virtual IP is held by one host. */
  readonly held: pulumi.Resource[];

  constructor(
    private readonly name: string,
    private readonly args: KeepalivedVipArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const [{ addresses, interface: networkInterface, virtualRouterId, hosts, priorities }, ...instances] =
      args.instances;
    const { check } = args;
    const [address] = addresses;
    super(
      "warren:index:KeepalivedVip",
      name,
      {
        ...{ address, interface: networkInterface, virtualRouterId, hosts, priorities, check, instances },
        ...(args.image === undefined ? {} : { image: args.image }),
      },
      opts,
    );
    const password = pulumi.secret(
      args.password ?? generated(`${name}-password`, { length: 8, rotation: args.rotation, parent: this }),
    );
    const services = this.services(password);
    this.held = args.instances.flatMap((instance, index) => this.settled(instance, index, services));
    this.registerOutputs({});
  }

  /**
   * All hosts get their configuration, and it is checked, before one of them takes it up. Then they all do at once: a new
   * password or router id on one host alone would have two of them think that they are the only one.
   */
  private services(password: pulumi.Output<string>): Command[] {
    const { name, args } = this;
    const { image } = args;
    const staged = args.hosts.map((at) => {
      const { host } = at;
      const create = image === undefined ? keepalived.install() : inContainer.installTools();
      const own = `${name}-${host.name}`;
      const installed = host.run(`${own}-package`, { create }, { parent: this, dependsOn: [host.ready] });
      const pulled = image === undefined ? [] : [keepalivedImage(own, host, image, this)];
      const stage = password.apply((text) => this.stage(at, this.conf(host, text)));
      const options = { parent: this, dependsOn: [installed, ...pulled] };
      return { ...at, pulled, config: host.run(`${own}-config`, { create: stage }, options) };
    });
    const dependsOn = [...staged.map(({ config }) => config), ...args.hosts.map(({ balancer }) => balancer)];
    const services = args.hosts.map(({ host }) => {
      const [takeUp, end] =
        image === undefined
          ? [keepalived.takeUp, keepalived.remove(host.name)]
          : [inContainer.takeUpInContainer, inContainer.removeFiles(host.name)];
      const create = password.apply((text) => takeUp(sha256(this.conf(host, text)), this.own(host)));
      return host.run(`${name}-${host.name}-service`, { create, delete: end }, { parent: this, dependsOn });
    });
    // One after the other, the preferred holder last: its virtual IP finds a host to go to.
    const running: Command[] = [];
    for (const { host, healthPortFile, pulled } of staged.toReversed()) {
      for (const fetched of pulled) {
        const { notify, timezone } = args;
        const own = {
          ...{ image: fetched, healthPortFile },
          ...(notify === undefined ? {} : { logFile: notify.logFile }),
          ...(timezone === undefined ? {} : { timezone }),
        };
        const after = { parent: this, dependsOn: [...services, ...running.slice(-1)] };
        running.push(keepalivedContainer(`${name}-${host.name}`, host, own, after));
      }
    }
    return [...services, ...running];
  }

  /** This stack's container on a host, be it one that it no longer wants. */
  private own(host: Host): files.OwnContainer {
    return { stack: stackLabel(), part: `${this.name}-${host.name}` };
  }

  private stage({ host, healthPortFile }: KeepalivedVipArgs["hosts"][number], content: string): string {
    const { notify, image } = this.args;
    const executable = (path: string, text: string) => ({ path, mode: "0755", content: text });
    const newcomers = this.instancesOf(host).map(({ addresses, ...instance }) => ({
      ...instance,
      ips: addresses.map(withoutPrefix),
      peers: this.peers(instance.hosts, host),
    }));
    const own = this.own(host);
    const list = [
      executable(files.checkFile, keepalived.checkScript(healthPortFile, healthPath)),
      ...(notify === undefined ? [] : [executable(files.notifyFile, keepalived.notifyScript(notify))]),
      ...(image === undefined ? [{ path: files.unitFile, mode: "0644", content: files.unitText }] : []),
      { path: files.stagedFile, mode: "0400", content },
    ];
    return [
      ...(notify?.hook === undefined ? [] : [keepalived.requireHook(notify.hook)]),
      ...(image === undefined
        ? []
        : [refuseForeign(files.container, own.stack, own.part), inContainer.requireTools(image)]),
      keepalived.refuseTaken(newcomers, own),
      writeFiles(list),
      ...(image === undefined || notify === undefined ? [] : [inContainer.makeLogFile(notify.logFile)]),
      image === undefined ? keepalived.check() : keepalived.check(inContainer.program(image)),
    ].join("\n");
  }

  private conf(host: Host, password: string): string {
    const { check, notify, mail, gratuitousArp } = this.args;
    const [server = "", port = "25"] = mail?.server.split(":") ?? [];
    return keepalivedConf({
      routerId: host.name,
      instances: this.instancesOf(host).map((instance) => this.vrrp(instance, host, password)),
      check: { ...check, script: files.checkFile },
      ...(notify === undefined ? {} : { notifyScript: files.notifyFile }),
      ...(mail === undefined ? {} : { mail: { ...mail, server, port: Number(port) } }),
      ...(gratuitousArp === undefined ? {} : { gratuitousArp }),
    });
  }

  private vrrp(instance: VipInstance, host: Host, password: string): VrrpInstance {
    const { advertisementSeconds, preempt, preemptDelaySeconds, unicast } = this.args;
    const index = instance.hosts.indexOf(host.name);
    // Who may not take the addresses at once must not begin as MASTER.
    const patient = !preempt || preemptDelaySeconds !== undefined;
    return {
      ...instance,
      advertisementSeconds,
      preempt,
      password,
      role: index === 0 && !patient ? "MASTER" : "BACKUP",
      priority: instance.priorities[index] ?? 1,
      ...(preemptDelaySeconds === undefined ? {} : { preemptDelaySeconds }),
      ...(unicast ? { unicast: { self: host.address, peers: this.peers(instance.hosts, host) } } : {}),
    };
  }

  private instancesOf(host: Host): VipInstance[] {
    return this.args.instances.filter(({ hosts }) => hosts.includes(host.name));
  }

  /** Addresses of the other hosts of an instance. */
  private peers(hosts: string[], self: Host): string[] {
    return this.args.hosts
      .filter(({ host }) => host !== self && hosts.includes(host.name))
      .map(({ host }) => host.address);
  }

  /**
   * Who holds the addresses is looked at anew whenever what decides it has changed, or where they left a host whose balancer
   * was replaced.
   */
  private settled(instance: VipInstance, index: number, services: Command[]): Command[] {
    const { check, preempt, preemptDelaySeconds, hosts } = this.args;
    const { addresses, virtualRouterId, priorities } = instance;
    const [address = ""] = addresses;
    const triggers = [
      ...services.map((service) => service.id),
      ...this.args.hosts.map(({ balancer }) => balancer.id),
      JSON.stringify({ address, virtualRouterId, priorities, check }),
    ];
    const name = index === 0 ? this.name : `${this.name}-${index + 1}`;
    const look = (suffix: string, script: typeof keepalived.awaitHeld, at: string[], after: Command[]): Command[] =>
      at.flatMap((hostName) => {
        const host = hosts.find(({ host: { name: own } }) => own === hostName)?.host;
        const create = script(withoutPrefix(address), instance.interface, preemptDelaySeconds);
        const options = { parent: this, dependsOn: after };
        return host === undefined ? [] : [host.run(`${name}-${hostName}-${suffix}`, { create, triggers }, options)];
      });
    const present = instance.hosts.filter((at) => hosts.some(({ host }) => host.name === at && !host.lost));
    if (!preempt) return look("held", keepalived.awaitSomebody, present, services);
    const holder = look("holds", keepalived.awaitHeld, present.slice(0, 1), services);
    return [...holder, ...look("stands-by", keepalived.awaitNotHeld, present.slice(1), holder)];
  }
}

const withoutPrefix = (address: string): string => address.replace(/\/.*/, "");
