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
