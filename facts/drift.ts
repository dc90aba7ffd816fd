import type { Facts } from "./ask";
import type { Fault, HostFacts } from "./read";

/** What the state believes of the steps: by resource, the value by which it was last told to run again; empty at first. */
export type Believed = Readonly<Record<string, string>>;

/** A resource whose effect is looked for on a host. */
export type Watched =
  | { kind: "step"; host: string }
  | { kind: "container"; host: string; container: string; recordedBy: string }
  | { kind: "image"; host: string; image: string };

/** Something on a host that is not as it should be. */
export interface Drift {
  host: string;
  /** Name of the resource that puts it right. */
  resource: string;
  /** A sentence without a full stop. */
  says: string;
}

/**
 * Compares what the state believes with what the hosts say. A resource whose effect no longer holds gets another `again`
 * among its data, so that the engine runs it once more, in the order and through the gates of any other change.
 */
export class DriftWatch {
  readonly found: Drift[] = [];
  private readonly blank = new Set<string>();
  /** By resource: its `again` from now on. */
  readonly again: Record<string, string> = {};
  /** By resource: where its effect was looked for. */
  readonly watched: Record<string, Watched> = {};

  /**
   * @param believed absent: the state is of a release that recorded nothing, or there is none
   * @param now what tells a value from all others before it
   */
  constructor(
    private readonly facts: Facts,
    private readonly believed: Believed | undefined,
    private readonly now = `${new Date().toISOString().slice(0, 19)}Z`,
  ) {}

  /**
   * All of a node's resources have to run again: it joins the others as a blank one.
   *
   * @param says why: a sentence without a full stop
   */
  rebuild(host: string, node: string, says: string): void {
    this.blank.add(node);
    this.found.push({ host, resource: node, says });
  }

  /**
   * Looks at everything again that the last update has looked at, for who declares no resources.
   *
   * @param watched absent: the last update did not say, and everything counts that the hosts have recorded
   */
  lookAgain(watched: Readonly<Record<string, Watched>> = this.recorded()): void {
    for (const [resource, at] of Object.entries(watched)) {
      if (at.kind === "step") this.step(at.host, resource);
      else if (at.kind === "image") this.image(at.host, resource, at.image);
      else this.container(at.host, resource, at.container, at.recordedBy);
    }
  }

  private recorded(): Record<string, Watched> {
    const steps = Object.entries(this.facts).flatMap(([host, facts]) =>
      facts instanceof Error
        ? []
        : Object.keys(facts.steps).map((resource): [string, Watched] => [resource, { kind: "step", host }]),
    );
    return Object.fromEntries(steps);
  }

  private rebuilds(resource: string): boolean {
    return [...this.blank].some((node) => resource.startsWith(`${node}-`));
  }

  /**
   * `again` of a step; undefined where it has never had to run again.
   *
   * @param alongWith resources whose steps need this one's once more
   */
  step(host: string, resource: string, alongWith: readonly string[] = []): string | undefined {
    this.watched[resource] = { kind: "step", host };
    const facts = this.facts[host];
    const own = this.decide(host, resource, facts, this.believed?.[resource]);
    const others = facts === undefined || facts instanceof Error ? [] : alongWith.map((other) => facts.steps[other]);
    return this.keep(resource, others.some((other) => (other?.faults.length ?? 0) > 0) ? this.now : own);
  }

  /**
   * What is added to a container's settings label: nothing, or what has it replaced because it is gone or was changed by
   * hand. The step that recorded it knows.
   *
   * @param wanted the label without the addition; absent: what it is
   */
  container(
    host: string,
    resource: string,
    container: string,
    recordedBy: string,
    wanted?: string,
  ): string | undefined {
    this.watched[resource] = { kind: "container", host, container, recordedBy };
    const facts = this.facts[host];
    const last = this.believed?.[resource];
    if (facts === undefined || facts instanceof Error || last === undefined) return this.keep(resource, last ?? "");
    if (this.rebuilds(resource)) return this.keep(resource, this.now);
    const found = facts.containers[container];
    if (found === undefined) {
      return this.keep(resource, this.report(host, resource, [`the container ${container} is missing`]));
    }
    const [digest, again = ""] = found.settings.split(".");
    if (wanted !== undefined && digest !== wanted) return this.keep(resource, "");
    const faults = facts.steps[recordedBy]?.faults.filter(({ kind }) => kind === "container") ?? [];
    return this.keep(
      resource,
      faults.length === 0
        ? again
        : this.report(
            host,
            resource,
            faults.map(({ says }) => says),
          ),
    );
  }

  /** Whether an addition to a container's settings label is this update's: the container is replaced. */
  replaces(again: string | undefined): boolean {
    return again === this.now;
  }

  /** What has an image pulled again because it is gone from its host; undefined where it has never been. */
  image(host: string, resource: string, image: string): string | undefined {
    this.watched[resource] = { kind: "image", host, image };
    const facts = this.facts[host];
    const last = this.believed?.[resource];
    if (facts === undefined || facts instanceof Error || last === undefined) return this.keep(resource, last ?? "");
    const there = facts.images[image] ?? true;
    return this.keep(resource, there ? last : this.report(host, resource, [`the image ${image} is missing`]));
  }

  private decide(
    host: string,
    resource: string,
    facts: HostFacts | Error | undefined,
    last: string | undefined,
  ): string {
    if (facts === undefined || facts instanceof Error) return last ?? "";
    if (this.rebuilds(resource) && last !== undefined) return this.now;
    const step = facts.steps[resource];
    if (step !== undefined) {
      const faults = step.faults.filter(({ kind }) => kind !== "http" || step.faults.every(isHttp));
      return step.faults.length === 0
        ? step.again
        : this.report(
            host,
            resource,
            faults.map(({ says }) => says),
          );
    }
    return last === undefined ? "" : this.report(host, resource, ["the host does not know of it"]);
  }

  private report(host: string, resource: string, sentences: readonly string[]): string {
    this.found.push(...sentences.map((says) => ({ host, resource, says })));
    return this.now;
  }

  private keep(resource: string, again: string): string | undefined {
    this.again[resource] = again;
    return again === "" ? undefined : again;
  }
}

/** A page does not answer, which is no fault of its own where what serves it does not run. */
function isHttp({ kind }: Fault): boolean {
  return kind === "http";
}
