import { IPv4 } from "ipaddr.js";
import type { Path, Report } from "../errors";
import type { Sections } from "../schema";
import type { VipConfig, VipInstance } from "../types";

type Vip = NonNullable<Sections["vip"]>;
type Raw = Vip | Vip["instances"][number];

/** An instance as it is written, and where. */
interface Written {
  path: Path;
  raw: Raw;
  hosts: string[];
}

/** Every instance of the section; the section itself is the first. */
function written(vip: Vip, balancers: readonly string[] | undefined): [Written, ...Written[]] {
  const hosts = vip.hosts ?? [...(balancers ?? [])];
  // Turned by one for each further instance: with two hosts, each is the preferred one of every other instance.
  const turned = (by: number): string[] => [...hosts.slice(by % hosts.length), ...hosts.slice(0, by % hosts.length)];
  const others = vip.instances.map((raw, index) => ({
    path: ["vip", "instances", index],
    raw,
    hosts: raw.hosts ?? turned(index + 1),
  }));
  return [{ path: ["vip"], raw: vip, hosts }, ...others];
}

/** Every address of the section, with where it stands. */
export function vipAddresses(
  vip: Vip,
  balancers: readonly string[] | undefined,
): { path: Path; address: string; hosts: string[] }[] {
  return written(vip, balancers).flatMap(({ path, raw, hosts }) => [
    { path: [...path, "address"], address: raw.address, hosts },
    ...raw.additionalAddresses.map((address, index) => ({
      path: [...path, "additionalAddresses", index],
      address,
      hosts,
    })),
  ]);
}

/** `balancers` are the hosts of haproxy, where that section could be read. */
export function resolveVip(vip: Vip, balancers: readonly string[] | undefined, report: Report): VipConfig {
  const all = written(vip, balancers);
  const routerIds = new Map<string, Path>();
  for (const { path, raw, hosts } of all) {
    checkHosts(raw, path, balancers, report);
    // What follows compares hosts with priorities: without hosts there is nothing to say.
    if (raw.hosts ?? vip.hosts ?? balancers) {
      checkPriorities(raw, path, hosts, report);
      checkWeight(vip, raw, path, hosts, report);
    }
    const key = `${raw.interface ?? vip.interface} ${raw.virtualRouterId}`;
    const before = routerIds.get(key);
    if (before) report([...path, "virtualRouterId"], raw.virtualRouterId, "must be this virtual IP's alone");
    routerIds.set(key, path);
  }
  checkAddresses(vip, balancers, report);
  if (!vip.preempt && vip.preemptDelaySeconds !== undefined) {
    const rule = "must be left out where warren:vip.preempt is false";
    report(["vip", "preemptDelaySeconds"], vip.preemptDelaySeconds, rule);
  }
  if (vip.image !== undefined && vip.notify?.hook !== undefined) {
    const rule = "must be left out where warren:vip.image is: a container has the programs of its image alone";
    report(["vip", "notify", "hook"], vip.notify.hook, rule);
  }
  const [first, ...others] = all.map((instance) => resolved(instance, vip));
  const instances: [VipInstance, ...VipInstance[]] = [first as VipInstance, ...others];
  const ips = instances.flatMap(({ addresses }) => addresses.map(withoutPrefix));
  const hosts = [...new Set(instances.flatMap((instance) => instance.hosts))];
  return { ...vip, ip: withoutPrefix(vip.address), ips, hosts, instances };
}

const withoutPrefix = (address: string): string => address.replace(/\/.*$/, "");

const defaultPriorities = (hosts: readonly string[]): number[] => hosts.map((_, index) => 101 - index);

function resolved({ raw, hosts }: Written, vip: Vip): VipInstance {
  return {
    addresses: [raw.address, ...raw.additionalAddresses],
    interface: raw.interface ?? vip.interface,
    virtualRouterId: raw.virtualRouterId,
    hosts,
    priorities: raw.priorities ?? defaultPriorities(hosts),
  };
}

function checkAddresses(vip: Vip, balancers: readonly string[] | undefined, report: Report): void {
  const seen = new Set<string>();
  for (const { path, address } of vipAddresses(vip, balancers)) {
    const [ip = "", prefix = ""] = address.split("/");
    const network = {
      [IPv4.networkAddressFromCIDR(address).toString()]: "network",
      [IPv4.broadcastAddressFromCIDR(address).toString()]: "broadcast",
    };
    const special = network[ip];
    if (special) report(path, address, `must not be the ${special} address of its /${prefix} subnet`);
    if (seen.has(ip)) report(path, address, "must be named once only");
    seen.add(ip);
  }
}

function checkHosts({ hosts = [] }: Raw, at: Path, balancers: readonly string[] | undefined, report: Report): void {
  for (const [index, host] of hosts.entries()) {
    const path = [...at, "hosts", index];
    if (hosts.indexOf(host) < index) report(path, host, "must be named once only");
    if (balancers && !balancers.includes(host)) {
      report(path, host, `must be one of warren:haproxy.hosts (${balancers.join(", ")}): the VIP leads to a balancer`);
    }
  }
}

function checkPriorities({ priorities }: Raw, path: Path, hosts: readonly string[], report: Report): void {
  if (!priorities) return;
  if (priorities.length !== hosts.length) {
    const rule = `must have one priority for each of the VIP's hosts (${hosts.join(", ")})`;
    report([...path, "priorities"], priorities, rule);
  }
  for (const [index, priority] of priorities.entries()) {
    const before = priorities[index - 1];
    if (before !== undefined && priority >= before) {
      report([...path, "priorities", index], priority, `must be lower than the one before it (${before})`);
    }
  }
}

/** The first article's rule: less its weight, a failed master must come below every backup, or the VIP stays where it is. */
function checkWeight({ check }: Vip, raw: Raw, path: Path, hosts: readonly string[], report: Report): void {
  if (check.weight === undefined) return;
  const priorities = raw.priorities ?? defaultPriorities(hosts);
  const [highest, lowest] = [Math.max(...priorities), Math.min(...priorities)];
  if (-check.weight > highest - lowest) return;
  const least = highest - lowest + 1;
  const whose = path.length === 1 ? "the priorities" : `the priorities of instance ${Number(path[2]) + 1}`;
  const rule = `must be larger than the gap between ${whose} (${highest} and ${lowest}: at least ${least})`;
  report(["vip", "check", "weight"], check.weight, rule);
}
