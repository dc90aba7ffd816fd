import { IPv4 } from "ipaddr.js";
import type { Report } from "../errors";
import type { Sections } from "../schema";
import type { VipConfig } from "../types";

type Vip = NonNullable<Sections["vip"]>;

/** `balancers` are the hosts of haproxy, where that section could be read. */
export function resolveVip(vip: Vip, balancers: readonly string[] | undefined, report: Report): VipConfig {
  const hosts = vip.hosts ?? [...(balancers ?? [])];
  const priorities = vip.priorities ?? hosts.map((_, index) => 101 - index);
  checkHosts(vip, balancers, report);
  // What follows compares hosts with priorities: without hosts there is nothing to say.
  if (vip.hosts ?? balancers) {
    checkPriorities(vip, hosts, report);
    checkWeight(vip, priorities, report);
  }
  const [ip = "", prefix = ""] = vip.address.split("/");
  const network = {
    [IPv4.networkAddressFromCIDR(vip.address).toString()]: "network",
    [IPv4.broadcastAddressFromCIDR(vip.address).toString()]: "broadcast",
  };
  const special = network[ip];
  if (special) report(["vip", "address"], vip.address, `must not be the ${special} address of its /${prefix} subnet`);
  return { ...vip, ip, hosts, priorities };
}

function checkHosts({ hosts = [] }: Vip, balancers: readonly string[] | undefined, report: Report): void {
  for (const [index, host] of hosts.entries()) {
    const path = ["vip", "hosts", index];
    if (hosts.indexOf(host) < index) report(path, host, "must be named once only");
    if (balancers && !balancers.includes(host)) {
      report(path, host, `must be one of warren:haproxy.hosts (${balancers.join(", ")}): the VIP leads to a balancer`);
    }
  }
}

function checkPriorities({ priorities }: Vip, hosts: readonly string[], report: Report): void {
  if (!priorities) return;
  if (priorities.length !== hosts.length) {
    const rule = `must have one priority for each of the VIP's hosts (${hosts.join(", ")})`;
    report(["vip", "priorities"], priorities, rule);
  }
  for (const [index, priority] of priorities.entries()) {
    const before = priorities[index - 1];
    if (before !== undefined && priority >= before) {
      report(["vip", "priorities", index], priority, `must be lower than the one before it (${before})`);
    }
  }
}

/** The first article's rule: less its weight, a failed master must come below every backup, or the VIP stays where it is. */
function checkWeight({ check }: Vip, priorities: readonly number[], report: Report): void {
  if (check.weight === undefined) return;
  const [highest, lowest] = [Math.max(...priorities), Math.min(...priorities)];
  if (-check.weight > highest - lowest) return;
  const least = highest - lowest + 1;
  const rule = `must be larger than the gap between the priorities (${highest} and ${lowest}: at least ${least})`;
  report(["vip", "check", "weight"], check.weight, rule);
}
