/*
 * What broker versions can do. Pure facts, each with its source.
 */

/** Major, minor, patch. */
export type Version = readonly [number, number, number];

/** The oldest broker Warren deploys: the one of the first article, and the first with `rabbitmq_prometheus` and quorum queues. */
export const oldestVersion = "3.8";

/** Reads `3.8.9`, `3.8` or `4`; what is missing counts as 0. */
export function parseVersion(text: string): Version | undefined {
  const match = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?$/.exec(text);
  return match ? [Number(match[1]), Number(match[2] ?? 0), Number(match[3] ?? 0)] : undefined;
}

/** Below 0 where `a` is older than `b`, 0 where they are the same, above 0 where it is newer. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  if (!left || !right) throw new Error(`not a version: ${left ? b : a}`);
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
}

const isBefore = (version: string, other: string) => compareVersions(version, other) < 0;

export function isSupported(version: string): boolean {
  return !isBefore(version, oldestVersion);
}

/**
 * Whether a cluster can have RAM nodes. They went with Mnesia in 4.3 (release notes of 4.3.0). Before it, a cluster on
 * Khepri refuses them as well (`rabbit_db_cluster:join_using_khepri/2`: `node_type_unsupported`), and that is what a *new*
 * cluster of 4.2 is on; one that came to 4.2 by upgrades may still be on Mnesia, which no config can tell. The join does.
 */
export function permitsRam(version: string): boolean {
  return isBefore(version, "4.3");
}

/** Whether classic queues can be mirrored. Removed in 4.0 (release notes of 4.0.1). */
export function permitsMirroring(version: string): boolean {
  return isBefore(version, "4.0");
}

/** From 3.9 on there are streams. Source: https://www.rabbitmq.com/docs/streams */
export function hasStreams(version: string): boolean {
  return compareVersions(version, "3.9") >= 0;
}

/** Whether a new cluster keeps its metadata in Khepri instead of Mnesia (release notes of 4.2.0). */
export function startsOnKhepri(version: string): boolean {
  return !isBefore(version, "4.2");
}

/**
 * Whether a cluster may keep its metadata in Khepri, where a node that starts waits for a majority of the members, so that
 * one after the other none would come up. From 4.0 on Khepri can be switched on.
 * Source: https://www.rabbitmq.com/docs/clustering#restarting
 */
export function waitsForMajority(version: string): boolean {
  return !isBefore(version, "4.0");
}

/**
 * Whether a broker says over HTTP, to anybody, that it is ready to serve clients: booted, not drained, listening for AMQP and
 * below its connection limit (`GET /api/health/checks/ready-to-serve-clients`, rabbitmq-server#13782, in 4.1.1).
 */
export function saysWhetherReady(version: string): boolean {
  return !isBefore(version, "4.1.1");
}

/**
 * The versions of TLS that a broker is given, the newest first. 3.9 is the first release that needs an Erlang with TLS 1.3
 * (23.2, release notes of 3.9.0); 3.8.9 leaves it out by itself, as met in the lab.
 */
export function tlsVersions(version: string): string[] {
  return isBefore(version, "3.9") ? ["tlsv1.2"] : ["tlsv1.3", "tlsv1.2"];
}

/**
 * Releases (major.minor) on which a test of this project has joined blank nodes side by side (tests/chaos/joins.test.ts).
 * 3.8.9 does not bear it: in the first round a node's start_app met the other with `node_not_running`.
 */
const parallelJoins: readonly string[] = ["3.10"];

/** Whether blank nodes may join at the same time; where no test has proved it, they join one after another. */
export function joinsInParallel(version: string): boolean {
  return parallelJoins.some((release) => version.startsWith(`${release}.`));
}

/** The version in full that an image's tag says (`rabbitmq:3.8.9-management`: 3.8.9), if it says one. */
export function versionOfImage(image: string): string | undefined {
  return /:v?(\d+\.\d+\.\d+)(?![\w.])[^:/]*$/.exec(image.replace(/@.*$/, ""))?.[1];
}

/**
 * RabbitMQ's own table of upgrades: by release series (major.minor), those that it can be upgraded to, the next one first.
 * Source: https://www.rabbitmq.com/docs/upgrade#rabbitmq-version-upgradability
 */
const upgrades: Readonly<Record<string, readonly string[]>> = {
  "3.8": ["3.9"],
  "3.9": ["3.10"],
  "3.10": ["3.11"],
  "3.11": ["3.12"],
  "3.12": ["3.13"],
  "3.13": ["4.0", "4.1", "4.2"],
  "4.0": ["4.1", "4.2"],
  "4.1": ["4.2"],
  "4.2": ["4.3"],
};

/** The least release of a series that can be upgraded to another one: 3.12 needs feature flags that came with 3.11.18. */
const leastBefore: Readonly<Record<string, string>> = { "3.12": "3.11.18" };

const series = (version: string): string => version.split(".").slice(0, 2).join(".");

/** The shortest way from one series to another, both left out; nothing where there is none. */
function between(from: string, to: string): string[] | undefined {
  const ways: string[][] = [[from]];
  for (const way of ways) {
    const next = upgrades[way.at(-1) ?? ""] ?? [];
    if (next.includes(to)) return way.slice(1);
    // The newest first, so that the shortest way is the one by the newest releases.
    ways.push(...next.toReversed().map((step) => [...way, step]));
  }
  return undefined;
}

/** What is wrong with a change of version, as the end of a sentence that begins "must"; nothing if it is supported. */
export function upgradeProblem(from: string, to: string): string | undefined {
  if (isBefore(to, from)) return `not be older than ${from}, which the data are of: RabbitMQ does not go back`;
  if (series(from) === series(to)) return undefined;
  const way = between(series(from), series(to));
  if (way === undefined) return `be a release that RabbitMQ ${from}, which the data are of, can be upgraded to`;
  const route = [...way, series(to)];
  const steps = way.map((step, index) => atLeast(step, route[index + 1] ?? ""));
  const least = leastBefore[route[0] ?? ""];
  if (least !== undefined && isBefore(from, least)) steps.unshift(`${least} or later`);
  return steps.length === 0
    ? undefined
    : `be reached from ${from}, which the data are of, by way of ${steps.join(", then ")}`;
}

/** A series on the way to another one, as the least release of it where there is one. */
function atLeast(step: string, next: string): string {
  const least = leastBefore[next];
  return least === undefined ? step : `${least} or later`;
}
