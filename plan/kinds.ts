import type { Step, Verb } from "./preview";

/*
 * What each of Warren's resources means to a reviewer. A resource is known by the component that it is part of and by what
 * its name ends with: `RabbitNode/gate` is `rabbitmq1-gate` of the node `rabbitmq1`. Where a name ends with whom it is for, a
 * star stands for that: `RabbitCluster/user-*`. A number behind a rotated login's (`rabbitmq-administrator.2`) does not count.
 * A new resource is one entry here; without one it is listed by its name and type.
 */

export interface Kind {
  /** What is done, after the name of whom it is done to; "" where nothing is. Without a text the step is listed plainly. */
  says: Partial<Record<Verb, string>>;
  /** Told with another step of the same node, balancer or host where that has one, but for an end of its own. */
  within?: readonly string[];
}

/** A script that only waits and looks: its end is nothing. */
const checks = (text: string): Kind["says"] => ({ create: text, update: text, replace: text, delete: "" });

/** Types that are Warren's own: they group resources, and nothing is done for them on a host. */
export const componentPrefix = "warren:index:";

const password = (whose: string): Kind => ({
  says: {
    create: `${whose} is generated`,
    replace: `${whose} is generated anew`,
    delete: `generated ${whose} is given up`,
  },
});

const certificate: Kind = {
  says: { create: "certificate is signed", replace: "certificate is renewed", delete: "certificate is given up" },
};
const request: Kind = { says: { create: "", update: "", replace: "", delete: "" } };

const joining: Kind = {
  says: { update: "looks whether it is a member", delete: "" },
  within: ["RabbitNode/join-cluster"],
};

export const kinds: Readonly<Record<string, Kind>> = {
  "Host/prepare": {
    says: {
      create: "is prepared (Docker, kernel settings, clock)",
      update: "is prepared once more",
      delete: "is left: what Warren wrote there is taken away",
    },
  },
  "Host/docker": { says: { delete: "" }, within: ["Host/prepare"] },

  "Firewall/*": {
    says: { create: "firewall is raised", update: "firewall's rules are set anew", delete: "firewall is lowered" },
  },

  "Certificates/authority-key": password("the authority's private key"),
  "Certificates/authority": {
    says: {
      create: "authority's certificate is made",
      replace: "authority's certificate is renewed, with the same key",
      delete: "authority's certificate is given up",
    },
  },
  "Certificates/node-*-key": password("private key"),
  "Certificates/node-*-request": request,
  "Certificates/node-*-certificate": certificate,
  "Certificates/balancers-key": password("balancers' private key"),
  "Certificates/balancers-request": request,
  "Certificates/balancers-certificate": certificate,

  "RabbitNode/image": {
    says: { create: "image is pulled", replace: "new image is pulled", delete: "" },
  },
  "RabbitNode/files": {
    says: {
      create: "configuration and cookie are written",
      update: "configuration is written anew",
      delete: "data directory is moved aside",
    },
  },
  "RabbitNode/tls": {
    says: {
      create: "certificate is written",
      update: "certificate is written anew, and taken up without a restart",
      delete: "certificate is deleted",
    },
  },
  "RabbitNode/container": {
    says: {
      create: "starts",
      update: "container's settings change, without a restart",
      replace: "**restarts**: drained, then a new container on its data",
      delete: "**stops**",
    },
  },
  "RabbitNode/gate": {
    says: checks("looks whether a restart is due"),
    within: ["RabbitNode/container"],
  },
  "RabbitNode/adopt": {
    says: {
      create: "**takes the place of a container made by hand**: drained, stopped and kept, its data taken over",
      update: "looks whether it has taken its container's place",
      delete: "",
    },
  },
  "RabbitNode/boot": {
    says: checks("waits until the broker has started"),
    within: ["RabbitNode/container"],
  },
  "RabbitNode/join-cluster": {
    says: { create: "**joins** the cluster", update: "looks whether it is a member", delete: "" },
  },
  "RabbitNode/stop-app": joining,
  "RabbitNode/reset": joining,
  "RabbitNode/start-app": joining,
  "RabbitNode/member": {
    says: {
      create: "is the member that it should be",
      update: "takes up its type and settings while it runs",
      delete: "**leaves** the cluster: its clients and queues go to the others first",
    },
    within: ["RabbitNode/container"],
  },

  "RabbitCluster/cookie": password("Erlang cookie"),
  "RabbitCluster/password": password("administrator's password"),
  "RabbitCluster/adoptable": { says: checks("container made by hand is looked at, before anything is done to any") },
  "RabbitCluster/formed": { says: checks("waits until all members run as configured") },
  "RabbitCluster/name": { says: checks("cluster is named") },
  "RabbitCluster/administrator": {
    says: {
      create: "administrator's login is made",
      update: "**administrator's login is set**",
      replace: "**administrator's login is set**",
      delete: "**administrator's former login is deleted**",
    },
  },
  "RabbitCluster/user-*-password": password("user's password"),
  "RabbitCluster/user-*": {
    says: {
      create: "user's login is made",
      update: "**user's login is set**",
      replace: "**user's login is set**",
      delete: "**user's former login is deleted**",
    },
  },

  "HaproxyPair/stats-password": password("statistics page's password"),
  "HaproxyPair/image": {
    says: { create: "image is pulled", replace: "new image is pulled", delete: "" },
  },
  "HaproxyPair/config": {
    says: {
      create: "configuration is checked and written",
      update: "configuration is checked and reloaded",
      delete: "configuration is removed",
    },
  },
  "HaproxyPair/container": {
    says: {
      create: "starts",
      update: "container's settings change, without a restart",
      replace: "**restarts** in a new container",
      delete: "**stops**",
    },
  },
  "HaproxyPair/gate": {
    says: checks("looks whether the virtual IP has to leave first"),
    within: ["HaproxyPair/container"],
  },
  "HaproxyPair/adopt": {
    says: {
      create: "**takes the place of a container made by hand**, which is stopped and kept",
      update: "looks whether it has taken its container's place",
      delete: "",
    },
  },
  "HaproxyPair/log": {
    says: {
      create: "log goes to the host's rsyslog",
      update: "log's way to the host's rsyslog is set anew",
      delete: "log no longer goes to the host's rsyslog",
    },
  },
  "HaproxyPair/ready": {
    says: checks("waits until the balancer has a broker"),
    within: ["HaproxyPair/container", "HaproxyPair/config"],
  },

  "KeepalivedVip/password": password("VRRP's password"),
  "KeepalivedVip/package": { says: { create: "keepalived is installed", delete: "" } },
  "KeepalivedVip/config": { says: checks("keepalived's configuration is checked and written") },
  "KeepalivedVip/service": {
    says: {
      create: "keepalived takes up its configuration",
      update: "keepalived is checked and reloaded",
      delete: "**keepalived stops**",
    },
  },
  "KeepalivedVip/image": {
    says: { create: "image is pulled", replace: "new image is pulled", delete: "" },
  },
  "KeepalivedVip/container": {
    says: {
      create: "keepalived starts in a container",
      update: "keepalived's container's settings change, without a restart",
      replace: "**keepalived restarts** in a new container: a virtual IP that is there leaves first",
      delete: "**keepalived stops**",
    },
  },
  "KeepalivedVip/running": {
    says: checks("waits until keepalived runs in its container"),
    within: ["KeepalivedVip/container"],
  },
  "KeepalivedVip/holds": { says: checks("waits until it holds the virtual IP") },
  "KeepalivedVip/held": { says: checks("waits until somebody holds the virtual IP") },
  "KeepalivedVip/stands-by": { says: checks("waits until it stands by") },
};

export interface Known {
  /** Its entry in the table. */
  key: string;
  kind: Kind;
  /** The node, balancer or host: the resource's name without its ending. */
  of: string;
}

/** What the table has of a resource, if it has it. */
export function known({ component, name }: Pick<Step, "component" | "name">): Known | undefined {
  if (!component.startsWith(componentPrefix)) return undefined;
  const room = component.slice(componentPrefix.length);
  const plain = name.replace(/\.\d+$/, "");
  // The longest ending first: `haproxy-stats-password` is not `haproxy-stats`'s password.
  for (const { index } of plain.matchAll(/-/g)) {
    const ending = `${room}/${plain.slice(index + 1)}`;
    const kind = kinds[ending];
    if (kind) return { key: ending, kind, of: plain.slice(0, index) };
    for (const [key, starred] of stars) {
      const of = starred.exec(ending)?.[1];
      if (of !== undefined && kinds[key]) return { key, kind: kinds[key], of };
    }
  }
  return undefined;
}

const stars = Object.keys(kinds)
  .filter((key) => key.includes("*"))
  .map((key): [string, RegExp] => [key, new RegExp(`^${key.replace("*", "(.+)")}$`)]);

/** Whether it only groups others: one of Warren's components, or the stack itself. */
export function isComponent({ type }: Pick<Step, "type">): boolean {
  return type.startsWith(componentPrefix) || type === "pulumi:pulumi:Stack";
}
