import { createHash } from "node:crypto";

import * as pulumi from "@pulumi/pulumi";

import { writeFiles } from "../commands/files";
import * as keepalived from "../commands/keepalived";
import { healthPath } from "../templates/haproxyCfg";
import { keepalivedConf, type KeepalivedConf, type VrrpInstance } from "../templates/keepalivedConf";
import { generated } from "./generated";
import type { Host } from "./host";

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
  instances: [VipInstance, ...VipInstance[]];
  /** Every host that may hold one. */
  hosts: {
    host: Host;
    /** The balancer on this host serves. */
    balancer: pulumi.Resource;
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
      { address, interface: networkInterface, virtualRouterId, hosts, priorities, check, instances },
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
    const configs = args.hosts.map(({ host, healthPortFile }) => {
      const installed = host.run(
        `${name}-${host.name}-package`,
        { create: keepalived.install() },
        { parent: this, dependsOn: [host.ready] },
      );
      const create = password.apply((text) => this.stage(host, healthPortFile, this.conf(host, text)));
      return host.run(`${name}-${host.name}-config`, { create }, { parent: this, dependsOn: [installed] });
    });
    const balancers = args.hosts.map(({ balancer }) => balancer);
    return args.hosts.map(({ host }) => {
      const create = password.apply((text) => keepalived.takeUp(sha256(this.conf(host, text))));
      return host.run(
        `${name}-${host.name}-service`,
        { create, delete: keepalived.remove(host.name) },
        { parent: this, dependsOn: [...configs, ...balancers] },
      );
    });
  }

  private stage(host: Host, healthPortFile: string, content: string): string {
    const { notify } = this.args;
    const executable = (path: string, text: string) => ({ path, mode: "0755", content: text });
    const newcomers = this.instancesOf(host).map(({ addresses, ...instance }) => ({
      ...instance,
      ips: addresses.map(withoutPrefix),
      peers: this.peers(instance.hosts, host),
    }));
    const files = [
      executable(keepalived.checkFile, keepalived.checkScript(healthPortFile, healthPath)),
      ...(notify === undefined ? [] : [executable(keepalived.notifyFile, keepalived.notifyScript(notify))]),
      { path: keepalived.unitFile, mode: "0644", content: keepalived.unitText },
      { path: keepalived.stagedFile, mode: "0400", content },
    ];
    return [
      ...(notify?.hook === undefined ? [] : [keepalived.requireHook(notify.hook)]),
      keepalived.refuseTaken(newcomers),
      writeFiles(files),
      keepalived.check(),
    ].join("\n");
  }

  private conf(host: Host, password: string): string {
    const { check, notify, mail, gratuitousArp } = this.args;
    const [server = "", port = "25"] = mail?.server.split(":") ?? [];
    return keepalivedConf({
      routerId: host.name,
      instances: this.instancesOf(host).map((instance) => this.vrrp(instance, host, password)),
      check: { ...check, script: keepalived.checkFile },
      ...(notify === undefined ? {} : { notifyScript: keepalived.notifyFile }),
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

  /** Who holds the addresses is looked at anew whenever what decides it has changed. */
  private settled(instance: VipInstance, index: number, services: Command[]): Command[] {
    const { check, preempt, preemptDelaySeconds, hosts } = this.args;
    const { addresses, virtualRouterId, priorities } = instance;
    const [address = ""] = addresses;
    const triggers = [
      ...services.map((service) => service.id),
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

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
