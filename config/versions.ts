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
 * The release series (major.minor) from each of which RabbitMQ supports an upgrade to the next one in this list, and to no
 * later one. Sources: https://www.rabbitmq.com/docs/upgrade#rabbitmq-version-upgradability, and the release notes of 4.1 to 4.3.
 */
const upgradePath: readonly string[] = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "4.0", "4.1", "4.2", "4.3"];

const series = (version: string): string => version.split(".").slice(0, 2).join(".");

/** What is wrong with a change of version, as the end of a sentence that begins "must"; nothing if it is supported. */
export function upgradeProblem(from: string, to: string): string | undefined {
  if (isBefore(to, from)) return `not be older than ${from}, which runs: RabbitMQ does not go back`;
  const [start, end] = [upgradePath.indexOf(series(from)), upgradePath.indexOf(series(to))];
  if (series(from) === series(to) || (start >= 0 && end === start + 1)) return undefined;
  const between = start >= 0 && end > start ? upgradePath.slice(start + 1, end).join(", then ") : undefined;
  return between === undefined
    ? `be a release that RabbitMQ ${from}, which runs, can be upgraded to`
    : `be reached from ${from}, which runs, by way of ${between}`;
}
