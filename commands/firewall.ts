import { step } from "./step";

/** Data of `host/firewall.sh`. */
export interface FirewallData {
  /** Text for nft. */
  rules: string;
}

/** The host's rules, now and at every start of the host. */
export const firewall = step<FirewallData>("firewall", {
  create: "firewall rules are loaded",
  update: "firewall rules are loaded again",
  delete: "firewall rules are removed",
});
