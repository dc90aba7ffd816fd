import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readlinkSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { prepare, type PrepareData } from "../../commands/prepare";
import type { Stubs } from "../unit/support/bash";
import { makeDirectory } from "../unit/support/directory";
import { runStep, type Circumstances } from "./support/step";

/* What a host needs before anything is built on it, and what is taken away at its end. */

const plain: PrepareData = {
  host: "host1",
  user: "root",
  installDocker: false,
  registryMirrors: [],
  insecureRegistries: [],
  reservedPorts: [],
  libraryDigest: "0123456789abcdef",
};
const sysctlFile = "/etc/sysctl.d/90-warren.conf";
const modulesFile = "/etc/modules-load.d/warren.conf";
const daemonFile = "/etc/docker/daemon.json";

const stubs: Stubs = {
  modprobe: { br_netfilter: {} },
  sysctl: { "-q -p": {}, "-n net.ipv4.ip_local_reserved_ports": { stdout: "35672-35682\n" }, "-n": { stdout: "1\n" } },
  systemctl: { "cat docker.service": {}, "enable -q --now docker": {}, "reload docker": {} },
  docker: {
    "--version": { stdout: "Docker version 20.10.24+dfsg1, build 297e128\n" },
    "info --format": { stdout: '{"Mirrors":["http://198.18.66.1:5000/"]}' },
    info: { stdout: "Server:\n" },
  },
  id: { "-nG ops": { stdout: "ops sudo\n" } },
  usermod: { "-aG docker ops": {} },
  "apt-get": { update: {}, install: {} },
};

/** A host with what every host has. */
const files = { "/etc/sysctl.d/x": "", "/etc/modules-load.d/x": "", "/usr/share/zoneinfo/Asia/Shanghai": "" };

/** `command` knows all programs but these. */
const without = (...missing: string[]) =>
  `command() { case $2 in ${missing.join("|")}) return 1 ;; esac; builtin command "$@"; }`;

const run = (data: Partial<PrepareData>, circumstances: Circumstances = {}) =>
  runStep(
    prepare,
    { ...plain, ...data },
    { ...circumstances, stubs: { ...stubs, ...circumstances.stubs }, files: { ...files, ...circumstances.files } },
  );

test("a plain host: kernel settings in files of their own, loaded by themselves", async () => {
  const { code, stdout, stderr, calls, root, read, record } = await run({});
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(calls).toEqual([
    "docker --version",
    "modprobe br_netfilter",
    `sysctl -q -p ${root}${sysctlFile}`,
    "sysctl -n net.ipv4.ip_forward",
    "sysctl -n net.ipv4.ip_nonlocal_bind",
    "systemctl cat docker.service",
    "systemctl enable -q --now docker",
    "docker info",
  ]);
  expect(read(modulesFile)).toBe("br_netfilter\n");
  expect(read(sysctlFile)).toBe(
    "# Written by Warren for host1.\nnet.ipv4.ip_forward = 1\nnet.ipv4.ip_nonlocal_bind = 1\n",
  );
  expect(existsSync(join(root, "etc/docker"))).toBe(false);
  expect(record().slice(2)).toEqual([
    expect.stringMatching(`^file [0-9a-f]{64} 644 \\S+ ${root}${sysctlFile}$`),
    expect.stringMatching(`^file [0-9a-f]{64} 644 \\S+ ${root}${modulesFile}$`),
    "sysctl net.ipv4.ip_forward 1",
    "sysctl net.ipv4.ip_nonlocal_bind 1",
    "service docker",
    "library 0123456789abcdef",
  ]);
});

test("Warren's own directory is open to other users, such as the one that runs keepalived's check", async () => {
  const root = makeDirectory({ "var/lib/warren/x": "" });
  spawnSync("chmod", ["700", join(root, "var/lib/warren")]);
  await run({}, { root });
  expect(statSync(join(root, "var/lib/warren")).mode & 0o777).toBe(0o755);
});

test.each([
  ["", "35672-35682"],
  ["8080,9000-9010", "8080,9000-9010,35672-35682"],
  ["8080,35672-35682", "8080,35672-35682"],
])("ports are reserved beside those that are (%j)", async (before, after) => {
  const sysctl = { "-n": { stdout: `${before}\n` }, "-q -p": {} };
  const { read } = await run({ reservedPorts: ["35672-35682"] }, { stubs: { sysctl } });
  expect(read(sysctlFile)).toContain(`\nnet.ipv4.ip_local_reserved_ports = ${after}\n`);
});

test("reserved ports are to stay as the kernel has them", async () => {
  const { record } = await run({ reservedPorts: ["35672-35677", "35678-35682"] });
  expect(record()).toContain("sysctl net.ipv4.ip_local_reserved_ports 35672-35682");
});

test("bridged traffic passes iptables, and a second run changes nothing", async () => {
  const { root, read } = await run({}, { files: { "/proc/sys/net/bridge/x": "" } });
  const first = read(sysctlFile);
  expect(first?.match(/^net\.bridge\.bridge-nf-call-(iptables|ip6tables|arptables) = 1$/gm)).toHaveLength(3);
  await run({}, { root });
  expect(read(sysctlFile)).toBe(first);
});

test("a kernel without br_netfilter is reported, and is no fault", async () => {
  const outcome = await run({}, { stubs: { modprobe: { br_netfilter: { code: 1 } } } });
  expect([outcome.code, outcome.stdout]).toEqual([
    0,
    "this kernel has no br_netfilter: bridged traffic does not pass iptables here\n",
  ]);
});

describe("Docker", () => {
  test("is installed and started where it is missing", async () => {
    const { code, calls } = await run({ installDocker: true }, { before: without("docker") });
    expect(code).toBe(0);
    expect(calls.slice(4)).toEqual([
      "apt-get -qq update",
      "apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends docker.io",
      "systemctl cat docker.service",
      "systemctl enable -q --now docker",
      "docker info",
    ]);
  });

  test.each([
    [
      "where it may not be",
      false,
      ["docker"],
      "Docker is not installed, and prepare.installDocker is false: install Docker Engine, or set it to true\n",
    ],
    [
      "without a package manager",
      true,
      ["docker", "apt-get", "dnf", "yum"],
      "this host has no apt-get, dnf or yum: install docker.io by hand\n",
    ],
  ])("is not installed %s", async (_title, installDocker, missing, stderr) => {
    expect(await run({ installDocker }, { before: without(...missing) })).toMatchObject({ code: 1, stderr });
  });

  test("whose daemon does not answer is a fault, told in Docker's own words", async () => {
    const docker = { ...stubs["docker"], info: { run: "echo 'Cannot connect to the Docker daemon' >&2", code: 1 } };
    const { code, stderr } = await run({}, { stubs: { docker } });
    expect([code, stderr]).toEqual([
      1,
      "Docker's daemon on this host does not answer: Cannot connect to the Docker daemon. See journalctl -u docker\n",
    ]);
  });

  const wanted =
    "install Docker Engine, by the distribution's package (docker.io on Debian) or Docker's own (docker-ce), or have `pulumi up` do it (prepare.installDocker)\n";

  test.each([
    [
      "is in the search path",
      'command() { [ "$2" != docker ] || { echo /snap/bin/docker; return; }; builtin command "$@"; }',
      {},
    ],
    ["is not", without("docker"), { "/snap/bin/docker": "" }],
  ])("by snap is refused before anything is changed; it %s", async (_title, before, more) => {
    const { code, stderr, calls, read } = await run({ installDocker: true }, { before, files: more });
    expect({ code, stderr, calls }).toEqual({
      code: 1,
      stderr: `Docker on this host is a snap (/snap/bin/docker), whose containers cannot mount directories such as /var/lib/warren. Remove it (\`snap remove docker\`) and ${wanted}`,
      calls: [],
    });
    expect(read(sysctlFile)).toBeUndefined();
  });

  test("a snap beside a Docker of the distribution's is left alone", async () => {
    expect((await run({}, { files: { "/snap/bin/docker": "" } })).code).toBe(0);
  });

  test("that is podman's is refused", async () => {
    const version = "echo 'Emulate Docker CLI using podman. Create /etc/containers/nodocker to quiet msg.' >&2";
    const docker = { "--version": { run: version, stdout: "podman version 4.3.1\n" } };
    const { code, stderr, calls } = await run({}, { stubs: { docker } });
    expect([code, calls]).toEqual([1, ["docker --version"]]);
    expect(stderr).toMatch(/^`docker` on this host \(\S+\/docker\) is podman's: podman version 4\.3\.1\. Remove it /);
    expect(stderr.endsWith(`(the package podman-docker) and ${wanted}`)).toBe(true);
  });

  test("of which there is only the client is refused", async () => {
    const systemctl = { "cat docker.service": { run: "echo 'No files found for docker.service.' >&2", code: 1 } };
    const { code, stderr, calls } = await run({}, { stubs: { systemctl } });
    expect([code, calls.at(-2)]).toEqual([1, "systemctl cat docker.service"]);
    expect(stderr).toMatch(
      /^this host has \S+\/docker \(Docker version 20\.10\.24\+dfsg1, build 297e128\), but no systemd unit docker\.service that runs Docker's daemon\. Remove that program and install Docker Engine/,
    );
  });
});

describe("registries", () => {
  const registries = { registryMirrors: ["http://198.18.66.1:5000"], insecureRegistries: ["198.18.66.1:5000"] };
  const wanted = { "registry-mirrors": ["http://198.18.66.1:5000"], "insecure-registries": ["198.18.66.1:5000"] };
  const mentions = (root: string) => [
    `mentions ${root}${daemonFile} http://198.18.66.1:5000`,
    `mentions ${root}${daemonFile} 198.18.66.1:5000`,
  ];

  test("of a host that has none", async () => {
    const { code, calls, read, record, root } = await run(registries);
    expect([code, calls.at(-1)]).toEqual([0, "systemctl reload docker"]);
    expect(JSON.parse(read(daemonFile) ?? "")).toEqual(wanted);
    expect(record()).toEqual(expect.arrayContaining(mentions(root)));
  });

  test("with characters that JSON escapes", async () => {
    const { read } = await run({ registryMirrors: ['http://m/a"b\\c'] });
    expect(JSON.parse(read(daemonFile) ?? "")).toMatchObject({ "registry-mirrors": ['http://m/a"b\\c'] });
  });

  const withPython = spawnSync("python3", ["--version"]).status === 0 ? test : test.skip;

  withPython("are merged into another program's settings once, which are kept beside", async () => {
    const other = '{"data-root": "/srv", "registry-mirrors": ["https://mirror.example/"]}';
    const { code, calls, read, record, root } = await run(registries, { files: { [daemonFile]: other } });
    expect([code, calls.at(-1)]).toEqual([0, "systemctl reload docker"]);
    const merged = read(daemonFile);
    expect(JSON.parse(merged ?? "")).toEqual({
      "data-root": "/srv",
      "registry-mirrors": ["https://mirror.example/", "http://198.18.66.1:5000"],
      "insecure-registries": ["198.18.66.1:5000"],
    });
    expect(record()).toEqual(expect.arrayContaining(mentions(root)));
    const second = await run({ ...registries, registryMirrors: ["http://198.18.66.1:5000/"] }, { root });
    expect([second.code, second.calls]).toEqual([0, expect.not.arrayContaining(["systemctl reload docker"])]);
    expect(read(daemonFile)).toBe(merged);
    expect(read(`${daemonFile}.before-warren`)).toBe(other);
    expect(second.record()).toEqual(expect.arrayContaining(mentions(root)));
  });

  test("must be named already where there is no python3 to merge them with", async () => {
    const mirrors = (registryMirrors: string[]) =>
      run({ registryMirrors }, { before: without("python3"), files: { [daemonFile]: "{}" } });
    const named = await mirrors(["http://198.18.66.1:5000"]);
    expect(named).toMatchObject({ code: 0, stderr: "" });
    // By dockerd's command line: the file says nothing of it.
    expect(named.record().join("\n")).not.toContain("mentions");
    const other = await mirrors(["http://198.18.66.1:5000", "https://other.example"]);
    expect(other).toMatchObject({
      code: 1,
      stderr: `${other.root}${daemonFile} exists and does not name https://other.example: add it there, or install python3 so that it can be merged in\n`,
    });
    expect(other.read(daemonFile)).toBe("{}");
  });
});

describe("the time zone", () => {
  test("is set", async () => {
    const root = makeDirectory({ "etc/timezone": "Etc/UTC\n" });
    symlinkSync("/nowhere", join(root, "etc/localtime"));
    const { code, read, record } = await run({ timezone: "Asia/Shanghai" }, { root });
    expect(code).toBe(0);
    const zone = `${root}/usr/share/zoneinfo/Asia/Shanghai`;
    expect(readlinkSync(join(root, "etc/localtime"))).toBe(zone);
    expect(lstatSync(join(root, "etc/localtime")).isSymbolicLink()).toBe(true);
    expect(read("/etc/timezone")).toBe("Asia/Shanghai\n");
    expect(record()).toContain(`link ${root}/etc/localtime ${zone}`);
  });

  test("has to be one that the host knows", async () => {
    expect(await run({ timezone: "Europe/Berlin" })).toMatchObject({
      code: 1,
      stderr: "this host does not know the time zone Europe/Berlin (is tzdata installed?)\n",
    });
  });
});

test("a login that is not root is put into the docker group once", async () => {
  const first = await run({ user: "ops" });
  expect([first.code, first.calls.slice(-2)]).toEqual([0, ["id -nG ops", "usermod -aG docker ops"]]);
  expect(first.record()).toContain("group ops docker");
  const second = await run({ user: "ops" }, { stubs: { id: { "-nG ops": { stdout: "ops sudo docker\n" } } } });
  expect([second.code, second.calls.at(-1)]).toEqual([0, "id -nG ops"]);
});

describe("its end", () => {
  const warren = ["/usr/local/lib/warren", "/etc/warren", "/var/lib/warren", sysctlFile, modulesFile];
  const left = (root: string) => warren.filter((path) => existsSync(join(root, path)));

  test("takes away what is Warren's: its files, its records, its library, and the owner's name", async () => {
    const { root } = await run({ user: "ops" });
    expect(left(root)).toEqual(warren);
    const { code, stderr, calls } = await run({}, { root, part: "delete" });
    expect({ code, stderr, calls }).toEqual({ code: 0, stderr: "", calls: [] });
    expect(left(root)).toEqual([]);
    expect(existsSync(join(root, "etc/sysctl.d/x"))).toBe(true);
  });

  test("leaves brokers' data that were moved aside", async () => {
    const { root, read } = await run({}, { files: { "/var/lib/warren/rabbitmq/one.removed-2026/x": "data" } });
    await run({}, { root, part: "delete" });
    expect(read("/var/lib/warren/rabbitmq/one.removed-2026/x")).toBe("data");
    expect(left(root)).toEqual(["/var/lib/warren"]);
  });

  test("leaves everything where the machine has another name by now", async () => {
    const { root } = await run({ host: "host2" });
    expect((await run({}, { root, part: "delete" })).code).toBe(0);
    expect(left(root)).toEqual(warren);
  });

  test("does what is left to do where its files are gone", async () => {
    const { code, root } = await run({}, { part: "delete" });
    expect([code, left(root)]).toEqual([0, []]);
  });
});
