import * as pulumi from "@pulumi/pulumi";

import * as rabbitmq from "../commands/rabbitmq";
import { loginName, logins } from "../config/logins";
import { generated } from "./generated";
import type { Host } from "./host";

/** What rotates a login: `retired` is the number of the last one that is deleted; default: two below the newest. */
interface RotationArgs {
  rotation: number;
  retired?: number;
  /** The newest login's. Default: generated. */
  password?: pulumi.Input<string>;
}

/** An application's user. */
export interface UserArgs extends RotationArgs, Omit<rabbitmq.User, "username" | "password"> {}

export interface ClusterLoginsArgs {
  /** The administrator's name, which is login number 1's. */
  username: string;
  /** In which the administrator has every right. */
  vhost: string;
  administrator: RotationArgs;
  users: Readonly<Record<string, UserArgs>>;
  managementPort: number;
}

/** A login, as clients are handed it. */
export interface Login {
  username: string;
  /** A secret. */
  password: pulumi.Output<string>;
}

/** Brings a login about on a broker, as a resource. */
type MakeLogin = (resource: string, login: Login, opts: pulumi.CustomResourceOptions) => pulumi.Resource;

/**
 * The newest login of one user and, until it is retired, the one before it. Resources of number 1 have plain names, those
 * of number N have `.N` behind them.
 */
class RotatedLogin {
  readonly newest: Login;
  private readonly former: Login | undefined;
  private readonly numbers: { newest: number; former: number };

  constructor(
    private readonly resource: string,
    name: string,
    passwordResource: string,
    args: RotationArgs,
    private readonly cluster: pulumi.ComponentResource,
  ) {
    const { newest, former } = logins(args.rotation, args.retired);
    const login = (number: number): Login => ({
      username: loginName(name, number),
      password: pulumi.secret(
        args.password ?? generated(loginName(passwordResource, number), { length: 24, rotation: 1, parent: cluster }),
      ),
    });
    this.former = former === undefined ? undefined : login(former);
    this.newest = login(newest);
    this.numbers = { newest, former: former ?? 0 };
  }

  /** Brings both about. The former stays exactly as it was made, by whatever release; retiring it is its resource's end. */
  make(bring: MakeLogin, after: pulumi.Resource[]): pulumi.Resource {
    // Where the whole cluster goes, its users' ends are not called for.
    const opts = { parent: this.cluster, dependsOn: after, deletedWith: this.cluster };
    if (this.former !== undefined) {
      const ignoreChanges = ["create", "update", "delete", "stdin"];
      bring(loginName(this.resource, this.numbers.former), this.former, { ...opts, ignoreChanges });
    }
    return bring(loginName(this.resource, this.numbers.newest), this.newest, opts);
  }
}

/** The logins of a cluster: its administrator's, and its applications' users'. */
export class ClusterLogins {
  readonly administrator: Login;
  readonly users: Record<string, Login>;
  private readonly rotated: { administrator: RotatedLogin; users: Record<string, RotatedLogin> };

  /** The passwords are made; {@link make} brings the logins about. */
  constructor(
    name: string,
    private readonly args: ClusterLoginsArgs,
    cluster: pulumi.ComponentResource,
  ) {
    const { username } = args;
    this.rotated = {
      administrator: new RotatedLogin(
        `${name}-administrator`,
        username,
        `${name}-password`,
        args.administrator,
        cluster,
      ),
      users: Object.fromEntries(
        Object.entries(args.users).map(([user, settings]) => {
          const resource = `${name}-user-${user}`;
          return [user, new RotatedLogin(resource, user, `${resource}-password`, settings, cluster)];
        }),
      ),
    };
    this.administrator = this.rotated.administrator.newest;
    this.users = Object.fromEntries(Object.entries(this.rotated.users).map(([user, { newest }]) => [user, newest]));
  }

  /** Brings the logins about on a member; gives what says that the administrator can log in. */
  make(host: Host, place: rabbitmq.NodePlace, after: pulumi.Resource[]): pulumi.Resource {
    const { vhost, managementPort, users } = this.args;
    const administrator = this.rotated.administrator.make((resource, { username, password }, opts) => {
      const definitions = password.apply((text) =>
        rabbitmq.administratorDefinitions({ username, password: text, vhost }),
      );
      const path = rabbitmq.permissionsPath(vhost, username);
      const data = { ...place, username, password, path, definitions, managementPort };
      return host.step(resource, rabbitmq.administrator, data, opts);
    }, after);
    for (const [user, { vhosts, configure, write, read, tags }] of Object.entries(users)) {
      this.rotated.users[user]?.make(
        (resource, { username, password }, opts) => {
          const wanted = password.apply((text) => ({ username, password: text, vhosts, configure, write, read, tags }));
          const definitions = wanted.apply(rabbitmq.userDefinitions);
          const data = { ...place, username, vhosts, definitions, wanted: wanted.apply(rabbitmq.userLines) };
          return host.step(resource, rabbitmq.user, data, opts);
        },
        // A user's virtual host may be the administrator's, which is made with that one.
        [administrator],
      );
    }
    return administrator;
  }
}
