import { looks, step, type HostFile } from "./step";

/** Where a balancer lives on its host. */
export interface BalancerPlace {
  /** Name of the container. */
  container: string;
  /** The host's directory with the configuration; it is mounted where the official image reads it. */
  directory: string;
}

/** Where the official image reads its configuration. */
export const configDirectory = "/usr/local/etc/haproxy";

/** The files of a balancer's configuration directory, by name. */
export const configFile = "haproxy.cfg";
/** The first is for clients that name no server. */
export const certificateFile = (index: number): string => (index === 0 ? "frontend.pem" : `frontend-${index + 1}.pem`);

/** The authorities that the balancer trusts for the brokers' certificates. */
export const authorityFile = "brokers-authority.pem";

/** Where the container finds the socket of the host's syslog. */
export const logDirectory = "/run/warren-log";
export const logSocket = "haproxy.sock";

/** What balancers tell keepalived, which may run in a container. It does not outlive a restart of the host. */
export const signsDirectory = "/run/warren";
/** While this file is there, the virtual IP keeps away from the host. */
export const leavesFile = `${signsDirectory}/balancer-leaves`;

/** Holds the port at which the balancer on this host says whether it can serve. */
export function healthPortFile({ directory }: Pick<BalancerPlace, "directory">): string {
  return `${directory}/health-port`;
}

/** What is mounted where the image reads its configuration. */
export function mountedDirectory({ directory }: Pick<BalancerPlace, "directory">): string {
  return `${directory}/conf`;
}

/** A file of the configuration, as it is staged before it has been checked. */
export function stagedFile({ directory }: Pick<BalancerPlace, "directory">, name: string, content: string): HostFile {
  return { path: `${directory}/new/${name}`, mode: "0440", owner: "container", content };
}

/** Data of `host/haproxy/config.sh`. */
export interface ConfigData extends BalancerPlace {
  stack: string;
  part: string;
  /** A container made by hand has the name as yet: it will give way. */
  byHand: boolean;
  image: string;
  files: readonly HostFile[];
}

export const haproxyConfig = step<ConfigData>("haproxy/config", {
  create: "configuration is checked and written",
  update: "configuration is checked and reloaded",
  delete: "configuration is removed",
});

/** Data of `host/haproxy/log.sh`. */
export interface LogData {
  directory: string;
  facility: string;
  file: string;
}

export const haproxyLog = step<LogData>("haproxy/log", {
  create: "log goes to the host's rsyslog",
  delete: "log no longer goes to the host's rsyslog",
});

/** Data of `host/haproxy/gate.sh`. */
export interface GateData extends BalancerPlace {
  /** Id of the wanted container's image. */
  image: string;
  /** The wanted container's settings label. */
  settings: string;
  /** Virtual IPs that this host may hold, without a prefix length. */
  ips: readonly string[];
  /** Addresses of the other hosts that may hold them. */
  others: readonly string[];
  /** Port and path at which balancers say whether they can serve. */
  healthPort: number;
  healthPath: string;
  /** Longest wait for another balancer to serve. */
  waitSeconds: number;
  /** Longest wait for the virtual IP to leave. */
  leaveSeconds: number;
}

/** Before a balancer's container is replaced: the virtual IP leaves its host. */
export const haproxyGate = step<GateData>("haproxy/gate", looks("looks whether the virtual IP has to leave first"), [
  "HaproxyPair/container",
]);

/** Data of `host/haproxy/adopt.sh`. */
export interface AdoptData {
  container: string;
}

export const haproxyAdopt = step<AdoptData>("haproxy/adopt", {
  create: "**takes the place of a container made by hand**, which is stopped and kept",
  update: "looks whether it has taken its container's place",
});

/** Data of `host/haproxy/ready.sh`. */
export interface ReadyData extends BalancerPlace {
  containerId: string;
  statsPort: number;
  healthPath: string;
  /** The path at which the balancer says that it runs by its newest configuration. */
  configurationPath: string;
  /** Names of all brokers that it balances. */
  brokers: readonly string[];
  /** Of the statistics page, `user:password`. */
  login: string;
  /** Longest wait for its brokers. */
  waitSeconds: number;
}

/** A balancer serves: it runs by its newest configuration, and sees its brokers. */
export const haproxyReady = step<ReadyData>("haproxy/ready", looks("waits until the balancer sees its brokers"), [
  "HaproxyPair/container",
  "HaproxyPair/config",
]);

/** How a balancer checks its brokers. */
interface Check {
  intervalSeconds: number;
  rise: number;
}

/** Longest wait, in seconds, for a balancer to use a broker that is well: enough good checks, and one whose answer is late. */
export function waitForBrokers({ intervalSeconds, rise }: Check): number {
  return Math.max(60, intervalSeconds * (rise + 1) + 10);
}

/** Longest wait, in seconds, for keepalived to give a virtual IP up: enough failed checks, and VRRP's own time. */
export function waitForLeaving({ intervalSeconds, fall }: { intervalSeconds: number; fall: number }): number {
  return Math.max(60, intervalSeconds * (fall + 1) + 30);
}
