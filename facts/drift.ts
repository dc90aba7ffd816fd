import type { Facts } from "./ask";
import type { HostFacts } from "./read";

/** What the state believes of the steps: by resource, the value by which it was last told to run again; empty at first. */
export type Believed = Readonly<Record<string, string>>;

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

  /**
   * @param believed absent: the state is of a release that recorded nothing, or there is none
   * @param now what tells a value from all others before it
   */
  constructor(
    private readonly facts: Facts,
    private readonly believed: Believed | undefined,
    private readonly now = `${new Date().toISOString().slice(0, 19)}Z`,
  ) {}

  /** All of a node's resources have to run again: its data are gone, and it joins the others as a blank one. */
  rebuild(host: string, node: string): void {
    this.blank.add(node);
    this.found.push({
      host,
      resource: node,
      says: `the data of ${node} are not there: it joins the others as a blank node`,
    });
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
    const facts = this.facts[host];
    const own = this.decide(host, resource, facts, this.believed?.[resource]);
    const others = facts === undefined || facts instanceof Error ? [] : alongWith.map((other) => facts.steps[other]);
    return this.keep(resource, others.some((other) => (other?.faults.length ?? 0) > 0) ? this.now : own);
  }

  /**
   * What is added to a container's settings label: nothing, or what has it replaced because it is gone or was changed by
   * hand. The step that recorded it knows.
   *
   * @param wanted the label without the addition
   */
  container(host: string, resource: string, container: string, recordedBy: string, wanted: string): string | undefined {
    const facts = this.facts[host];
    const last = this.believed?.[resource];
    if (facts === undefined || facts instanceof Error || last === undefined) return this.keep(resource, last ?? "");
    if (this.rebuilds(resource)) return this.keep(resource, this.now);
    const found = facts.containers[container];
    if (found === undefined) {
      return this.keep(resource, this.report(host, resource, [`the container ${container} is missing`]));
    }
    const [digest, again = ""] = found.settings.split(".");
    if (digest !== wanted) return this.keep(resource, "");
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
      return step.faults.length === 0
        ? step.again
        : this.report(
            host,
            resource,
            step.faults.map(({ says }) => says),
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
