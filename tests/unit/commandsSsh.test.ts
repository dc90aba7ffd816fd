import { beforePreparation, sshOptions, type Login } from "../../commands/ssh";

const login: Login = { address: "192.0.2.11", user: "root", port: 22, privateKeyFile: "/home/me/.ssh/id_ed25519" };

const common = [
  "-o",
  "IdentityFile=~/.ssh/id_ed25519",
  "-o",
  "BatchMode=yes",
  "-o",
  "IdentitiesOnly=yes",
  "-o",
  "ConnectTimeout=15",
  "-o",
  "ServerAliveInterval=15",
  "-o",
  "ControlMaster=auto",
  "-o",
  "ControlPath=~/.ssh/w-%h-%p-%r",
  "-o",
  "ControlPersist=60",
  "-o",
  "LogLevel=ERROR",
  "-o",
];

describe("the Docker provider's ssh", () => {
  test("knows the configured host key and no other", () => {
    expect(sshOptions({ ...login, hostKey: "ssh-ed25519 AAAAC3Nz" }, "/home/me")).toEqual([
      ...common,
      "StrictHostKeyChecking=yes",
      "-o",
      "UserKnownHostsFile=/dev/null",
      "-o",
      "GlobalKnownHostsFile=/dev/null",
      "-o",
      "HostKeyAlias=warren",
      "-o",
      "HostKeyAlgorithms=ssh-ed25519",
      "-o",
      "KnownHostsCommand=/bin/echo warren ssh-ed25519 AAAAC3Nz",
    ]);
  });

  test("asks for an RSA key by the names of its signatures", () => {
    expect(sshOptions({ ...login, hostKey: "ssh-rsa AAAAB3Nz" }, "/home/me")).toContain(
      "HostKeyAlgorithms=rsa-sha2-512,rsa-sha2-256",
    );
  });

  test("without a host key, keeps the one that it meets first", () => {
    expect(sshOptions(login, "/home/me")).toEqual([...common, "StrictHostKeyChecking=accept-new"]);
  });
});

test("a key outside the home directory is named as it is, one with blanks and percent signs so that ssh reads it", () => {
  const key = (privateKeyFile: string) => sshOptions({ ...login, privateKeyFile }, "/home/me")[1];
  expect(["/etc/warren/key", "/home/me2/key", "/home/me/my keys/50%"].map(key)).toEqual([
    "IdentityFile=/etc/warren/key",
    "IdentityFile=/home/me2/key",
    'IdentityFile="~/my keys/50%%"',
  ]);
});

test("a home directory whose path is too long for a socket: no connection is kept", () => {
  const options = (length: number) => sshOptions(login, `/${"h".repeat(length - 1)}`);
  // "/.ssh/w-192.0.2.11-22-root" has 26 characters.
  expect(options(107 - 26 - 17)).toContain("ControlMaster=auto");
  expect(options(107 - 26 - 17 + 1)).toContain("ControlPath=none");
  expect(options(107 - 26 - 17 + 1)).not.toContain("ControlMaster=auto");
});

test("what runs before a host is prepared keeps no connection for a login that has to get into the docker group", () => {
  expect([beforePreparation("root"), beforePreparation("ops")]).toEqual([[], ["-o", "ControlPath=none"]]);
});
