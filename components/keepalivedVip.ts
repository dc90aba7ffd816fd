import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import { writeFiles } from "../commands/files";
import * as keepalived from "../commands/keepalived";
import { healthPath } from "../templates/haproxyCfg";
import { keepalivedConf, type KeepalivedConf } from "../templates/keepalivedConf";
import type { Host } from "./host";

export interface KeepalivedVipArgs extends Pick<
  KeepalivedConf,
  "interface" | "virtualRouterId" | "advertisementSeconds" | "address"
> {
  /** The first, with the highest priority, holds the virtual IP when all is well. */
  hosts: {
    host: Host;
    priority: number;
    /** The balancer on this host serves. */
    balancer: pulumi.Resource;
    /** File with the port of its statistics page, where it says whether it can serve. */
    healthPortFile: string;
  }[];
  check: Omit<KeepalivedConf["check"], "script">;
  /** Of VRRP; eight characters. Default: generated. */
  password?: pulumi.Input<string>;
  /** The stack has served before: what changes, changes on one host after the other, the holder last. */
  rolling: boolean;
}

/** A virtual IP held by keepalived on one of the balancers' hosts. */
export class KeepalivedVip extends pulumi.ComponentResource {
  /** Exactly one host holds the virtual IP. */
  readonly held: pulumi.Resource[];

  constructor(name: string, args: KeepalivedVipArgs, opts?: pulumi.ComponentResourceOptions) {
    const { address, virtualRouterId, check } = args;
    const hosts = args.hosts.map(({ host }) => host.name);
    const priorities = args.hosts.map(({ priority }) => priority);
    super(
      "warren:index:KeepalivedVip",
      name,
      { address, interface: args.interface, virtualRouterId, hosts, priorities, check },
      opts,
    );
    const password = pulumi.secret(
      args.password ??
        new random.RandomPassword(`${name}-password`, { length: 8, special: false }, { parent: this }).result,
    );
    const services: ReturnType<Host["run"]>[] = [];
    for (const [index, { host, priority, balancer, healthPortFile }] of [...args.hosts.entries()].toReversed()) {
      const installed = host.run(
        `${name}-${host.name}-package`,
        { create: keepalived.install() },
        { parent: this, dependsOn: [host.ready] },
      );
      const service = host.run(
        `${name}-${host.name}-service`,
        {
          create: password.apply((text) => {
            const files = writeFiles([
              {
                path: keepalived.checkFile,
                mode: "0755",
                content: keepalived.checkScript(healthPortFile, healthPath),
              },
              {
                path: keepalived.stagedFile,
                mode: "0400",
                content: keepalivedConf({
                  ...args,
                  routerId: host.name,
                  role: index === 0 ? "MASTER" : "BACKUP",
                  priority,
                  password: text,
                  check: { ...check, script: keepalived.checkFile },
                }),
              },
            ]);
            return `${files}\n${keepalived.takeUp()}`;
          }),
          delete: keepalived.remove(host.name),
        },
        { parent: this, dependsOn: [installed, balancer, ...(args.rolling ? services : [])] },
      );
      services.push(service);
    }
    // Who holds the address is looked at anew whenever what decides it has changed.
    const settled = [
      ...services.map((service) => service.id),
      JSON.stringify({ address, virtualRouterId, priorities, check }),
    ];
    const ip = address.replace(/\/.*/, "");
    const holder = args.hosts
      .slice(0, 1)
      .map(({ host }) =>
        host.run(
          `${name}-${host.name}-holds`,
          { create: keepalived.awaitHeld(ip, args.interface), triggers: settled },
          { parent: this, dependsOn: services },
        ),
      );
    const standby = args.hosts
      .slice(1)
      .map(({ host }) =>
        host.run(
          `${name}-${host.name}-stands-by`,
          { create: keepalived.awaitNotHeld(ip, args.interface), triggers: settled },
          { parent: this, dependsOn: holder },
        ),
      );
    this.held = [...holder, ...standby];
    this.registerOutputs({});
  }
}
