import * as pulumi from "@pulumi/pulumi";

import type { FirewallNft } from "../templates/firewallNft";

export interface FirewallArgs {
  /** By host; one without rules is left alone. */
  rules: Readonly<Record<string, FirewallNft>>;
}

/** Rules on the hosts that close the brokers' ports to strangers. Each host takes its own up before anything else is built on it. */
export class Firewall extends pulumi.ComponentResource {
  readonly name: string;
  readonly rules: Readonly<Record<string, FirewallNft>>;

  constructor(name: string, { rules }: FirewallArgs, opts?: pulumi.ComponentResourceOptions) {
    super("warren:index:Firewall", name, { hosts: Object.keys(rules) }, opts);
    this.name = name;
    this.rules = rules;
    this.registerOutputs({});
  }
}
