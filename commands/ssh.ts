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

/** Longest path of a socket on Linux, in bytes, and what ssh adds to it while it makes one. */
const longestSocketPath = 107;
const temporarySuffix = 17;

/**
 * Options for the `ssh` that the Docker provider starts for each operation. One connection is kept for all of them, in the
 * operator's own `~/.ssh`, and the host's key is checked against the configured one alone: what this machine happens to know
 * of the host does not count. The key is handed over by `KnownHostsCommand` (OpenSSH 8.5), so that no file has to be kept.
 *
 * They stand in the state, where another operator's `destroy` and `refresh` find them: what is in the home directory is named
 * by `~`, which ssh itself resolves.
 *
 * @param home the operator's home directory
 */
export function sshOptions(login: Login, home: string): string[] {
  const { address, port, user } = login;
  const socket = `/.ssh/w-${address}-${port}-${user}`;
  const fits = Buffer.byteLength(home + socket) + temporarySuffix <= longestSocketPath;
  const options = [
    `IdentityFile=${fromHome(login.privateKeyFile, home)}`,
    "BatchMode=yes",
    "IdentitiesOnly=yes",
    "ConnectTimeout=15",
    "ServerAliveInterval=15",
    // Where the home directory's path is too long for a socket, each operation logs in by itself.
    ...(fits ? ["ControlMaster=auto", "ControlPath=~/.ssh/w-%h-%p-%r", "ControlPersist=60"] : ["ControlPath=none"]),
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
  return options.flatMap((option) => ["-o", option]);
}

/** A path as ssh reads it among its options; one in the home directory as it is on any operator's machine. */
function fromHome(path: string, home: string): string {
  const own = path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
  const literal = own.replaceAll("%", "%%");
  return /\s/.test(literal) ? `"${literal}"` : literal;
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
