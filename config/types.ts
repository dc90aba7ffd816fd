import type { Sections } from "./schema";

/*
 * What the components build from. The fields come from the schema, which also describes them (`schema/`, docs/config.md);
 * here stands what is added when a config is read: defaults that depend on other values, and paths made absolute.
 */

/** One machine and how to log in to it. */
export interface HostConfig {
  /** Its IPv4 address. */
  address: string;
  user: string;
  port: number;
  /** Absolute path on the operator's machine. */
  privateKeyFile: string;
  /** Tells this machine from another one in its place. */
  machine: string;
  /** Gone for good, with its data. */
  lost: boolean;
  /** "TYPE BASE64", from the host's own `hostKey` or its line in `ssh.knownHostsFile`. Absent: nothing was said. */
  hostKey?: string;
}

export type PrepareConfig = Sections["prepare"];

export type NodeConfig = Sections["rabbitmq"]["nodes"][number];
export type NodeType = NodeConfig["type"];
export type RabbitmqPorts = Sections["rabbitmq"]["ports"];
export type PartitionHandling = NonNullable<Sections["rabbitmq"]["partitionHandling"]>;

type User = Sections["rabbitmq"]["users"][string];

/** An application's user. */
export interface UserConfig extends Omit<User, "vhosts"> {
  vhosts: string[];
}

type Derived = "version" | "partitionHandling" | "users" | "memoryLimit";

export interface RabbitmqConfig extends Omit<Sections["rabbitmq"], Derived> {
  /** In three parts, such as 3.8.9. */
  version: string;
  partitionHandling: PartitionHandling;
  /** By name. */
  users: Record<string, UserConfig>;
  /** Of the container. Absent: the host's. */
  memoryLimitMegabytes?: number;
}

export type HaproxyPorts = Sections["haproxy"]["ports"];

export interface HaproxyConfig extends Omit<Sections["haproxy"], "tls"> {
  tls: {
    /** PEM with certificates and their key. The first is for clients that name no server. */
    certificates: string[];
    /** The brokers end TLS on the port amqps. */
    passThrough: boolean;
    /** The balancers end TLS with a certificate that is made for them. */
    made?: boolean;
  };
}

/** Virtual IPs that move together. */
export interface VipInstance {
  /** In CIDR form; the first is the one that the output names. */
  addresses: string[];
  interface: string;
  virtualRouterId: number;
  /** The hosts that may hold them. The first is MASTER. */
  hosts: string[];
  /** One for each of the hosts, falling. */
  priorities: number[];
}

export interface VipConfig extends Omit<NonNullable<Sections["vip"]>, "hosts" | "priorities" | "instances"> {
  /** The first address alone, without the prefix length that `address` has. */
  ip: string;
  /** All addresses, without their prefix lengths. */
  ips: string[];
  /** The section's own addresses first. */
  instances: [VipInstance, ...VipInstance[]];
  /** All hosts that may hold one. */
  hosts: string[];
}

/** TLS of the brokers. */
export interface TlsConfig extends Omit<NonNullable<Sections["tls"]>, "certificates"> {
  /** PEM: the authorities' certificates, and each node's with its chain and key, by the node's name. Absent: made ones. */
  certificates?: { authority: string; nodes: Record<string, string> };
}

/** A stack's config, checked and complete. */
export interface StackConfig {
  /** By name. */
  hosts: Record<string, HostConfig>;
  prepare: PrepareConfig;
  rabbitmq: RabbitmqConfig;
  haproxy: HaproxyConfig;
  /** Absent: no virtual IP, no keepalived. */
  vip?: VipConfig;
  /** Absent: no rules of Warren's on the hosts. */
  firewall?: NonNullable<Sections["firewall"]>;
  /** Absent: the brokers have no TLS but what their settings give them. */
  tls?: TlsConfig;
}
