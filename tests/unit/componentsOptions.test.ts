import { deployDev, home, knownKey } from "./support/devStack";
import { imageId, unsealed, type Deployment, type Resource } from "./support/mocks";

/* What each kind of resource is asked for. */

let dev: Deployment;
let commands: Resource[];
beforeAll(async () => {
  dev = await deployDev();
  commands = dev.resources.filter(({ type }) => type === "command:remote:Command");
});

/** Some input of each command that has it. */
const each = (input: string) =>
  Object.fromEntries(
    commands
      .filter(({ inputs }) => input in inputs)
      .map(({ name, inputs }): [string, unknown] => [name, inputs[input]]),
  );

const stdin = (deployment: Deployment, name: string): string => {
  const value = deployment.resource(name).inputs["stdin"];
  return String(unsealed(value) ?? value);
};

const labelsOf = (deployment: Deployment, name: string): Record<string, string> => {
  const list = deployment.resource(name).inputs["labels"] as { label: string; value: string }[];
  return Object.fromEntries(list.map(({ label, value }): [string, string] => [label, value]));
};

const ownLog = {
  restart: "always",
  networkMode: "bridge",
  logDriver: "json-file",
  logOpts: { "max-size": "50m", "max-file": "3" },
};
const port = (external: number, internal = external) => ({ internal, external });
/** The CLI's own ports: the distribution's with 10000 to 10010 added. */
const cliPorts = (first: number) => Array.from({ length: 11 }, (_, offset) => port(first + offset));

describe("containers", () => {
  test("a broker's, whole", () => {
    expect(dev.resource("rabbitmq2-container").inputs).toEqual({
      ...ownLog,
      mustRun: true,
      name: "rabbitmq",
      hostname: "rabbitmq2",
      image: imageId,
      destroyGraceSeconds: 120,
      envs: ["ERL_EPMD_PORT=4369", "RABBITMQ_DIST_PORT=25672", "TZ=Asia/Shanghai"],
      ports: [port(5672), port(5671), port(15672), port(15692), port(4369), port(25672), ...cliPorts(35672)],
      volumes: [
        { hostPath: "/var/lib/warren/rabbitmq/rabbitmq2/data", containerPath: "/var/lib/rabbitmq" },
        { hostPath: "/var/lib/warren/rabbitmq/rabbitmq2/conf", containerPath: "/etc/rabbitmq" },
        { hostPath: "/var/lib/warren/rabbitmq/rabbitmq2/hosts", containerPath: "/etc/hosts" },
      ],
      labels: [
        { label: "io.warren.stack", value: "acme/warren/dev" },
        { label: "io.warren.part", value: "rabbitmq2" },
        { label: "io.warren.settings", value: expect.stringMatching(/^[0-9a-f]{16}$/) as string },
      ],
    });
  });

  test("a balancer's, whole", () => {
    expect(dev.resource("haproxy-host5-container").inputs).toEqual({
      ...ownLog,
      name: "haproxy",
      image: imageId,
      destroyGraceSeconds: 30,
      envs: ["TZ=Asia/Shanghai"],
      ports: [port(15670, 5670), port(8100), port(15672)],
      volumes: [
        { hostPath: "/var/lib/warren/haproxy/host5/conf", containerPath: "/usr/local/etc/haproxy", readOnly: true },
      ],
      labels: [
        { label: "io.warren.stack", value: "acme/warren/dev" },
        { label: "io.warren.part", value: "haproxy-host5" },
        { label: "io.warren.settings", value: expect.stringMatching(/^[0-9a-f]{16}$/) as string },
      ],
    });
  });

  test("a broker's and a balancer's with further protocols", async () => {
    const other = await deployDev({
      "rabbitmq.plugins": ["rabbitmq_management", "rabbitmq_mqtt", "rabbitmq_stomp", "rabbitmq_stream"],
      "rabbitmq.ports": { stomp: 61614 },
      "haproxy.ports": { mqtt: 1884, stomp: 61615, stream: 5553, metrics: 9405 },
    });
    expect(other.resource("rabbitmq1-container").inputs["ports"]).toEqual(
      expect.arrayContaining([port(1883), port(61614, 61613), port(5552)]),
    );
    expect(other.resource("haproxy-host4-container").inputs["ports"]).toEqual([
      port(15670, 5670),
      port(8100),
      port(9405, 8405),
      port(1884, 1883),
      port(61615, 61613),
      port(5553, 5552),
    ]);
  });

  test("with everything else than the defaults", async () => {
    const other = await deployDev({
      "prepare.timezone": undefined,
      "rabbitmq.openFiles": 100000,
      "rabbitmq.stopGraceSeconds": 300,
      "rabbitmq.memoryLimit": "2GiB",
      "rabbitmq.environment": { RABBITMQ_IO_THREAD_POOL_SIZE: "64", LANG: "C UTF-8" },
      "rabbitmq.dataDirectory": "/srv/mq",
      "rabbitmq.ports": { amqp: 5682, management: 15682, epmd: 4370, distribution: 25682 },
      "haproxy.directory": "/srv/lb",
      "haproxy.ports": { amqp: 5672, stats: 9000 },
    });
    expect(other.resource("rabbitmq1-container").inputs).toMatchObject({
      destroyGraceSeconds: 300,
      envs: ["ERL_EPMD_PORT=4370", "RABBITMQ_DIST_PORT=25682", "RABBITMQ_IO_THREAD_POOL_SIZE=64", "LANG=C UTF-8"],
      memory: 2048,
      memorySwap: 2048,
      ports: [
        port(5682, 5672),
        port(5671),
        port(15682, 15672),
        port(15692),
        port(4370),
        port(25682),
        ...cliPorts(35682),
      ],
      ulimits: [{ name: "nofile", soft: 100000, hard: 100000 }],
      volumes: ["data", "conf", "hosts"].map((name) => ({ hostPath: `/srv/mq/rabbitmq1/${name}` })),
    });
    expect(other.resource("haproxy-host4-container").inputs).toMatchObject({
      envs: [],
      ports: [port(5672, 5670), port(9000, 8100)],
      volumes: [{ hostPath: "/srv/lb/host4/conf" }],
    });
  });

  test("a stray one that a killed run left is removed before each is made, on every attempt", () => {
    const hooks = dev.resources
      .filter(({ hooks: own }) => Object.keys(own).length > 0)
      .map(({ name, hooks: own }) => [name, own]);
    expect(Object.fromEntries(hooks)).toEqual({
      "rabbitmq1-container": { beforeCreateList: ["rabbitmq1-remove-stray"] },
      "rabbitmq2-container": { beforeCreateList: ["rabbitmq2-remove-stray"] },
      "rabbitmq3-container": { beforeCreateList: ["rabbitmq3-remove-stray"] },
      "haproxy-host4-container": { beforeCreateList: ["haproxy-host4-remove-stray"] },
      "haproxy-host5-container": { beforeCreateList: ["haproxy-host5-remove-stray"] },
    });
  });
});

test("images stay on their hosts when the stack is destroyed, and are pulled anew onto another machine", async () => {
  const images = dev.resources.filter(({ type }) => type === "docker:index/remoteImage:RemoteImage");
  for (const { name, inputs } of images) {
    expect(inputs).toEqual({
      name: name.startsWith("haproxy") ? "haproxy:2.6" : "rabbitmq:3.8.9-management",
      keepLocally: true,
      triggers: { machine: `198.18.66.1${/\d/.exec(name)![0]}` },
    });
  }
  expect(images).toHaveLength(5);
  const other = await deployDev({ "hosts.host3.machine": "SN-1", "hosts.host4.machine": "SN-2" });
  expect(other.resource("rabbitmq3-image").inputs["triggers"]).toEqual({ machine: "SN-1" });
  expect(other.resource("haproxy-host4-image").inputs["triggers"]).toEqual({ machine: "SN-2" });
});

test("each host's Docker is reached with the operator's key, and knows that host's key alone", () => {
  const { inputs } = dev.resource("host3-docker");
  expect(inputs["host"]).toBe("ssh://root@198.18.66.13:22");
  expect(JSON.parse(String(inputs["sshOpts"]))).toEqual(
    expect.arrayContaining([
      `${home}/.local/state/warren/lab/ssh/id_ed25519`,
      `ControlPath=${home}/.ssh/warren-%C`,
      `KnownHostsCommand=/bin/echo warren ${knownKey}`,
    ]),
  );
});

describe("commands", () => {
  test("say what they are in one line, and keep quiet about the rest", () => {
    for (const { name, inputs, additionalSecretOutputs } of commands) {
      expect(inputs).toMatchObject({
        create: `bash -s create ${name}`,
        logging: "none",
        addPreviousOutputInEnv: false,
      });
      expect(additionalSecretOutputs).toEqual(expect.arrayContaining(["stdout", "stderr", "connection"]));
      expect(Object.keys(inputs).filter((key) => ["environment", "assetPaths"].includes(key))).toEqual([]);
    }
    expect(commands).toHaveLength(46);
  });

  test("that are not done anew when something changes, but go on from what is there: members, and the whole cluster", () => {
    const names = ["rabbitmq1-member", "rabbitmq2-member", "rabbitmq3-member", "rabbitmq-formed"];
    expect(each("update")).toEqual(
      Object.fromEntries(names.map((name): [string, string] => [name, `bash -s update ${name}`])),
    );
    for (const { name } of commands) expect(stdin(dev, name).includes("\nupdate)\n")).toBe(names.includes(name));
  });

  test("that have an end: hosts' preparation, logins, files, members, configurations, services", () => {
    const names = [1, 2, 3, 4, 5].map((n) => `host${n}-prepare`);
    names.push("rabbitmq-administrator", "rabbitmq1-files", "rabbitmq2-files", "rabbitmq3-files");
    names.push("rabbitmq1-member", "rabbitmq2-member", "rabbitmq3-member");
    names.push("haproxy-host4-config", "haproxy-host5-config", "vip-host4-service", "vip-host5-service");
    expect(each("delete")).toEqual(
      Object.fromEntries(names.map((name): [string, string] => [name, `bash -s delete ${name}`])),
    );
    for (const { name } of commands) expect(stdin(dev, name).includes("\ndelete)\n")).toBe(names.includes(name));
  });

  test("that run anew when what they watch is made anew", () => {
    const settled = [
      "id of vip-host4-service",
      "id of vip-host5-service",
      ...["id of haproxy-host4-ready", "id of haproxy-host5-ready"],
      '{"address":"198.18.66.100/24","virtualRouterId":51,"priorities":[101,100],"check":{"intervalSeconds":1,"rise":1,"fall":1}}',
    ];
    expect(each("triggers")).toEqual({
      "rabbitmq1-boot": ["id of rabbitmq1-container"],
      "rabbitmq2-boot": ["id of rabbitmq2-container"],
      "rabbitmq3-boot": ["id of rabbitmq3-container"],
      "haproxy-host4-ready": ["id of haproxy-host4-container"],
      "haproxy-host5-ready": ["id of haproxy-host5-container"],
      "vip-host4-holds": settled,
      "vip-host5-stands-by": settled,
    });
  });

  test("of one node never run at the same time", () => {
    for (const { name } of commands) {
      const [, lock] = /^exec 9> \/run\/lock\/warren-(.*)$/m.exec(stdin(dev, name)) ?? [];
      expect([name, lock]).toEqual([name, name === "rabbitmq-formed" ? name : /^rabbitmq\d/.exec(name)?.[0]]);
    }
  });

  test("go to their own hosts", () => {
    const hosts = commands.map(({ name, inputs }): [string, unknown] => {
      const { host } = unsealed(inputs["connection"]) as { host: string };
      return [name, host.replace("198.18.66.1", "host")];
    });
    for (const [name, host] of hosts) {
      const own = /host\d/.exec(name)?.[0] ?? `host${/^rabbitmq(\d)/.exec(name)?.[1] ?? 1}`;
      expect([name, host]).toEqual([name, own]);
    }
  });
});

describe("the settings label, by which a running container is known as the wanted one", () => {
  const label = async (changes: Record<string, unknown>) =>
    labelsOf(await deployDev(changes), "rabbitmq1-container")["io.warren.settings"];
  const asNow = () => labelsOf(dev, "rabbitmq1-container")["io.warren.settings"];

  test.each<[string, Record<string, unknown>]>([
    ["plugins with ports of their own", { "rabbitmq.plugins": ["rabbitmq_management", "rabbitmq_mqtt"] }],
    ["settings", { "rabbitmq.settings": { channel_max: 128 } }],
    ["a port", { "rabbitmq.ports": { amqp: 5682 } }],
    ["the container's memory", { "rabbitmq.memoryLimit": "2GB" }],
    ["the environment", { "rabbitmq.environment": { LANG: "C" } }],
    ["the machine", { "hosts.host1.machine": "SN-1" }],
    ["the limit of open files", { "rabbitmq.openFiles": 65536 }],
    ["the data directory", { "rabbitmq.dataDirectory": "/srv/mq" }],
    ["the time zone", { "prepare.timezone": "Europe/Berlin" }],
  ])("changes with %s", async (_title, changes) => {
    expect(await label(changes)).not.toBe(asNow());
  });

  test.each<[string, Record<string, unknown>]>([
    ["plugins", { "rabbitmq.plugins": ["rabbitmq_management", "rabbitmq_shovel"] }],
    ["a limit of memory", { "rabbitmq.memoryHighWatermark": 0.5 }],
    ["an amount as the limit of memory", { "rabbitmq.memoryHighWatermark": "2GB" }],
    ["a limit of disk", { "rabbitmq.diskFreeLimit": "2GB" }],
    ["partitions' handling", { "rabbitmq.partitionHandling": "autoheal" }],
    ["the node's type", { "rabbitmq.nodes.2.type": "disc" }],
    ["another's machine", { "hosts.host2.machine": "SN-1" }],
    ["its address by another name", { "hosts.host1.machine": "198.18.66.11" }],
    ["the administrator's name", { "rabbitmq.username": "ops" }],
    ["the virtual host", { "rabbitmq.vhost": "/" }],
    ["the password", { "rabbitmq.password": "another-password" }],
    ["how long a stop may take", { "rabbitmq.stopGraceSeconds": 60 }],
    ["the image, which has an id of its own", { "rabbitmq.image": "rabbitmq:3.8.10-management" }],
    ["another member", { "rabbitmq.nodes.2.name": "rabbitmq9" }],
    ["another member's host", { "rabbitmq.nodes.2.host": "host5", "haproxy.hosts": ["host4"] }],
  ])("does not change with %s", async (_title, changes) => {
    expect(await label(changes)).toBe(asNow());
  });

  test("is the one that the node's gate looks for, with the image's id", () => {
    for (const node of ["rabbitmq1", "rabbitmq2", "rabbitmq3"]) {
      const settings = labelsOf(dev, `${node}-container`)["io.warren.settings"] ?? "none";
      expect(stdin(dev, `${node}-gate`)).toContain(`\n"true ${imageId} ${settings}")\n`);
    }
  });
});

test("nothing is renamed by aliases, and no difference is ignored", () => {
  for (const { aliases, ignoreChanges, retainOnDelete } of dev.resources)
    expect([aliases, ignoreChanges, retainOnDelete]).toEqual([0, [], false]);
});
