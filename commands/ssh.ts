/** How one host is reached over SSH. */
export interface Login {
  address: string;
  user: string;
  port: number;
  /** Absolute path. */
  privateKeyFile: string;
  /** The host's public key, `TYPE BASE64`. Without it the host is not checked. */
  hostKey?: string;
}

/**
 * Options for the `ssh` that the Docker provider starts for each operation. One connection is kept for all of them, and
 * the host's key is checked against the configured one alone: what this machine happens to know of the host does not
 * count. The key is handed over by \`KnownHostsCommand\` (OpenSSH 8.5), so that no file has to be kept.
 */
export function sshOptions(login: Login, controlDirectory: string): string[] {
  const options = [
    "BatchMode=yes",
    "IdentitiesOnly=yes",
    "ConnectTimeout=15",
    "ServerAliveInterval=15",
    "ControlMaster=auto",
    `ControlPath=${controlDirectory}/warren-%C`,
    "ControlPersist=60",
    "LogLevel=ERROR",
    ...(login.hostKey === undefined
      ? ["StrictHostKeyChecking=accept-new"]
      : [
          "StrictHostKeyChecking=yes",
          "UserKnownHostsFile=/dev/null",
          "GlobalKnownHostsFile=/dev/null",
          `HostKeyAlias=warren`,
          `HostKeyAlgorithms=${keyAlgorithms(login.hostKey)}`,
          `KnownHostsCommand=/bin/echo warren ${login.hostKey}`,
        ]),
  ];
  return ["-i", login.privateKeyFile, ...options.flatMap((option) => ["-o", option])];
}

/**
 * Options, before {@link sshOptions}, of what runs before a host is prepared. `prepare` puts a login that is not root into the
 * docker group, and a connection that is kept from before would stay without it, for the Docker provider, too.
 */
export function beforePreparation(user: string): string[] {
  return user === "root" ? [] : ["-o", "ControlPath=none"];
}

/** An RSA key signs by SHA-2 under other names than its own. */
function keyAlgorithms(hostKey: string): string {
  const type = hostKey.split(" ", 1)[0] ?? "";
  return type === "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256" : type;
}
