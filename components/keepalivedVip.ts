import * as pulumi from "@pulumi/pulumi";

import * as keepalived from "../commands/keepalived";
import { healthPath } from "../templates/haproxyCfg";
import { keepalivedConf, type KeepalivedConf, type VrrpInstance } from "../templates/keepalivedConf";
import { after } from "./after";
import { sha256 } from "./container";
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
    balancer: Command;
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

type Command = ReturnType<Host["step"]>;

/** Virtual IPs held by keepalived on the balancers' hosts. */
export class KeepalivedVip extends pulumi.ComponentResource {
  /** Each virtual IP is held by one host. */
  readonly holders: Command[];

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
    this.holders = args.instances.flatMap((instance, index) => this.held(instance, index, services));
    this.registerOutputs({});
  }

  /**
   * All hosts get their configuration, and it is checked, before one of them takes it up. Then they all do at once: a new
   * password or router id on one host alone would have two of them think that they are the only one.
   */
  private services(password: pulumi.Output<string>): Command[] {
    const { name, args } = this;
    const { image } = args;
    const contained = image !== undefined;
    const staged = args.hosts.map((at) => {
      const { host } = at;
      const own = `${name}-${host.name}`;
      const installed = host.step(
        `${own}-package`,
        keepalived.keepalivedPackage,
        { contained },
        { parent: this, dependsOn: [host.ready] },
      );
      const pulled = image === undefined ? [] : [keepalivedImage(own, host, image, this)];
      const config = host.step(
        `${own}-config`,
        keepalived.keepalivedConfig,
        this.configData(at, password),
        { parent: this, dependsOn: [installed, ...pulled] },
        // What the service has swapped in is staged here.
        [`${own}-service`],
      );
      return { ...at, pulled, config };
    });
    const dependsOn = [...staged.map(({ config }) => config), ...args.hosts.map(({ balancer }) => balancer)];
    const services = args.hosts.map(({ host, healthPortFile }) => {
      const digest = password.apply((text) => sha256(this.conf(host, text, healthPortFile)));
      const data = { ...this.own(host), host: host.name, digest, contained };
      return host.step(`${name}-${host.name}-service`, keepalived.keepalivedService, data, { parent: this, dependsOn });
    });
    // One after the other, the preferred holder last: its virtual IP finds a host to go to.
    const running: Command[] = [];
    for (const { host, healthPortFile, pulled } of staged.toReversed()) {
      for (const fetched of pulled) {
        const { notify, timezone } = args;
        const own = {
          ...{ image: fetched, imageName: image ?? "", healthPortFile },
          ...(notify === undefined ? {} : { logFile: notify.logFile }),
          ...(timezone === undefined ? {} : { timezone }),
        };
        const after = { parent: this, dependsOn: [...services, ...running.slice(-1)] };
        running.push(keepalivedContainer(`${name}-${host.name}`, host, own, after));
      }
    }
    return [...services, ...running];
  }

  /** This stack's container on a host, even if it no longer wants one there. */
  private own(host: Host): { stack: string; part: string } {
    return { stack: host.stack, part: `${this.name}-${host.name}` };
  }

  private configData({ host, healthPortFile }: KeepalivedVipArgs["hosts"][number], password: pulumi.Output<string>) {
    const { notify, image } = this.args;
    const instances = this.instancesOf(host).map(({ addresses, interface: device, virtualRouterId, hosts }) =>
      [device, virtualRouterId, addresses.map(withoutPrefix).join(","), this.peers(hosts, host).join(",") || "-"].join(
        " ",
      ),
    );
    return {
      ...this.own(host),
      image,
      capabilities: keepalived.capabilities,
      conf: password.apply((text) => [
        { path: keepalived.stagedFile, mode: "0400", content: this.conf(host, text, healthPortFile) },
      ]),
      instances,
      hook: notify?.hook,
      logFile: notify?.logFile,
    };
  }

  private conf(host: Host, password: string, healthPortFile: string): string {
    const { check, notify, mail, gratuitousArp } = this.args;
    const [server = "", port = "25"] = mail?.server.split(":") ?? [];
    return keepalivedConf({
      routerId: host.name,
      instances: this.instancesOf(host).map((instance) => this.vrrp(instance, host, password)),
      check: { ...check, script: `${keepalived.servesProgram} ${healthPortFile} ${healthPath}` },
      ...(notify === undefined
        ? {}
        : { notifyScript: `${keepalived.changedProgram} ${notify.logFile} ${notify.hook ?? "-"}` }),
      ...(mail === undefined ? {} : { mail: { ...mail, server, port: Number(port) } }),
      ...(gratuitousArp === undefined ? {} : { gratuitousArp }),
    });
  }

  private vrrp(instance: VipInstance, host: Host, password: string): VrrpInstance {
    const { advertisementSeconds, preempt, preemptDelaySeconds, unicast } = this.args;
    const index = instance.hosts.indexOf(host.name);
    // A host that may not take the addresses at once must not begin as MASTER.
    const startsAsBackup = !preempt || preemptDelaySeconds !== undefined;
    return {
      ...instance,
      advertisementSeconds,
      preempt,
      password,
      role: index === 0 && !startsAsBackup ? "MASTER" : "BACKUP",
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

  /** Looks at which host holds the addresses, again after each change of what decides it. */
  private held(instance: VipInstance, index: number, services: Command[]): Command[] {
    const { preempt, preemptDelaySeconds = 0, hosts } = this.args;
    const [address = ""] = instance.addresses;
    const name = index === 0 ? this.name : `${this.name}-${index + 1}`;
    const data = {
      address: withoutPrefix(address),
      interface: instance.interface,
      seconds: settlingSeconds + preemptDelaySeconds,
      after: after([...services, ...hosts.map(({ balancer }) => balancer)]),
    };
    const look = (step: typeof keepalived.holds, at: string[], dependsOn: Command[]): Command[] =>
      at.flatMap((hostName) => {
        const host = hosts.find(({ host: { name: own } }) => own === hostName)?.host;
        const suffix = step.name.replace("keepalived/", "");
        return host === undefined
          ? []
          : [host.step(`${name}-${hostName}-${suffix}`, step, data, { parent: this, dependsOn })];
      });
    const present = instance.hosts.filter((at) => hosts.some(({ host }) => host.name === at && !host.lost));
    if (!preempt) return look(keepalived.held, present, services);
    const holder = look(keepalived.holds, present.slice(0, 1), services);
    return [...holder, ...look(keepalived.standsBy, present.slice(1), holder)];
  }
}

/** Longest wait for keepalived to agree on a holder, in seconds. */
const settlingSeconds = 30;

const withoutPrefix = (address: string): string => address.replace(/\/.*/, "");
