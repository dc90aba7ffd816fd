import { byName, turns } from "./order";
import { component, done, isAnotherMachine, members, rest, text } from "./members";
import type { Preview, Step, Values } from "./preview";

/*
 * What applications notice of an update: cut connections, a virtual IP that moves, an address or a login that is another.
 * The seconds are what the lab shows (docs/review.md says how they were measured); where the config decides them, they are
 * computed from it.
 */

/** A broker that restarts: from its drain until it takes clients again. */
const brokerAway = 20;
/** A client whose connection was closed: until it works again through another broker, if it tries again at once. */
const clientBack = 1;
/** VRRP: a master that gives up says so, and the next one takes over within its skew time. */
const takeOver = 1;

export function noticed(preview: Preview): string[] {
  const { steps } = preview;
  const cluster = component(steps, "RabbitCluster");
  if (cluster?.verb === "create") return ["Nothing: there are no clients yet."];
  const found = [
    ...brokers(preview),
    ...balancers(preview),
    ...virtualIp(steps),
    ...endpoints(steps),
    ...logins(steps),
  ];
  return found.length > 0 ? found : ["Nothing: no connection is cut, and no address or login changes."];
}

const code = (name: string) => `\`${name}\``;
const named = (names: readonly string[]) => names.map(code).join(", then ");
const times = (count: number) => (count === 2 ? "twice" : `${count} times`);

/** Names in the order of their turns. */
function inTurn(steps: readonly Step[], found: ReturnType<typeof done>): string[] {
  const turn = turns(steps);
  return [...found].sort((a, b) => (turn.get(a.step.urn) ?? 0) - (turn.get(b.step.urn) ?? 0)).map(({ of }) => of);
}

function brokers(preview: Preview): string[] {
  const { steps } = preview;
  const containers = done(steps, "RabbitNode/container");
  const restarts = inTurn(
    steps,
    containers.filter(({ of, verb }) => verb === "replace" && !isAnotherMachine(steps, of)),
  );
  const stops = inTurn(
    steps,
    containers.filter(({ verb }) => verb === "delete"),
  );
  const before = members(preview).filter((member) => member.before);
  const found: string[] = [];
  const resting = (which: "stops" | "starts") =>
    inTurn(
      steps,
      done(steps, "RabbitNode/member").filter(({ of }) => rest(steps, of) === which),
    );
  const [asleep, awake] = [resting("stops"), resting("starts")];
  if (asleep.length > 0) {
    return [`**The service stops** until the config starts it again, in this order: ${named(asleep)}.`];
  }
  if (awake.length > 0) found.push(`The service starts again, in this order: ${named(awake)}.`);
  if (stops.length > 0 && stops.length >= before.length) {
    return [`**The service ends**: every broker stops (${named(stops)}), and every connection is cut.`];
  }
  if (restarts.length > 0 && before.length === 1) {
    found.push(`**The service is away** for about ${brokerAway} s: its only broker, ${named(restarts)}, restarts.`);
  } else if (restarts.length > 0) {
    const who =
      restarts.length === 1
        ? `as ${named(restarts)} restarts`
        : `as brokers restart, one at a time: ${named(restarts)}`;
    found.push(
      `**Connections are cut** ${who}. A broker is away for about ${brokerAway} s; its clients come back through the balancers ` +
        `to another one, in about ${clientBack} s if they try again at once${restarts.length === 1 ? "" : `, and may be cut up to ${times(restarts.length)}`}.`,
    );
  }
  if (stops.length > 0) {
    found.push(
      `**Connections are cut** to the ${stops.length === 1 ? "broker that leaves" : "brokers that leave"}: ${named(stops)}. ` +
        `Their clients come back through the balancers to another one, in about ${clientBack} s if they try again at once.`,
    );
  }
  const forgotten = before.filter(({ fate }) => fate === "is forgotten").map(({ name }) => name);
  if (forgotten.length > 0) {
    found.push(
      `The cluster forgets ${named(forgotten)}, whose machine is lost: a queue that was there alone is gone, and the balancers no longer ask for it.`,
    );
  }
  const anew = before.filter(({ fate }) => fate === "joins anew").map(({ name }) => name);
  if (anew.length > 0) {
    found.push(
      `**Connections are cut** to ${named(anew)}, if it still runs: another machine takes its place, blank, and a queue that was there alone is gone.`,
    );
  }
  const retyped = before.filter(({ fate }) => fate === "changes its type").map(({ name }) => name);
  if (retyped.length > 0) {
    found.push(
      `**Connections are cut** to ${named(retyped)}: for another type a member is emptied and joins anew, one at a time.`,
    );
  }
  const moved = restarts.filter((name) => portsDiffer(containers.find(({ of }) => of === name)?.step, 5672));
  if (moved.length > 0) {
    found.push(
      "**The service is away** from when the first broker has its new port until the balancers turn to it, which they do when all have it.",
    );
  }
  return found;
}

/** Whether the host's port for one inside the container becomes another. */
function portsDiffer(step: Step | undefined, internal: number): boolean {
  const port = (inputs: Values | undefined) =>
    (inputs?.["ports"] as { internal: number; external: number }[] | undefined)?.find(
      (pair) => pair.internal === internal,
    )?.external;
  return step !== undefined && port(step.old) !== port(step.new);
}

function balancers({ steps }: Preview): string[] {
  const containers = done(steps, "HaproxyPair/container");
  const cut = inTurn(
    steps,
    containers.filter(({ verb }) => verb === "replace" || verb === "delete"),
  );
  const hosts = cut.map((name) => hostOf(name, "HaproxyPair", steps));
  if (hosts.length === 0) return [];
  const vip = component(steps, "KeepalivedVip");
  const holder = vip?.verb === "delete" ? undefined : list(vip?.old, "hosts")[0];
  const found = [
    `**Connections are cut** that go through the ${hosts.length === 1 ? "balancer" : "balancers"} on ${named(hosts)}.`,
  ];
  const standby = list(vip?.old, "hosts")[1];
  if (holder !== undefined && hosts.includes(holder)) {
    found.push(
      standby === undefined
        ? `**The virtual IP is without a balancer** until the one on ${named([holder])} serves again.`
        : `**The virtual IP moves** to ${named([standby])} before the balancer on ${named([holder])} is replaced, and back when the new one serves: ` +
            `about ${takeOver} s each time.`,
    );
  }
  return found;
}

/** `host4` of `haproxy-host4`. */
function hostOf(unit: string, type: string, steps: readonly Step[]): string {
  const prefix = `${component(steps, type)?.name ?? ""}-`;
  return unit.startsWith(prefix) ? unit.slice(prefix.length) : unit;
}

function virtualIp(steps: readonly Step[]): string[] {
  const vip = component(steps, "KeepalivedVip");
  if (vip?.verb === "delete") {
    return [`**The virtual IP** ${bare(vip.old)} is given up: clients that use it lose the service.`];
  }
  if (vip?.verb === "create") return [`The virtual IP ${bare(vip.new)} is new; the outputs name it from then on.`];
  if (vip?.verb === undefined) return [];
  const found: string[] = [];
  if (bare(vip.old) !== bare(vip.new)) {
    found.push(
      `**The virtual IP changes** from ${bare(vip.old)} to ${bare(vip.new)}: clients of the old one are cut and have to follow.`,
    );
  }
  const [was, will] = [vip.old, vip.new].map((inputs) => list(inputs, "hosts")[0]);
  if (was !== undefined && will !== undefined && was !== will) {
    found.push(
      `**The virtual IP moves** from ${named([was])} to ${named([will])}: connections through it are cut, for about ${takeOver} s.`,
    );
  }
  return found;
}

const bare = (inputs: Values | undefined) => `\`${(text(inputs?.["address"]) ?? "?").replace(/\/.*/, "")}\``;

/** The frontends' ports, by what they are for. */
function endpoints(steps: readonly Step[]): string[] {
  const pair = component(steps, "HaproxyPair");
  if (pair?.verb !== "update") return [];
  const [was, will] = [pair.old, pair.new].map((inputs) => (inputs?.["ports"] ?? {}) as Record<string, number>);
  return Object.entries(was ?? {})
    .filter(([use, port]) => will?.[use] !== port)
    .map(([use, port]) => {
      const now = will?.[use];
      return now === undefined
        ? `**The port** ${port} (${use}) closes.`
        : `**The port changes** from ${port} to ${now} (${use}): clients have to follow.`;
    });
}

function logins(steps: readonly Step[]): string[] {
  const cluster = component(steps, "RabbitCluster");
  const [was, will] = [cluster?.old, cluster?.new];
  const found = (["username", "vhost"] as const)
    .filter((key) => cluster?.verb === "update" && was?.[key] !== will?.[key])
    .map(
      (key) =>
        `**The ${key} changes** from \`${String(was?.[key])}\` to \`${String(will?.[key])}\` in the outputs; the former one stays on the brokers.`,
    );
  const administrator = done(steps, "RabbitCluster/administrator");
  const users = done(steps, "RabbitCluster/user-*");
  if (
    found.length === 0 &&
    administrator.some(({ verb, step }) => verb === "update" && step.differing.includes("stdin"))
  ) {
    found.push(
      "**The administrator's password changes**: open connections stay, and new ones need the password that the outputs then have.",
    );
  }
  for (const { of, verb, step } of [...administrator, ...users].sort((a, b) => byName(a.step.name, b.step.name))) {
    const whose = users.some((user) => user.step === step) ? `The user ${code(of)}` : "The administrator";
    if (verb === "create")
      found.push(`${whose} has a new login, which the outputs hand out; the former one still works.`);
    if (verb === "delete") found.push(`**${whose} loses a former login**: clients that still use it are refused.`);
    if (verb === "update" && users.some((user) => user.step === step) && step.differing.includes("stdin")) {
      found.push(`**${whose} changes**: its password or its permissions.`);
    }
  }
  return found;
}

function list(inputs: Values | undefined, key: string): string[] {
  const value = inputs?.[key];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}
