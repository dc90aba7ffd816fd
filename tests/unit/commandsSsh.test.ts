import { beforePreparation, sshOptions, type Login } from "../../commands/ssh";

const login: Login = { address: "192.0.2.11", user: "root", port: 22, privateKeyFile: "/home/me/.ssh/id_ed25519" };

const common = [
  "-i",
  "/home/me/.ssh/id_ed25519",
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
  "ControlPath=/home/me/.ssh/warren-%C",
  "-o",
  "ControlPersist=60",
  "-o",
  "LogLevel=ERROR",
  "-o",
];

describe("the Docker provider's ssh", () => {
  test("knows the configured host key and no other", () => {
    expect(sshOptions({ ...login, hostKey: "ssh-ed25519 AAAAC3Nz" }, "/home/me/.ssh")).toEqual([
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
    expect(sshOptions({ ...login, hostKey: "ssh-rsa AAAAB3Nz" }, "/home/me/.ssh")).toContain(
      "HostKeyAlgorithms=rsa-sha2-512,rsa-sha2-256",
    );
  });

  test("without a host key, keeps the one that it meets first", () => {
    expect(sshOptions(login, "/home/me/.ssh")).toEqual([...common, "StrictHostKeyChecking=accept-new"]);
  });
});

test("what runs before a host is prepared keeps no connection for a login that has to get into the docker group", () => {
  expect([beforePreparation("root"), beforePreparation("ops")]).toEqual([[], ["-o", "ControlPath=none"]]);
});
