import { looks, step, type HostFile } from "./step";

/*
 * Steps of keepalived on a balancer's host, and what its configuration and its container have to know of them.
 */

/** Where keepalived looks for its configuration, on the host and in its container. */
export const configDirectory = "/etc/keepalived";

/** The program by which keepalived asks its balancer, with the balancer's port file and health path as arguments. */
export const servesProgram = `${configDirectory}/warren-serves`;

/** The program that keepalived runs at each change, with the log file and the user's own program (`-`: none) as arguments. */
export const changedProgram = `${configDirectory}/warren-changed`;

/** The configuration before it has been checked. */
export const stagedFile = `${configDirectory}/keepalived.conf.staged`;

/** Name of keepalived's container on its host. */
export const container = "keepalived";

/** How long it may take to give the virtual IP up, in seconds. */
export const stopGraceSeconds = 10;

/**
 * All that keepalived may do beside an ordinary process: set addresses, send its own packets, run the check as nobody, and
 * end it where it hangs. Without the last three a check counts as good though it has never run (2.2.7).
 */
export const capabilities = ["KILL", "NET_ADMIN", "NET_BROADCAST", "NET_RAW", "SETGID", "SETUID"].map(
  (name) => `CAP_${name}`,
);

/** This stack's own container on a host. */
interface OwnContainer {
  stack: string;
  part: string;
}

/** Data of `host/keepalived/package.sh`. */
export interface PackageData {
  /** keepalived runs in a container. */
  contained: boolean;
}

export const keepalivedPackage = step<PackageData>("keepalived/package", looks("keepalived is installed"));

/** Data of `host/keepalived/config.sh`. */
export interface ConfigData extends OwnContainer {
  /** Absent: keepalived runs on the host itself. */
  image?: string | undefined;
  capabilities: readonly string[];
  /** keepalived.conf, as a file at {@link stagedFile}. */
  conf: readonly HostFile[];
  /** `INTERFACE ROUTER-ID ADDRESSES PEERS`: lists with commas, without prefix lengths; `-` for no peers. */
  instances: readonly string[];
  /** The user's own program for changes. */
  hook?: string | undefined;
  /** The file to which changes are added. */
  logFile?: string | undefined;
}

export const keepalivedConfig = step<ConfigData>(
  "keepalived/config",
  looks("keepalived's configuration is checked and written"),
);

/** Data of `host/keepalived/service.sh`. */
export interface ServiceData extends OwnContainer {
  host: string;
  /** SHA-256 of keepalived.conf. */
  digest: string;
  contained: boolean;
}

export const keepalivedService = step<ServiceData>("keepalived/service", {
  create: "keepalived loads its configuration",
  update: "keepalived is checked and reloaded",
  delete: "**keepalived stops**",
});

/** Data of `host/keepalived/running.sh`. */
export interface RunningData {
  containerId: string;
}

export const keepalivedRunning = step<RunningData>(
  "keepalived/running",
  looks("waits until keepalived runs in its container"),
  ["KeepalivedVip/container"],
);

/** Data of `host/keepalived/{holds,stands-by,held}.sh`. */
export interface HeldData {
  /** Without a prefix length. */
  address: string;
  interface: string;
  /** Longest wait. */
  seconds: number;
  /** Another value after each change of what decides it. */
  after: string;
}

export const holds = step<HeldData>("keepalived/holds", looks("waits until it holds the virtual IP"));
export const standsBy = step<HeldData>("keepalived/stands-by", looks("waits until it stands by"));
export const held = step<HeldData>("keepalived/held", looks("waits until a host holds the virtual IP"));

/** Run by a hook right before keepalived's container is made: the host's own keepalived gives way. */
export const makeRoom = step<object>("keepalived/make-room", looks("the host's keepalived gives way"));
