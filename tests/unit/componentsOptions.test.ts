import { deployDev, knownKey, members } from "./support/devStack";
import { imageId, unsealed, type Deployment, type Resource } from "./support/mocks";
import { lockOf, stepOf } from "./support/steps";

import { readFileSync } from "node:fs";

/* What each kind of resource is asked for. */

let dev: Deployment;
let commands: Resource[];
beforeAll(async () => {
  dev = await deployDev();
  commands = dev.resources.filter(({ type }) => type === "command:remote:Command");
});

const warren = "/usr/local/lib/warren/current/warren";

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
const bind = (source: string, target: string) => ({ type: "bind", source, target });
const port = (external: number, internal = external) => ({ internal, external });
/** The CLI's own ports: the distribution's with 10000 to 10010 added. */
const cliPorts = (first: number) => Array.from({ length: 11 }, (_, offset) => port(first + offset));

describe("containers", () => {
  test("a broker's, whole", () => {
    expect(dev.resource("rabbitmq2-container").inputs).toEqual({
      ...ownLog,
      mustRun: true,
      stopTimeout: 120,
      name: "rabbitmq",
      hostname: "rabbitmq2",
      image: imageId,
      destroyGraceSeconds: 120,
      envs: ["ERL_EPMD_PORT=4369", "RABBITMQ_DIST_PORT=25672", "TZ=Asia/Shanghai"],
      ports: [port(5672), port(5671), port(15672), port(15692), port(4369), port(25672), ...cliPorts(35672)],
      mounts: [
        bind("/var/lib/warren/rabbitmq/rabbitmq2/data", "/var/lib/rabbitmq"),
        bind("/var/lib/warren/rabbitmq/rabbitmq2/conf", "/etc/rabbitmq"),
        bind("/var/lib/warren/rabbitmq/rabbitmq2/hosts", "/etc/hosts"),
        { ...bind("/var/lib/warren/rabbitmq/rabbitmq2/data/.warren", "/run/warren/data"), readOnly: true },
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
      mounts: ["data", "conf", "hosts", "data/.warren"].map((name) => ({ source: `/srv/mq/rabbitmq1/${name}` })),
    });
    expect(other.resource("haproxy-host4-container").inputs).toMatchObject({
      envs: [],
      ports: [port(5672, 5670), port(9000, 8100)],
      volumes: [{ hostPath: "/srv/lb/host4/conf" }],
    });
  });

  test("a stray one that a killed run left is removed before each is made, on every attempt; hosts get the library first", () => {
    const hooks = dev.resources
      .filter(({ hooks: own }) => Object.keys(own).length > 0)
      .map(({ name, hooks: own }) => [name, own]);
    const libraries = [1, 2, 3, 4, 5].map((n) => [
      `host${n}-prepare`,
      { beforeCreateList: [`host${n}-library`], beforeUpdateList: [`host${n}-library`] },
    ]);
    expect(Object.fromEntries(hooks)).toEqual({
      ...Object.fromEntries(libraries),
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
      "IdentityFile=~/.local/state/warren/lab/ssh/id_ed25519",
      "ControlPath=~/.ssh/w-%h-%p-%r",
      `KnownHostsCommand=/bin/echo warren ${knownKey}`,
    ]),
  );
});

describe("commands", () => {
  test("say what they are in one line, and keep quiet about the rest", () => {
    for (const resource of commands) {
      const { name, inputs, additionalSecretOutputs } = resource;
      const step = stepOf(resource);
      expect(inputs).toMatchObject({
        create: step === undefined ? `bash -s create ${name}` : `${warren} create ${step} ${name}`,
        logging: "none",
        addPreviousOutputInEnv: false,
      });
      expect(additionalSecretOutputs).toEqual(expect.arrayContaining(["stdout", "stderr", "connection"]));
      expect(Object.keys(inputs).filter((key) => ["environment", "assetPaths"].includes(key))).toEqual([]);
    }
    expect(commands).toHaveLength(53);
  });

  test("that are not done anew when something changes, but go on from what is there: members, and the whole cluster", () => {
    const names = ["rabbitmq1-member", "rabbitmq2-member", "rabbitmq3-member", "rabbitmq-formed"];
    for (const resource of commands) {
      const { name, inputs } = resource;
      const step = stepOf(resource);
      const script = names.includes(name) ? `bash -s update ${name}` : undefined;
      expect([name, inputs["update"]]).toEqual([
        name,
        step === undefined ? script : `${warren} update ${step} ${name}`,
      ]);
      if (step === undefined) expect(stdin(dev, name).includes("\nupdate)\n")).toBe(names.includes(name));
    }
  });

  test("that have an end: hosts' preparation, logins, trials, files, members, configurations, services", () => {
    const names = [1, 2, 3, 4, 5].map((n) => `host${n}-prepare`);
    names.push("rabbitmq-administrator", "rabbitmq1-files", "rabbitmq2-files", "rabbitmq3-files");
    names.push("rabbitmq1-member", "rabbitmq2-member", "rabbitmq3-member");
    names.push("rabbitmq1-trial", "rabbitmq2-trial", "rabbitmq3-trial");
    names.push("haproxy-host4-config", "haproxy-host5-config", "vip-host4-service", "vip-host5-service");
    expect(Object.keys(each("delete")).sort()).toEqual(names.sort());
    for (const resource of commands.filter(({ name }) => names.includes(name))) {
      const { name, inputs } = resource;
      const step = stepOf(resource);
      expect(inputs["delete"]).toBe(
        step === undefined
          ? `bash -s delete ${name}`
          : `test ! -e /usr/local/lib/warren -a ! -e /etc/warren/owner || ${warren} delete ${step} ${name}`,
      );
      const text = step === undefined ? stdin(dev, name) : readFileSync(`host/${step}.sh`, "utf8");
      expect([name, text]).toEqual([
        name,
        expect.stringMatching(step === undefined ? /\ndelete\)\n/ : /\ndelete\(\) \{/),
      ]);
    }
  });

  test("that run again when a container is replaced have its id among their data", () => {
    const ids = commands.flatMap(({ name }) =>
      [...stdin(dev, name).matchAll(/id of (\S+?)-container/g)].map(([, part]): [string, string] => [name, part ?? ""]),
    );
    const nodes = ["rabbitmq1", "rabbitmq2", "rabbitmq3"];
    expect(ids.sort()).toEqual(
      [
        ...nodes.flatMap((node) => [`${node}-boot`, `${node}-member`].map((name) => [name, node])),
        ...nodes.map((node) => ["rabbitmq-formed", node]),
        ...["haproxy-host4", "haproxy-host5"].map((balancer) => [`${balancer}-ready`, balancer]),
      ].sort(),
    );
    expect(each("triggers")).toEqual({});
  });

  test("of one node never run at the same time, but for trials, which change nothing that others use", () => {
    for (const resource of commands) {
      const { name } = resource;
      if (name.endsWith("-trial")) {
        expect(lockOf(resource)).toBe("$name-trial");
        continue;
      }
      expect([name, lockOf(resource)]).toEqual([
        name,
        name === "rabbitmq-formed" ? name : /^rabbitmq\d/.exec(name)?.[0],
      ]);
    }
  });

  test("go to their own hosts", () => {
    const hosts = commands.map(({ name, inputs }): [string, unknown] => {
      const { host } = unsealed(inputs["connection"]) as { host: string };
      return [name, host.replace("198.18.66.1", "host")];
    });
    for (const [name, host] of hosts) {
      // The client logs in from the balancer's host that does not hold the virtual IP.
      const other = name === "service" ? 5 : 1;
      const own = /host\d/.exec(name)?.[0] ?? `host${/^rabbitmq(\d)/.exec(name)?.[1] ?? other}`;
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

  test("is that of release 0.1.0 where that made the container, which is not replaced for another form of the same", async () => {
    const former = await deployDev({}, members, { deployment: undefined });
    const digests = ["rabbitmq1", "rabbitmq2", "rabbitmq3"].map(
      (node) => labelsOf(former, `${node}-container`)["io.warren.settings"],
    );
    const { volumes, mounts, stopTimeout } = former.resource("rabbitmq1-container").inputs;
    expect([(volumes as unknown[]).length, mounts, stopTimeout]).toEqual([3, undefined, undefined]);
    expect(digests).toEqual(["a187bb5e5154295f", "e6c492a55e92eda3", "070e20d941417fd4"]);
  });

  test("is the one that the node's gate looks for, with the image's id", () => {
    for (const node of ["rabbitmq1", "rabbitmq2", "rabbitmq3"]) {
      const settings = labelsOf(dev, `${node}-container`)["io.warren.settings"] ?? "none";
      expect(stdin(dev, `${node}-gate`)).toContain(`\nimage=${imageId}\nsettings=${settings}\n`);
    }
  });
});

test("only the service's parts have another parent than before, and no difference is ignored", () => {
  for (const { name, parent, aliases, ignoreChanges, retainOnDelete } of dev.resources) {
    expect([name, aliases, ignoreChanges, retainOnDelete]).toEqual([name, parent === "warren" ? 1 : 0, [], false]);
  }
});

test("a broker's files and certificates end before they are made again: their end would take the new ones away", async () => {
  const secured = await deployDev({ tls: {} });
  const first = secured.resources.filter(({ deleteBeforeReplace }) => deleteBeforeReplace).map(({ name }) => name);
  const names = ["rabbitmq1", "rabbitmq2", "rabbitmq3"].flatMap((node) => [`${node}-files`, `${node}-tls`]);
  expect(first.sort()).toEqual(names.sort());
});
