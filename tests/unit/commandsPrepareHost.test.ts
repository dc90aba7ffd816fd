import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { installPackages, prepareHost, unprepareHost, type HostPreparation } from "../../commands/prepareHost";
import { runOnHost, type Stubs } from "./support/bash";
import { makeDirectory } from "./support/directory";

const plain: HostPreparation = {
  name: "host1",
  user: "root",
  installDocker: false,
  registryMirrors: [],
  insecureRegistries: [],
  reservedPorts: [],
};

const kernel = `echo br_netfilter > /etc/modules-load.d/warren.conf
modprobe br_netfilter 2> /dev/null || [ -e /proc/sys/net/bridge ] || echo "this kernel has no br_netfilter: bridged traffic does not pass iptables here"
cat > /etc/sysctl.d/90-warren.conf <<'END'
# Written by Warren for host1.
net.ipv4.ip_forward = 1
net.ipv4.ip_nonlocal_bind = 1
END
if [ -e /proc/sys/net/bridge ]; then
  cat >> /etc/sysctl.d/90-warren.conf <<'END'
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
net.bridge.bridge-nf-call-arptables = 1
END
fi
sysctl -q -p /etc/sysctl.d/90-warren.conf
`;

const running = `systemctl enable -q --now docker
docker info > /dev/null`;

describe("the text", () => {
  test("of a host that has everything", () => {
    expect(prepareHost(plain)).toBe(`${kernel}if ! command -v docker > /dev/null; then
echo "Docker is not installed, and prepare.installDocker is false" >&2
exit 1
fi
${running}`);
  });

  test("of installing packages", () => {
    expect(installPackages({ apt: "docker.io", dnf: "docker" })).toBe(`if command -v apt-get > /dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o DPkg::Lock::Timeout=300 update > /dev/null
  apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends docker.io > /dev/null
elif command -v dnf > /dev/null; then
  dnf -q -y install docker > /dev/null
elif command -v yum > /dev/null; then
  yum -q -y install docker > /dev/null
else
  echo "no apt-get, dnf or yum here: install docker.io by hand" >&2
  exit 1
fi`);
  });

  test("of everything that can be asked for, its words quoted", () => {
    const script = prepareHost({
      name: "host1",
      user: "o'ps",
      installDocker: true,
      registryMirrors: ["http://198.18.66.1:5000"],
      insecureRegistries: ["198.18.66.1:5000"],
      reservedPorts: ["45000", "35672-35682"],
      timezone: "Asia/Shanghai",
    });
    const install = installPackages({ apt: "docker.io", dnf: "docker" });
    const reserve = `reserved=$(sysctl -n net.ipv4.ip_local_reserved_ports)
echo "net.ipv4.ip_local_reserved_ports = \${reserved:+$reserved,}45000,35672-35682" >> /etc/sysctl.d/90-warren.conf
`;
    expect(script).toBe(`${kernel.replace(/(?=sysctl -q)/, () => reserve)}if ! command -v docker > /dev/null; then
${install}
fi
${running}
wanted='{"registry-mirrors":["http://198.18.66.1:5000"],"insecure-registries":["198.18.66.1:5000"]}'
if [ ! -s /etc/docker/daemon.json ]; then
  mkdir -p /etc/docker
  echo "$wanted" > /etc/docker/daemon.json
  systemctl reload docker
elif ! command -v python3 > /dev/null; then
  known=$(docker info --format '{{json .RegistryConfig}}')
  for url in http://198.18.66.1:5000 198.18.66.1:5000; do
    case $known in *"$url"*) ;; *)
      echo "/etc/docker/daemon.json exists and does not name $url: add it there, or install python3 so that it can be merged in" >&2
      exit 1 ;;
    esac
  done
else
  python3 - "$wanted" <<'END'
import json, os, shutil, subprocess, sys
path, wanted = "/etc/docker/daemon.json", json.loads(sys.argv[1])
with open(path) as file:
    now = json.load(file)
merged = dict(now)
for key, values in wanted.items():
    merged[key] = now.get(key, []) + [v for v in values if v.rstrip("/") not in [o.rstrip("/") for o in now.get(key, [])]]
if any(merged[key] != now.get(key, []) for key in wanted):
    if not os.path.exists(path + ".before-warren"):
        shutil.copy2(path, path + ".before-warren")
    with open(path + ".new", "w") as file:
        json.dump(merged, file, indent=2)
    os.replace(path + ".new", path)
    subprocess.run(["systemctl", "reload", "docker"], check=True)
END
fi
if [ ! -e /usr/share/zoneinfo/Asia/Shanghai ]; then
  echo "this host does not know the time zone Asia/Shanghai (is tzdata installed?)" >&2
  exit 1
fi
ln -sfn /usr/share/zoneinfo/Asia/Shanghai /etc/localtime
[ ! -e /etc/timezone ] || echo Asia/Shanghai > /etc/timezone
id -nG 'o'\\''ps' | grep -qw docker || usermod -aG docker 'o'\\''ps'`);
  });

  test("of a host's end: Docker and its settings stay", () => {
    expect(unprepareHost("host1"))
      .toBe(`grep -qxF '# Written by Warren for host1.' /etc/sysctl.d/90-warren.conf || exit 0
rm -f /etc/sysctl.d/90-warren.conf /etc/modules-load.d/warren.conf`);
  });
});

describe("run on a host of the test's own", () => {
  const makeHost = (files: Record<string, string> = {}) =>
    makeDirectory({ "etc/sysctl.d/x": "", "etc/modules-load.d/x": "", "zoneinfo/Asia/Shanghai": "", ...files });
  const stubs: Stubs = {
    modprobe: { br_netfilter: {} },
    sysctl: { "-q -p": {} },
    systemctl: { "enable -q --now docker": {}, "reload docker": {} },
    docker: { "info --format": { stdout: '{"Mirrors":["http://198.18.66.1:5000/"]}' }, info: { stdout: "Server:\n" } },
    id: { "-nG ops": { stdout: "ops sudo\n" } },
    usermod: { "-aG docker ops": {} },
    "apt-get": { update: {}, install: {} },
  };
  const run = (
    host: string,
    preparation: Partial<HostPreparation>,
    differences: Stubs = {},
    missing: string[] = [],
  ) => {
    const script = prepareHost({ ...plain, ...preparation })
      .replaceAll("/etc/", `${host}/etc/`)
      .replaceAll("/usr/share/zoneinfo", `${host}/zoneinfo`)
      .replaceAll("/proc/sys/net/bridge", `${host}/bridge`);
    const names = [...missing, "none"].join("|");
    const before = `command() { case $2 in ${names}) return 1 ;; esac; builtin command "$@"; }`;
    return runOnHost(script, { stubs: { ...stubs, ...differences }, before });
  };
  const read = (host: string, path: string) => readFileSync(join(host, path), "utf8");

  test("a plain host: kernel settings in files of their own, loaded by themselves", async () => {
    const host = makeHost();
    expect(await run(host, {})).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
      calls: [
        "modprobe br_netfilter",
        `sysctl -q -p ${host}/etc/sysctl.d/90-warren.conf`,
        "systemctl enable -q --now docker",
        "docker info",
      ],
    });
    expect(read(host, "etc/modules-load.d/warren.conf")).toBe("br_netfilter\n");
    expect(read(host, "etc/sysctl.d/90-warren.conf")).toBe(
      "# Written by Warren for host1.\nnet.ipv4.ip_forward = 1\nnet.ipv4.ip_nonlocal_bind = 1\n",
    );
    expect(existsSync(join(host, "etc/docker"))).toBe(false);
  });

  test.each([
    ["", "35672-35682"],
    ["8080,9000-9010", "8080,9000-9010,35672-35682"],
  ])("ports are reserved beside those that are (%j)", async (before, after) => {
    const host = makeHost();
    const stubs = { sysctl: { "-n": { stdout: `${before}\n` }, "-q -p": {} } };
    await run(host, { reservedPorts: ["35672-35682"] }, stubs);
    expect(read(host, "etc/sysctl.d/90-warren.conf")).toContain(`\nnet.ipv4.ip_local_reserved_ports = ${after}\n`);
  });

  test("bridged traffic passes iptables, and a second run changes nothing", async () => {
    const host = makeHost({ "bridge/x": "" });
    await run(host, {});
    const first = read(host, "etc/sysctl.d/90-warren.conf");
    expect(first.match(/^net\.bridge\.bridge-nf-call-(iptables|ip6tables|arptables) = 1$/gm)).toHaveLength(3);
    await run(host, {});
    expect(read(host, "etc/sysctl.d/90-warren.conf")).toBe(first);
  });

  test("a kernel without br_netfilter is said, and borne", async () => {
    const outcome = await run(makeHost(), {}, { modprobe: { br_netfilter: { code: 1 } } });
    expect([outcome.code, outcome.stdout]).toEqual([
      0,
      "this kernel has no br_netfilter: bridged traffic does not pass iptables here\n",
    ]);
  });

  test("Docker is installed and started where it is missing", async () => {
    const { code, calls } = await run(makeHost(), { installDocker: true }, {}, ["docker"]);
    expect(code).toBe(0);
    expect(calls.slice(2)).toEqual([
      "apt-get -qq -o DPkg::Lock::Timeout=300 update",
      "apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends docker.io",
      "systemctl enable -q --now docker",
      "docker info",
    ]);
  });

  test.each([
    ["where it may not be", false, ["docker"], "Docker is not installed, and prepare.installDocker is false\n"],
    [
      "without a package manager",
      true,
      ["docker", "apt-get", "dnf", "yum"],
      "no apt-get, dnf or yum here: install docker.io by hand\n",
    ],
  ])("Docker is not installed %s", async (_title, installDocker, missing, stderr) => {
    expect(await run(makeHost(), { installDocker }, {}, missing)).toMatchObject({ code: 1, stderr });
  });

  test("fails when the Docker daemon does not answer", async () => {
    expect((await run(makeHost(), {}, { docker: { info: { code: 1 } } })).code).toBe(1);
  });

  const registries = { registryMirrors: ["http://198.18.66.1:5000"], insecureRegistries: ["198.18.66.1:5000"] };
  const wanted = { "registry-mirrors": ["http://198.18.66.1:5000"], "insecure-registries": ["198.18.66.1:5000"] };

  test("registries of a host that has none", async () => {
    const host = makeHost();
    const { code, calls } = await run(host, registries);
    expect([code, calls.at(-1)]).toEqual([0, "systemctl reload docker"]);
    expect(JSON.parse(read(host, "etc/docker/daemon.json"))).toEqual(wanted);
  });

  const withPython = spawnSync("python3", ["--version"]).status === 0 ? test : test.skip;

  withPython("registries are merged into settings of somebody else's once, which are kept beside", async () => {
    const other = '{"data-root": "/srv", "registry-mirrors": ["https://mirror.example/"]}';
    const host = makeHost({ "etc/docker/daemon.json": other });
    const { code, calls } = await run(host, registries);
    expect([code, calls.at(-1)]).toEqual([0, "systemctl reload docker"]);
    const merged = read(host, "etc/docker/daemon.json");
    expect(JSON.parse(merged)).toEqual({
      "data-root": "/srv",
      "registry-mirrors": ["https://mirror.example/", "http://198.18.66.1:5000"],
      "insecure-registries": ["198.18.66.1:5000"],
    });
    const second = await run(host, { ...registries, registryMirrors: ["http://198.18.66.1:5000/"] });
    expect([second.code, second.calls]).toEqual([0, expect.not.arrayContaining(["systemctl reload docker"])]);
    expect(read(host, "etc/docker/daemon.json")).toBe(merged);
    expect(read(host, "etc/docker/daemon.json.before-warren")).toBe(other);
  });

  test("without python3, settings of somebody else's must name the registries already", async () => {
    const host = makeHost({ "etc/docker/daemon.json": "{}" });
    const mirrors = (registryMirrors: string[]) => run(host, { registryMirrors }, {}, ["python3"]);
    expect(await mirrors(["http://198.18.66.1:5000"])).toMatchObject({ code: 0, stderr: "" });
    expect(await mirrors(["http://198.18.66.1:5000", "https://other.example"])).toMatchObject({
      code: 1,
      stderr: `${host}/etc/docker/daemon.json exists and does not name https://other.example: add it there, or install python3 so that it can be merged in\n`,
    });
    expect(read(host, "etc/docker/daemon.json")).toBe("{}");
  });

  test("the time zone", async () => {
    const host = makeHost({ "etc/timezone": "Etc/UTC\n" });
    symlinkSync("/nowhere", join(host, "etc/localtime"));
    expect((await run(host, { timezone: "Asia/Shanghai" })).code).toBe(0);
    expect(readlinkSync(join(host, "etc/localtime"))).toBe(`${host}/zoneinfo/Asia/Shanghai`);
    expect(lstatSync(join(host, "etc/localtime")).isSymbolicLink()).toBe(true);
    expect(read(host, "etc/timezone")).toBe("Asia/Shanghai\n");
  });

  test("a time zone that the host does not know", async () => {
    expect(await run(makeHost(), { timezone: "Europe/Berlin" })).toMatchObject({
      code: 1,
      stderr: "this host does not know the time zone Europe/Berlin (is tzdata installed?)\n",
    });
  });

  test("a login that is not root is put into the docker group once", async () => {
    const first = await run(makeHost(), { user: "ops" });
    expect([first.code, first.calls.slice(-2)]).toEqual([0, ["id -nG ops", "usermod -aG docker ops"]]);
    const second = await run(makeHost(), { user: "ops" }, { id: { "-nG ops": { stdout: "ops sudo docker\n" } } });
    expect([second.code, second.calls.at(-1)]).toEqual([0, "id -nG ops"]);
  });

  test.each([
    ["takes its own files away", "host1", false],
    ["leaves those that another host's resource has written since", "host2", true],
  ])("its end %s", async (_title, name, stay) => {
    const host = makeHost();
    await run(host, { name });
    expect((await runOnHost(unprepareHost("host1").replaceAll("/etc/", `${host}/etc/`))).code).toBe(0);
    const files = ["etc/sysctl.d/90-warren.conf", "etc/modules-load.d/warren.conf"];
    expect(files.map((path) => existsSync(join(host, path)))).toEqual([stay, stay]);
  });

  test("its end bears that its files are gone", async () => {
    const { code } = await runOnHost(unprepareHost("host1").replaceAll("/etc/", `${makeHost()}/etc/`));
    expect(code).toBe(0);
  });
});
