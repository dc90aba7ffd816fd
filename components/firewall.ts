import * as pulumi from "@pulumi/pulumi";

import { firewall } from "../commands/firewall";
import { firewallNft, type FirewallNft } from "../templates/firewallNft";
import type { Host } from "./host";

export interface FirewallArgs {
  hosts: Host[];
  /** By host; one without rules is left alone. */
  rules: Record<string, FirewallNft>;
}

/** Rules on the hosts that close the brokers' ports to strangers. Nothing else is built on a host before its rules stand. */
export class Firewall extends pulumi.ComponentResource {
  constructor(name: string, args: FirewallArgs, opts?: pulumi.ComponentResourceOptions) {
    const { rules } = args;
    super("warren:index:Firewall", name, { hosts: Object.keys(rules) }, opts);
    for (const host of args.hosts) {
      const own = rules[host.name];
      if (own === undefined) continue;
      host.ready = host.step(
        `${name}-${host.name}`,
        firewall,
        { rules: firewallNft(own) },
        { parent: this, dependsOn: [host.ready] },
      );
    }
    this.registerOutputs({});
  }
}
