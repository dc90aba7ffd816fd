import { quote } from "./shell";

/** What a host needs before anything is built on it. */
export interface HostPreparation {
  /** The host's name in the stack. */
  name: string;
  /** The login; one that is not root is put into the `docker` group, which the Docker provider's SSH session needs. */
  user: string;
  /** Install the distribution's own package where Docker is missing. */
  installDocker: boolean;
  registryMirrors: string[];
  insecureRegistries: string[];
  /** Ports and ranges that connections of the host's own are not to be given: a container whose port is taken does not start. */
  reservedPorts: readonly string[];
  /** IANA name; the host's clock is left alone without it. */
  timezone?: string;
}

/** Only the resource that a file was written by takes it away. */
function marker(name: string): string {
  return `# Written by Warren for ${name}.`;
}

const sysctlFile = "/etc/sysctl.d/90-warren.conf";
const modulesFile = "/etc/modules-load.d/warren.conf";
const daemonFile = "/etc/docker/daemon.json";

/**
 * Script: the kernel's part. Containers' bridged traffic passes iptables, forwarding is on, a balancer may bind a virtual IP
 * that it does not hold yet, and published ports are kept free, beside those that somebody else has reserved. The file is loaded by itself, since \`sysctl --system\` would re-apply what others
 * set.
 */
function kernel(name: string, reservedPorts: readonly string[]): string {
  const key = "net.ipv4.ip_local_reserved_ports";
  const reserve = `reserved=$(sysctl -n ${key})
echo "${key} = \${reserved:+$reserved,}${reservedPorts.join(",")}" >> ${sysctlFile}
`;
  return `echo br_netfilter > ${modulesFile}
modprobe br_netfilter 2> /dev/null || [ -e /proc/sys/net/bridge ] || echo "this kernel has no br_netfilter: bridged traffic does not pass iptables here"
cat > ${sysctlFile} <<'END'
${marker(name)}
net.ipv4.ip_forward = 1
net.ipv4.ip_nonlocal_bind = 1
END
if [ -e /proc/sys/net/bridge ]; then
  cat >> ${sysctlFile} <<'END'
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
net.bridge.bridge-nf-call-arptables = 1
END
fi
${reservedPorts.length === 0 ? "" : reserve}sysctl -q -p ${sysctlFile}`;
}

/** Script: installs packages with whatever the distribution has for it. */
export function installPackages(packages: Record<"apt" | "dnf", string>): string {
  return `if command -v apt-get > /dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o DPkg::Lock::Timeout=300 update > /dev/null
  apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends ${packages.apt} > /dev/null
elif command -v dnf > /dev/null; then
  dnf -q -y install ${packages.dnf} > /dev/null
elif command -v yum > /dev/null; then
  yum -q -y install ${packages.dnf} > /dev/null
else
  echo "no apt-get, dnf or yum here: install ${packages.apt} by hand" >&2
  exit 1
fi`;
}

function dockerPresent(install: boolean): string {
  const missing = install
    ? installPackages({ apt: "docker.io", dnf: "docker" })
    : `echo "Docker is not installed, and prepare.installDocker is false" >&2\nexit 1`;
  return `if ! command -v docker > /dev/null; then
${missing}
fi
systemctl enable -q --now docker
docker info > /dev/null`;
}

/**
 * Script: registry settings, which dockerd takes in by a reload, without touching a container. A daemon.json that somebody
 * else wrote is kept beside the new one, and its other settings are carried over.
 */
function registries(mirrors: string[], insecure: string[]): string {
  const settings = JSON.stringify({ "registry-mirrors": mirrors, "insecure-registries": insecure });
  return `wanted=${quote(settings)}
if [ ! -s ${daemonFile} ]; then
  mkdir -p /etc/docker
  echo "$wanted" > ${daemonFile}
  systemctl reload docker
elif ! command -v python3 > /dev/null; then
  known=$(docker info --format '{{json .RegistryConfig}}')
  for url in ${[...mirrors, ...insecure].map(quote).join(" ")}; do
    case $known in *"$url"*) ;; *)
      echo "${daemonFile} exists and does not name $url: add it there, or install python3 so that it can be merged in" >&2
      exit 1 ;;
    esac
  done
else
  python3 - "$wanted" <<'END'
import json, os, shutil, subprocess, sys
path, wanted = "${daemonFile}", json.loads(sys.argv[1])
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
fi`;
}

function clock(timezone: string): string {
  return `if [ ! -e ${quote(`/usr/share/zoneinfo/${timezone}`)} ]; then
  echo "this host does not know the time zone ${timezone} (is tzdata installed?)" >&2
  exit 1
fi
ln -sfn ${quote(`/usr/share/zoneinfo/${timezone}`)} /etc/localtime
[ ! -e /etc/timezone ] || echo ${quote(timezone)} > /etc/timezone`;
}

/** Script: prepares a host. It can run at any time and only does what is missing. */
export function prepareHost(preparation: HostPreparation): string {
  const { name, user, installDocker, registryMirrors, insecureRegistries, reservedPorts, timezone } = preparation;
  const steps = [kernel(name, reservedPorts), dockerPresent(installDocker)];
  if (registryMirrors.length + insecureRegistries.length > 0) {
    steps.push(registries(registryMirrors, insecureRegistries));
  }
  if (timezone !== undefined) {
    steps.push(clock(timezone));
  }
  if (user !== "root") {
    steps.push(`id -nG ${quote(user)} | grep -qw docker || usermod -aG docker ${quote(user)}`);
  }
  return steps.join("\n");
}

/** Script: takes away the files that {@link prepareHost} made for itself. Docker and its settings stay. */
export function unprepareHost(name: string): string {
  return `grep -qxF ${quote(marker(name))} ${sysctlFile} || exit 0
rm -f ${sysctlFile} ${modulesFile}`;
}
