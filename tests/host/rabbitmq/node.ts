import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";

import type { ConfigurationData } from "../../../commands/rabbitmq/configuration";
import type { FilesData } from "../../../commands/rabbitmq/files";
import type { NodePlace } from "../../../commands/rabbitmq/place";
import { enabledPlugins } from "../../../templates/rabbitmqConf";
import type { Stubs } from "../../unit/support/bash";
import { makeDirectory } from "../../unit/support/directory";

const { uid, gid } = userInfo();

/** In place of the user of the container's image: this one, who may write files. */
export const ownImage = `find_container_owner() { container_owner=${uid}:${gid}; }`;
export const ownUser = { uid, gid };

/** A node on a host of its own, with files in its directory. */
export class Node {
  readonly root = makeDirectory();
  readonly place: NodePlace;

  constructor(name: string, files: Record<string, string> = {}) {
    this.place = { name, container: "rabbitmq", directory: `${this.root}/var/lib/warren/rabbitmq/${name}` };
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  /** The node's own directory. */
  get directory(): string {
    return this.place.directory;
  }

  path(file: string): string {
    return join(this.directory, file);
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(this.path(file)), { recursive: true });
    writeFileSync(this.path(file), text);
  }

  read(file: string): string | undefined {
    return this.has(file) ? readFileSync(this.path(file), "utf8") : undefined;
  }

  has(file: string): boolean {
    return existsSync(this.path(file));
  }

  /** Permissions in octal digits. */
  mode(file: string): string {
    return (statSync(this.path(file)).mode & 0o7777).toString(8);
  }

  makeWritable(file: string): void {
    chmodSync(this.path(file), 0o600);
  }

  /** Where it stands on the host that the node has served. */
  get served(): string {
    return join(this.root, "etc/warren/nodes", this.place.name);
  }
}

/** What a node's files are made of. */
export function filesOf({ place }: Node, changes: Partial<FilesData> = {}): FilesData {
  return {
    ...place,
    stack: "acme/warren/dev",
    image: "rabbitmq:3.8.9-management",
    fixed: ["ERL_EPMD_PORT=4369", "RABBITMQ_DIST_PORT=25672"],
    hosts: "127.0.0.1 localhost\n",
    cookie: "new-cookie",
    adopts: false,
    joins: false,
    ...changes,
  };
}

/** No container is there. */
export const nobody: Stubs[string] = { inspect: { code: 1 } };

/** What a node's broker reads when it starts. */
export function configurationOf({ place }: Node, changes: Partial<ConfigurationData> = {}): ConfigurationData {
  const file = (name: string, mode: string, content: string) => ({
    path: `${place.directory}/conf/${name}`,
    ...{ mode, owner: "container", content },
  });
  return {
    ...place,
    files: [
      file("enabled_plugins", "0640", enabledPlugins(["rabbitmq_management"])),
      file("rabbitmq.conf", "0440", "log.console = true\n"),
    ],
    adopts: false,
    joins: false,
    ...changes,
  };
}

/** A call of the broker's CLI in the node's container. */
export const cli = (args: string, tool = "rabbitmqctl"): string =>
  `docker exec -u rabbitmq rabbitmq ${tool} -q ${args}`;
