import { dirname } from "node:path";

import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";

import { removeStray } from "../commands/docker";
import { signsDirectory } from "../commands/haproxy";
import {
  capabilities,
  configDirectory,
  container,
  keepalivedRunning,
  makeRoom,
  stopGraceSeconds,
} from "../commands/keepalived";
import { containerDefaults, containerDigest, ownLabels } from "./container";
import type { Host } from "./host";

/*
 * keepalived's container on one host. It shares the host's network; what it reads lies on the host, in the same places as
 * for a keepalived that runs there.
 */

export interface KeepalivedContainerArgs {
  image: docker.RemoteImage;
  imageName: string;
  /** File with the port at which the host's balancer says whether it can serve. */
  healthPortFile: string;
  /** The file to which changes are added. */
  logFile?: string;
  timezone?: string;
}

/** The image on a host. */
export function keepalivedImage(name: string, host: Host, image: string, parent: pulumi.Resource): docker.RemoteImage {
  return new docker.RemoteImage(
    `${name}-image`,
    { name: image, keepLocally: true, triggers: host.imageTriggers(`${name}-image`, image) },
    host.options({ parent, provider: host.docker, dependsOn: [host.ready] }),
  );
}

/**
 * The container, and the wait until it stands by. Before it is made, the host's own keepalived gives way. A caller that
 * replaces several makes one depend on the other, so that a virtual IP always finds a host to go to.
 */
export function keepalivedContainer(
  name: string,
  host: Host,
  args: KeepalivedContainerArgs,
  { parent, dependsOn }: { parent: pulumi.Resource; dependsOn: pulumi.Resource[] },
): ReturnType<Host["step"]> {
  const spec = containerSpec(args);
  const { settings } = host.container({
    ...{ resource: `${name}-container`, container, recordedBy: `${name}-running`, image: args.imageName },
    ...{ digests: [containerDigest(spec, host.machine)], stopSeconds: stopGraceSeconds },
  });
  const stray = { container, stack: host.stack, part: name, graceSeconds: stopGraceSeconds };
  const made = new docker.Container(
    `${name}-container`,
    {
      ...spec,
      image: args.image.imageId,
      destroyGraceSeconds: stopGraceSeconds,
      labels: ownLabels(host.stack, name, settings),
    },
    host.options({
      parent,
      provider: host.docker,
      dependsOn,
      hooks: {
        beforeCreate: [
          host.beforeCreate(`${name}-remove-stray`, removeStray, stray),
          host.beforeCreate(`${name}-make-room`, makeRoom, {}),
        ],
      },
    }),
  );
  return host.step(`${name}-running`, keepalivedRunning, { containerId: made.id }, { parent, dependsOn: [made] });
}

/** Everything that replaces the container when it changes, beside its image. */
function containerSpec({ healthPortFile, logFile, timezone }: KeepalivedContainerArgs) {
  const same = (path: string, readOnly: boolean) => ({ hostPath: path, containerPath: path, readOnly });
  return {
    ...containerDefaults,
    name: container,
    networkMode: "host",
    capabilities: { adds: [...capabilities], drops: ["ALL"] },
    entrypoints: ["keepalived"],
    command: ["--dont-fork", "--log-console"],
    envs: timezone === undefined ? [] : [`TZ=${timezone}`],
    // What a killed one leaves there would tell the next one that it runs already.
    tmpfs: { "/run": "" },
    volumes: [
      same(configDirectory, true),
      same(signsDirectory, true),
      same(dirname(healthPortFile), true),
      ...(logFile === undefined ? [] : [same(logFile, false)]),
    ],
  };
}
