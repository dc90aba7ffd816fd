import { IPv4 } from "ipaddr.js";
import type { Path, Report } from "../errors";
import { pathText } from "../errors";
import { cliPorts, streamPorts } from "../ports";
import type { Sections } from "../schema";
import { hasStreams, parseVersion, versionOfImage } from "../versions";
import { brokerPorts, pluginPorts } from "./rabbitmq";
import { vipAddresses } from "./vip";

/** The sections that could be read. */
export type Readable = Partial<Sections>;

/** The rules between sections: what stands on which host, and what must not meet there. */
export function checkPlacement(sections: Readable, report: Report): void {
  checkHostNames(sections, report);
  checkLost(sections, report);
  checkPorts(sections, report);
  checkVipAddress(sections, report);
  checkFrontends(sections, report);
}

function checkHostNames({ hosts, rabbitmq, haproxy, vip }: Readable, report: Report): void {
  if (!hosts) return;
  const rule = `must be one of the hosts (${Object.keys(hosts).join(", ")})`;
  const check = (path: Path, name: string) => {
    if (!Object.hasOwn(hosts, name)) report(path, name, rule);
  };
  rabbitmq?.nodes.forEach(({ host }, index) => {
    check(["rabbitmq", "nodes", index, "host"], host);
  });
  haproxy?.hosts.forEach((name, index) => {
    check(["haproxy", "hosts", index], name);
  });
  // A host that is no balancer is refused by name already; this is for a vip section beside a haproxy that cannot be read.
  if (!haproxy) {
    vip?.hosts?.forEach((name, index) => {
      check(["vip", "hosts", index], name);
    });
    vip?.instances.forEach((instance, number) => {
      instance.hosts?.forEach((name, index) => {
        check(["vip", "instances", number, "hosts", index], name);
      });
    });
  }
}

/** What a service cannot be without is on a host that is there. */
function checkLost({ hosts, rabbitmq, haproxy }: Readable, report: Report): void {
  if (!hosts) return;
  const present = (name: string) => hosts[name]?.lost !== true;
  if (rabbitmq && !rabbitmq.nodes.some(({ host, type }) => type === "disc" && present(host))) {
    report(["rabbitmq", "nodes"], rabbitmq.nodes, "must have a disc node on a host that is not lost");
  }
  if (haproxy && !haproxy.hosts.some(present)) {
    report(["haproxy", "hosts"], haproxy.hosts, "must have a host that is not lost");
  }
}

interface Claim {
  port: number;
  /** The last one, where it is a range. */
  last?: number;
  path: Path;
}

const meet = (a: Claim, b: Claim): boolean => a.port <= (b.last ?? b.port) && b.port <= (a.last ?? a.port);

/** Two ports that meet on hosts are reported once, with all the hosts. */
function checkPorts(sections: Readable, report: Report): void {
  const collisions = new Map<string, { claim: Claim; other: Claim; hosts: string[] }>();
  for (const [host, claims] of claimsByHost(sections)) {
    for (const [index, claim] of claims.entries()) {
      const other = claims.slice(0, index).find((before) => meet(before, claim));
      if (!other) continue;
      const key = `${pathText(claim.path)} ${pathText(other.path)}`;
      const collision = collisions.get(key) ?? { claim, other, hosts: [] };
      collision.hosts.push(host);
      collisions.set(key, collision);
    }
  }
  for (const { claim, other, hosts } of collisions.values()) {
    const ports = (one: Claim) => (one.last === undefined ? "" : ` (${one.port} to ${one.last})`);
    const rule = `must differ from ${pathText(other.path)}${ports(other)}: both are used on ${hosts.join(", ")}`;
    report(claim.path, claim.last === undefined ? claim.port : `${claim.port} to ${claim.last}`, rule);
  }
}

/** The ports that each host has in use: its SSH server's, then the broker's, then the balancer's. */
function claimsByHost({ hosts, ssh, rabbitmq, haproxy, tls }: Readable): Map<string, Claim[]> {
  const claims = new Map<string, Claim[]>();
  const add = (host: string, more: Claim[]) => claims.set(host, [...(claims.get(host) ?? []), ...more]);
  const published = (section: string, ports: Record<string, number>) =>
    Object.entries(ports).map(([name, port]) => ({ port, path: [section, "ports", name] }));
  for (const [name, host] of Object.entries(hosts ?? {})) {
    if (host.port !== undefined) add(name, [{ port: host.port, path: ["hosts", name, "port"] }]);
    else if (ssh) add(name, [{ port: ssh.port, path: ["ssh", "port"] }]);
  }
  for (const host of new Set(rabbitmq?.nodes.map((node) => node.host))) {
    if (rabbitmq === undefined) continue;
    const single = Object.entries(brokerPorts(rabbitmq, tls)).filter(([name]) => name !== "streamReplication");
    add(host, [...published("rabbitmq", Object.fromEntries(single)), ...portRanges(rabbitmq)]);
  }
  for (const host of new Set(haproxy?.hosts)) add(host, published("haproxy", haproxy?.ports ?? {}));
  return claims;
}

/** Ports that a broker uses beside those that have a key each. */
function portRanges({ ports, image, version = versionOfImage(image) ?? "" }: Sections["rabbitmq"]): Claim[] {
  const claim = (key: keyof typeof ports, { first, last }: { first: number; last: number }): Claim => {
    return { port: first, last, path: ["rabbitmq", "ports", key] };
  };
  return [
    claim("distribution", cliPorts(ports.distribution)),
    // A version that cannot be read is another rule's matter.
    ...(parseVersion(version) !== undefined && hasStreams(version)
      ? [claim("streamReplication", streamPorts(ports))]
      : []),
  ];
}

function checkVipAddress({ hosts, haproxy, vip }: Readable, report: Report): void {
  if (!vip || !hosts) return;
  for (const { path, address, hosts: holders } of vipAddresses(vip, haproxy?.hosts)) {
    const ip = address.split("/")[0];
    const subnet = IPv4.parseCIDR(address);
    for (const [name, host] of Object.entries(hosts)) {
      if (host.address === ip) report(path, address, `must not be the address of a host (${name})`);
    }
    for (const name of new Set(holders)) {
      const own = hosts[name]?.address;
      if (own !== undefined && !IPv4.parse(own).match(subnet)) {
        report(path, address, `must be in the subnet of the hosts that hold it: ${name} (${own}) is outside`);
      }
    }
  }
}

/** What the balancers offer, the brokers must have. */
function checkFrontends({ rabbitmq, haproxy, tls }: Readable, report: Report): void {
  if (!rabbitmq || !haproxy) return;
  for (const [name, { plugin }] of Object.entries(pluginPorts)) {
    const port = haproxy.ports[name as keyof typeof pluginPorts];
    if (port === undefined || rabbitmq.plugins.includes(plugin)) continue;
    report(["haproxy", "ports", name], port, `must be left out, or ${plugin} be among warren:rabbitmq.plugins`);
  }
  if (haproxy.tls?.endsAt === "brokers" && !tls?.clients && !("listeners.ssl.default" in rabbitmq.settings)) {
    const rule =
      'must be balancers, or the brokers have TLS of their own (warren:tls.clients, or warren:rabbitmq.settings, "listeners.ssl.default": 5671)';
    report(["haproxy", "tls", "endsAt"], haproxy.tls.endsAt, rule);
  }
}
