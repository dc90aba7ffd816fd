import type { Facts } from "./ask";

/** How a container was made when the last update ended. */
export interface MadeContainer {
  /** Number of its form; 0 is that of releases which recorded none. */
  form: number;
  /** The name of its image. */
  image: string;
  /** How long it gets to stop. */
  stopSeconds: number;
}

/** A container that is to be on a host. */
export interface WantedContainer {
  /** Name of its resource. */
  resource: string;
  /** Its own name. */
  container: string;
  /** The resource whose step records how the container is. */
  recordedBy: string;
  /** Name of its image. */
  image: string;
  /** Digests of its settings, by form: the ways in which this release and those before it make it, the oldest first. */
  digests: readonly string[];
  /** How long it gets to stop. */
  stopSeconds: number;
}

/** By resource. */
export type MadeContainers = Readonly<Record<string, MadeContainer>>;

/**
 * The forms of containers. Releases differ in how they make a container of the same settings: with other mounts, say. One that
 * is there keeps its form until it is replaced for another reason, so that an upgrade of Warren restarts no container.
 */
export class ContainerForms {
  /** By resource: how its container is made from now on. */
  readonly made: Record<string, MadeContainer> = {};

  /**
   * @param believed absent: the state is of a release that recorded nothing, or there is none
   * @param former hosts whose containers such a release made
   */
  constructor(
    private readonly facts: Facts,
    private readonly believed: MadeContainers | undefined,
    private readonly former: ReadonlySet<string>,
  ) {}

  /** How a container was made that stays; undefined where there is none, or where it will be replaced. */
  kept(host: string, wanted: WantedContainer): MadeContainer | undefined {
    const { resource, container, image, digests, stopSeconds } = wanted;
    const last = this.believed?.[resource];
    const facts = this.facts[host];
    if (facts === undefined || facts instanceof Error) {
      const former = this.believed === undefined && this.former.has(host);
      return former ? { form: 0, image, stopSeconds } : last;
    }
    const [settings] = facts.containers[container]?.settings.split(".") ?? [];
    const form = digests.findIndex((digest) => digest === settings);
    if (form === -1 || (last !== undefined && last.image !== image)) return undefined;
    return { form, image, stopSeconds: last?.stopSeconds ?? stopSeconds };
  }
}
