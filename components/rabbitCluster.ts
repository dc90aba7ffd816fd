import * as pulumi from "@pulumi/pulumi";

import * as rabbitmq from "../commands/rabbitmq";
import { readMembers, type ClusterMembers } from "./clusterMembers";
import { generated } from "./generated";
import type { Host } from "./host";
import { ClusterLogins, type Login, type UserArgs } from "./logins";
import { nodePlace, type RabbitNodeSettings } from "./nodeContainer";
import { RabbitNode, type StartedNode } from "./rabbitNode";

export interface RabbitClusterArgs extends Omit<RabbitNodeSettings, "cookie" | "password" | "peers" | "lost"> {
  /** The broker's version, as the image has it. */
  version: string;
  clusterName: string;
  /** The seed node is the first that serves, or where none does the first disc node. */
  nodes: { name: string; host: Host; type: "disc" | "ram"; adopt?: string }[];
  /** The administrator's password. Default: generated. */
  password?: pulumi.Input<string>;
  /** The Erlang cookie. Default: generated. */
  cookie?: pulumi.Input<string>;
  /** Which cookie and which administrator's login in a row are in use. */
  rotation: { cookie: number; administrator: number; retiredAdministrator?: number };
  /** The applications' users, by name. */
  users: Record<string, UserArgs>;
  /** The nodes that served when the stack's last update ended. What changes on them changes one node after the other. */
  serving: string[];
  /** Nodes that the cluster has forgotten: their data are moved aside, and they join again. */
  forgotten: string[];
  /** The seed node then, if it is known. It stays the seed node for as long as it serves. */
  seed?: string | undefined;
  /** Blank nodes join side by side; only for broker versions that a test has proved to bear it. */
  joinsInParallel: boolean;
  /** No node runs, and all are started at once: each waits for others. */
  wakesTogether: boolean;
}

/** A RabbitMQ cluster: one node on each host, one cookie, formed by joining the seed node. */
export class RabbitCluster extends pulumi.ComponentResource {
  /** Name of the node that the others join. */
  readonly seed: string;
  /** The administrator can log in. */
  readonly administrator: pulumi.Resource;
  /** All members run as configured. */
  readonly formed: pulumi.Resource;
  readonly members: pulumi.Output<ClusterMembers>;
  /** The administrator's newest login. */
  readonly username: string;
  /** Its password; a secret. */
  readonly password: pulumi.Output<string>;
  /** The users' newest logins. */
  readonly users: Record<string, Login>;

  constructor(name: string, args: RabbitClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    const { image, version, clusterName, conf } = args;
    const { username, vhost, plugins, partitionHandling } = conf;
    // Only what a policy judges: the user may have put a secret among the other settings.
    const { heartbeat, default_queue_type } = conf.settings;
    const registered = args.nodes.map((node) => ({ name: node.name, host: node.host.name, type: node.type }));
    super(
      "warren:index:RabbitCluster",
      name,
      {
        image,
        version,
        clusterName,
        nodes: registered,
        username,
        vhost,
        plugins,
        partitionHandling,
        settings: { heartbeat, default_queue_type },
      },
      opts,
    );
    const cookie = pulumi.secret(
      args.cookie ?? generated(`${name}-cookie`, { length: 32, rotation: args.rotation.cookie, parent: this }),
    );
    const { administrator: rotation, retiredAdministrator: retired } = args.rotation;
    const { password, users } = args;
    const administrator = {
      rotation,
      ...(retired === undefined ? {} : { retired }),
      ...(password === undefined ? {} : { password }),
    };
    const logins = new ClusterLogins(
      name,
      { username, vhost, administrator, users, managementPort: args.ports.management },
      this,
    );
    this.username = logins.administrator.username;
    this.password = logins.administrator.password;
    this.users = logins.users;

    const present = args.nodes.filter(({ host }) => !host.lost);
    const serves = (node: { name: string }): boolean => args.serving.includes(node.name);
    const seed =
      present.find((node) => serves(node) && node.name === args.seed) ??
      present.find(serves) ??
      present.find(({ type }) => type === "disc");
    if (seed === undefined) {
      throw new pulumi.RunError(`${name}: every node's host is lost`);
    }
    this.seed = seed.name;
    const lost = args.nodes.filter(({ host }) => host.lost).map((node) => node.name);
    const nodes = args.nodes.map(
      ({ name: nodeName, host, type, adopt }, index) =>
        new RabbitNode(
          nodeName,
          {
            ...args,
            // The first user of a blank database is the one that clients are handed.
            conf: { ...conf, username: this.username },
            host,
            type,
            lost,
            cookie,
            password: this.password,
            peers: args.nodes.map((peer) => ({ name: peer.name, address: peer.host.address })),
            forgotten: args.forgotten.includes(nodeName),
            seed: nodeName === seed.name ? undefined : seed.name,
            ...(adopt === undefined ? {} : { adopt: adoption(adopt, index) }),
          },
          { parent: this },
        ),
    );
    for (const node of nodes.filter((node) => node.lost)) {
      node.settle(node.start(node.write([]), { gate: [], join: [], serves: true }), []);
    }
    // The seed node first, then the others that serve: who joins meets members that no longer change.
    const rank = (node: RabbitNode): number => (node.name === seed.name ? 0 : serves(node) ? 1 : 2);
    const running = nodes.filter((node) => !node.lost).sort((a, b) => rank(a) - rank(b));
    const { started, settled } = startInOrder(running, serves, this.lookAtAdopted(args, cookie), args);

    const place = nodePlace(seed.name, args.directory);
    const status = seed.host.step(
      `${name}-formed`,
      rabbitmq.formed,
      {
        ...place,
        disc: rabbitmq.membersOf("disc", present),
        ram: rabbitmq.membersOf("ram", present),
        lost,
        // As configured, not as started: data that depend on who serves would be others in the next update.
        containers: pulumi.all(nodes.flatMap((node) => started.get(node)?.container.id ?? [])),
        stopped: args.stopped,
      },
      { parent: this, dependsOn: settled },
    );
    this.formed = status;
    seed.host.step(
      `${name}-name`,
      rabbitmq.name,
      { ...place, clusterName, members: rabbitmq.memberList(present) },
      { parent: this, dependsOn: [status] },
    );
    this.administrator = logins.make(seed.host, place, [status]);
    const names = present.map((node) => rabbitmq.erlangName(node.name));
    this.members = pulumi.unsecret(status.stdout).apply((json) => readMembers(json, names));
    this.registerOutputs({ members: this.members, password: this.password });
  }

  /** Before anything is done to a cluster made by hand, each of its containers is looked at. */
  private lookAtAdopted(args: RabbitClusterArgs, cookie: pulumi.Output<string>): pulumi.Resource[] {
    const { version, nodes: members, ports } = args;
    return members.flatMap(({ name, host, adopt }, index) => {
      if (adopt === undefined) return [];
      const { container: byHand, path } = adoption(adopt, index);
      const data = {
        ...nodePlace(name, args.directory),
        byHand,
        path,
        version,
        cookie,
        disc: rabbitmq.membersOf("disc", members),
        ram: rabbitmq.membersOf("ram", members),
        plugins: args.conf.plugins,
        epmdPort: ports.epmd,
        distributionPort: ports.distribution,
      };
      return [host.step(`${name}-adoptable`, rabbitmq.adoptable, data, { parent: this, dependsOn: [host.ready] })];
    });
  }
}

function adoption(container: string, index: number): rabbitmq.Adoption {
  return { container, path: `warren:rabbitmq.nodes[${index}]` };
}

/**
 * Starts the nodes, the seed node first, and gives what says that all are the members that they should be. What changes on
 * nodes that serve changes on one after the other, but for a cluster that wakes together. They are stopped in the opposite
 * order, the seed node last.
 */
function startInOrder(
  nodes: RabbitNode[],
  serves: (node: RabbitNode) => boolean,
  looked: pulumi.Resource[],
  { stopped, joinsInParallel, wakesTogether }: Pick<RabbitClusterArgs, "stopped" | "joinsInParallel" | "wakesTogether">,
): { started: ReadonlyMap<RabbitNode, StartedNode>; settled: pulumi.Resource[] } {
  // A configuration that no broker starts with is found before anything is done to one that serves.
  const trials = nodes.filter(serves).map((node) => node.trial);
  const written = nodes.map((node) => ({ node, files: node.write(serves(node) ? trials : []) }));
  const allFiles = written.map(({ files }) => files.files);
  const started = new Map<RabbitNode, StartedNode>();
  let changed = looked;
  let settled: pulumi.Resource[] = [];
  for (const { node, files } of written) {
    const before = [...started.values()];
    const seeded = before.slice(0, 1).map(({ booted }) => booted);
    const joined = joinsInParallel ? [] : before.slice(-1).map((other) => other.joined);
    const own = node.start(files, {
      gate: serves(node) ? changed : [],
      join: [...allFiles, ...seeded, ...changed, ...joined],
      serves: serves(node),
    });
    started.set(node, own);
    if (!stopped) {
      settled = wakesTogether ? [...settled, node.settle(own, [])] : [node.settle(own, settled)];
    }
    if (serves(node) && !wakesTogether) {
      changed = stopped ? [own.joined] : settled;
    }
  }
  if (stopped) {
    for (const [node, own] of [...started].toReversed()) {
      settled = [node.settle(own, settled)];
    }
  }
  return { started, settled };
}
