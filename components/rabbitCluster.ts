import * as pulumi from "@pulumi/pulumi";

import { adoptable, formed, nameCluster, type Adoption } from "../commands/rabbitmq";
import { generated } from "./generated";
import type { Host } from "./host";
import { ClusterLogins, type Login, type UserArgs } from "./logins";
import { rabbitContainer, RabbitNode, type RabbitNodeSettings } from "./rabbitNode";

export interface RabbitClusterArgs extends Omit<RabbitNodeSettings, "cookie" | "password" | "peers"> {
  /** The broker's version, as the image has it. */
  version: string;
  clusterName: string;
  /** The first is the root, which the others join; it has to be a disc node. */
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
  /** Blank nodes join side by side; only for broker versions that a test has proved to bear it. */
  joinsInParallel: boolean;
}

/** What `rabbitmqctl cluster_status` says of a formed cluster. */
export interface ClusterMembers {
  disc: string[];
  ram: string[];
  running: string[];
  /** Version by node, such as `3.8.9 on Erlang 23.2.6`. */
  versions: Record<string, string>;
}

/** A RabbitMQ cluster: one node on each host, one cookie, formed by joining the root. */
export class RabbitCluster extends pulumi.ComponentResource {
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
    const [root, ...others] = args.nodes;
    if (root?.type !== "disc") {
      throw new pulumi.RunError(`${name}: the first node has to be a disc node`);
    }
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

    const looked = this.lookAtAdopted(args, cookie);
    const nodes: RabbitNode[] = [];
    let lastServing: pulumi.Resource[] = [];
    for (const [index, { name: nodeName, host, type, adopt }] of [root, ...others].entries()) {
      const first = nodes[0];
      const before = nodes.at(-1);
      const node: RabbitNode = new RabbitNode(
        nodeName,
        {
          ...args,
          // The first user of a blank database is the one that clients are handed.
          conf: { ...conf, username: this.username },
          host,
          cookie,
          password: this.password,
          peers: args.nodes.map((peer) => ({ name: peer.name, address: peer.host.address })),
          after: args.serving.includes(nodeName) ? [...looked, ...lastServing] : [],
          ...(adopt === undefined ? {} : { adopt: adoption(adopt, index) }),
          ...(first === undefined || before === undefined
            ? {}
            : {
                join: {
                  type,
                  peer: root.name,
                  after: args.joinsInParallel ? [first.booted] : [first.booted, before.joined],
                },
              }),
        },
        { parent: this },
      );
      nodes.push(node);
      if (args.serving.includes(nodeName)) {
        lastServing = [node.joined];
      }
    }

    const [rootNode] = nodes;
    if (rootNode === undefined) {
      throw new pulumi.RunError(`${name}: a cluster needs a node`);
    }
    const status = root.host.run(
      `${name}-formed`,
      {
        create: formed(rootNode.place, args.nodes),
        triggers: nodes.map((node) => node.containerId),
      },
      { parent: this, dependsOn: nodes.map((node) => node.joined) },
    );
    this.formed = status;
    root.host.run(
      `${name}-name`,
      { create: nameCluster(rootNode.place, clusterName) },
      { parent: this, dependsOn: [status] },
    );
    this.administrator = logins.make(root.host, rootNode.place, [status]);
    this.members = pulumi.unsecret(status.stdout).apply(readMembers);
    this.registerOutputs({ members: this.members, password: this.password });
  }

  /** Before anything is done to a cluster made by hand, each of its containers is looked at. */
  private lookAtAdopted(args: RabbitClusterArgs, cookie: pulumi.Output<string>): pulumi.Resource[] {
    const { version, nodes: members, ports } = args;
    return members.flatMap(({ name, host, adopt }, index) => {
      if (adopt === undefined) return [];
      const place = { name, container: rabbitContainer, directory: `${args.directory}/${name}` };
      const { plugins } = args.conf;
      const create = cookie.apply((text) =>
        adoptable(place, adoption(adopt, index), { version, cookie: text, members, plugins, ports }),
      );
      return [host.run(`${name}-adoptable`, { create }, { parent: this, dependsOn: [host.ready] })];
    });
  }
}

function adoption(container: string, index: number): Adoption {
  return { container, path: `warren:rabbitmq.nodes[${index}]` };
}

interface ClusterStatus {
  disk_nodes: string[];
  ram_nodes: string[];
  running_nodes: string[];
  versions: Record<string, { rabbitmq_version: string; erlang_version: string }>;
}

function readMembers(json: string): ClusterMembers {
  const status = JSON.parse(json) as ClusterStatus;
  return {
    disc: status.disk_nodes.sort(),
    ram: status.ram_nodes.sort(),
    running: status.running_nodes.sort(),
    versions: Object.fromEntries(
      Object.entries(status.versions)
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([node, v]) => [node, `${v.rabbitmq_version} on Erlang ${v.erlang_version}`]),
    ),
  };
}
