import type { Words } from "../commands/step";
import { steps } from "../commands/steps";
import type { Step, Verb } from "./preview";

/*
 * What each of Warren's resources means to a reviewer. A step on a host says so itself (commands/): its resource names it. The
 * others are known by the component that they are part of and by what their names end with: `RabbitNode/container` is
 * `rabbitmq1-container` of the node `rabbitmq1`. A star stands for the name of whom it is for, where that is the ending. A
 * number behind a rotated login's (`rabbitmq-administrator.2`) does not count. A new resource that is no step is one entry here;
 * without one it is listed by its name and type.
 */

export interface Kind {
  /** What is done, after the name of whom it is done to; "" where nothing is. Without a text the step is listed plainly. */
  says: Partial<Record<Verb, string>>;
  /** Told with another step of the same node, balancer or host where that has one, but for an end of its own. */
  within?: readonly string[];
}

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

export const kinds: Readonly<Record<string, Kind>> = {
  deployment: {
    says: {
      create: "",
      replace: "**gets another id: its hosts, which know it by the old one, will refuse it**",
      delete: "",
    },
  },

  "Host/docker": { says: { delete: "" }, within: ["Host/prepare"] },

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
  "RabbitNode/container": {
    says: {
      create: "starts",
      update: "container's settings change, without a restart",
      replace: "**restarts**: drained, then a new container on its data",
      delete: "**stops**",
    },
  },

  "RabbitCluster/cookie": password("Erlang cookie"),
  "RabbitCluster/password": password("administrator's password"),
  "RabbitCluster/user-*-password": password("user's password"),

  "HaproxyPair/stats-password": password("statistics page's password"),
  "HaproxyPair/image": {
    says: { create: "image is pulled", replace: "new image is pulled", delete: "" },
  },
  "HaproxyPair/container": {
    says: {
      create: "starts",
      update: "container's settings change, without a restart",
      replace: "**restarts** in a new container",
      delete: "**stops**",
    },
  },

  "KeepalivedVip/password": password("VRRP's password"),
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
};

export interface Known {
  /** Its entry in the table. */
  key: string;
  kind: Kind;
  /** The node, balancer or host: the resource's name without its ending. */
  of: string;
}

/** What is known of a resource, if anything is. */
export function known(step: Pick<Step, "component" | "name" | "old" | "new">): Known | undefined {
  const { name } = step;
  // The service's own; before 0.2 they were the stack's.
  if (step.component === "" || step.component === `${componentPrefix}RabbitService`) {
    const kind = kinds[name] ?? kindOfStep(step)?.kind;
    return kind === undefined ? undefined : { key: name, kind, of: name };
  }
  if (!step.component.startsWith(componentPrefix)) return undefined;
  const component = step.component.slice(componentPrefix.length);
  const plain = name.replace(/\.\d+$/, "");
  return ofStep(step, component, plain) ?? ofTable(component, plain);
}

/** A resource that runs a step names it in its command. */
function kindOfStep({ old, new: now }: Pick<Step, "old" | "new">): { word: string; kind: Kind } | undefined {
  const [, stepName = ""] = /\/warren create (\S+) /.exec(String((now ?? old)?.["create"])) ?? [];
  const step = steps.find((each) => each.name === stepName);
  if (step === undefined) return undefined;
  return { word: stepName.replace(/.*\//, ""), kind: { says: wordsOf(step.says), within: step.within } };
}

function ofStep(step: Pick<Step, "old" | "new">, component: string, name: string): Known | undefined {
  const own = kindOfStep(step);
  if (own === undefined) return undefined;
  const { word, kind } = own;
  if (name.endsWith(`-${word}`)) return { key: `${component}/${word}`, kind, of: name.slice(0, -word.length - 1) };
  const [, of = name] = new RegExp(`(?:^|-)${word}-(.+)$`).exec(name) ?? [];
  return { key: `${component}/${word}-*`, kind, of };
}

function wordsOf({ create, update = create, replace = update, delete: end = "" }: Words): Kind["says"] {
  return { create, update, replace, delete: end };
}

function ofTable(component: string, name: string): Known | undefined {
  // The longest ending first: `haproxy-stats-password` is not `haproxy-stats`'s password.
  for (const { index } of name.matchAll(/-/g)) {
    const ending = `${component}/${name.slice(index + 1)}`;
    const kind = kinds[ending];
    if (kind) return { key: ending, kind, of: name.slice(0, index) };
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
