import { policy, type Resource } from "../lib/policy";
import { isAbsent, list, section, sections, text, unknown, type Inputs, type Value } from "../lib/read";
import { isWithin, types } from "../lib/types";

/** Where the broker's images keep what they must not lose. */
const dataPath = "/var/lib/rabbitmq";

/** Directories that do not outlive a restart, or that are swept. */
const fleeting = /^\/(?:tmp|var\/tmp|run|var\/run|dev\/shm)(?:\/|$)/;

export const dataDirectory = policy(
  {
    name: "data-directory",
    level: "mandatory",
    levelReason: "every change to the container would lose its queues and messages",
    asks: "A broker's data are on a directory of the host or on a volume.",
    why: "What is in the container itself, or in memory, goes with the container.",
    mend: `Mount a directory of the host, such as /var/lib/warren/rabbitmq/data, or a named volume at ${dataPath}.`,
    source: "https://www.rabbitmq.com/docs/production-checklist#storage-durability",
  },
  {
    types: [types.container],
    resource: (container, report) => {
      const { name, inputs } = container;
      if (!isBroker(container)) return;
      const mounts = mountsOf(inputs);
      if (!mounts) return;
      const mount = mounts.find(({ target }) => holdsData(target));
      const source = text(mount?.source);
      if (mount === undefined) report(`The broker's container ${name} has nothing mounted at ${dataPath}.`);
      else if (isAbsent(mount.source)) {
        report(`The broker's container ${name} has memory, or a volume without a name, at ${dataPath}.`);
      } else if (source !== undefined && fleeting.test(source)) {
        report(`The data of ${name} are in ${source}, which does not last.`);
      }
    },
  },
);

function isBroker({ urn, inputs }: Resource): boolean {
  return isWithin(urn, types.node) || /(?:^|\/)rabbitmq\b/.test(text(inputs.image) ?? "");
}

function holdsData(path: string): boolean {
  return dataPath === path || dataPath.startsWith(path.replace(/\/*$/, "/"));
}

interface Mount {
  target: string;
  /** Nothing: memory, or a volume that nobody finds again. */
  source: Value | undefined;
}

/** Nothing where one of them is not known yet: it could be the one. */
function mountsOf({ volumes, mounts, tmpfs }: Inputs): Mount[] | undefined {
  const found = [
    ...sections(volumes).map((volume) => ({
      target: volume.containerPath,
      source: volume.hostPath ?? volume.volumeName,
    })),
    ...sections(mounts).map(({ target, type, source }) => ({ target, source: type === "tmpfs" ? null : source })),
    ...Object.keys(section(tmpfs) ?? {}).map((target) => ({ target, source: null })),
  ];
  const unclear = [volumes, mounts, tmpfs, ...(list(volumes) ?? []), ...(list(mounts) ?? [])];
  if ([...unclear, ...found.map(({ target }) => target)].includes(unknown)) return undefined;
  return found.map(({ target, source }) => ({ target: text(target) ?? "", source }));
}
