import { join } from "node:path";

import { membersOf, type ExpectedMember, type FormedData, type MemberData } from "../../../commands/rabbitmq";
import { makeDirectory } from "../../unit/support/directory";

/** A host with a node's directory, with files by their paths in it. */
export function node(files: Record<string, string> = {}): {
  root: string;
  directory: string;
  files: Record<string, string>;
} {
  const root = makeDirectory();
  const paths = Object.entries(files).map(([path, text]) => [`/node/${path}`, text] as const);
  return { root, directory: join(root, "node"), files: { "/node/.keep": "", ...Object.fromEntries(paths) } };
}

/** What is recorded of a container. */
const made = "{{.Id}} {{.Image}} {{json .Config.Env}} {{json .Config.Labels}} {{json .HostConfig}}";
export const recorded = `docker inspect -f ${made} rabbitmq`;
export const ownContainer = { [made]: { stdout: "as it was made\n" } };

/** The second of three members, a disc node. */
export function memberData(directory: string): MemberData {
  return {
    name: "rabbitmq2",
    container: "rabbitmq",
    directory,
    type: "disc",
    peers: ["rabbitmq1", "rabbitmq3"],
    memory: "0.4",
    disk: "1GB",
    partitions: "pause_minority",
    plugins: ["rabbitmq_management", "rabbitmq_prometheus"],
    stopped: false,
    grace: 300,
    amqpPort: 5672,
    containerId: "1234",
  };
}

export const three: ExpectedMember[] = [
  { name: "rabbitmq1", type: "disc" },
  { name: "rabbitmq2", type: "disc" },
  { name: "rabbitmq3", type: "ram" },
];

/** A cluster as it should be, asked on the first of its members. */
export function formedData(directory: string, members: readonly ExpectedMember[] = three): FormedData {
  return {
    name: "rabbitmq1",
    container: "rabbitmq",
    directory,
    disc: membersOf("disc", members),
    ram: membersOf("ram", members),
    lost: [],
    containers: members.map(({ name }) => `id of ${name}`),
    stopped: false,
  };
}
