import { policy, type Resource } from "../lib/policy";
import { isAbsent, section, text, textsWithin } from "../lib/read";
import { isWarrens, types } from "../lib/types";

const dockerProvider = "pulumi:providers:docker";

export const hostKeys = policy(
  {
    name: "host-keys",
    level: "advisory",
    levelReason: "on the first visit to a new host its key may not be known yet",
    asks: "The key of every host is given.",
    why: "Without it whoever answers at that address gets the cookie, the passwords and root's commands.",
    mend: "Set hostKey to what `ssh-keyscan ADDRESS` prints, compared with the host's own, or ssh.knownHostsFile.",
    source: "https://github.com/pulumi/pulumi-command/issues/755",
  },
  {
    types: [types.host, types.command, dockerProvider],
    resource: (resource, report) => {
      for (const found of unchecked(resource)) report(found);
    },
  },
);

function unchecked({ type, name, urn, inputs }: Resource): string[] {
  if (type === dockerProvider) {
    const off = textsWithin(inputs.sshOpts).some((options) =>
      /StrictHostKeyChecking[ =]+["']?(?:no|off)\b/i.test(options),
    );
    return off ? [`The Docker provider ${name} takes any host key (StrictHostKeyChecking=no).`] : [];
  }
  if (type === types.host) {
    const address = text(inputs.address);
    return address !== undefined && isAbsent(inputs.hostKey) ? [`The host ${name} (${address}) has no hostKey.`] : [];
  }
  // Warren's commands all have their connection from a Host.
  if (isWarrens(urn)) return [];
  const connection = section(inputs.connection);
  const ends = [
    ["connection", connection],
    ["connection's proxy", section(connection?.proxy)],
  ] as const;
  return ends.flatMap(([end, login]) => {
    const address = text(login?.host);
    return address !== undefined && isAbsent(login?.hostKey)
      ? [`The ${end} of ${name} (${address}) has no hostKey.`]
      : [];
  });
}
