import { enabledPlugins, hostsFile, rabbitmqConf, type RabbitmqConf } from "../../templates/rabbitmqConf";

const conf: RabbitmqConf = {
  username: "admin",
  password: "s3cret",
  vhost: "app",
  ports: { amqp: 5672, management: 15672, metrics: 15692 },
  plugins: ["rabbitmq_management", "rabbitmq_prometheus"],
  partitionHandling: "pause_minority",
  memoryHighWatermark: 0.4,
  diskFreeLimit: "1GB",
  settings: {},
};

describe("rabbitmq.conf", () => {
  test("whole", () => {
    expect(
      rabbitmqConf({ ...conf, settings: { channel_max: 128, "log.exchange": true, "ssl_options.password": "x y" } }),
    ).toBe(`# Written by Warren. Change the stack's config instead: the next \`pulumi up\` overwrites this file.
listeners.tcp.default = 5672
management.tcp.port = 15672
prometheus.tcp.port = 15692
log.console = true
log.file = false
default_user = admin
default_pass = s3cret
default_vhost = app
cluster_partition_handling = pause_minority
vm_memory_high_watermark.relative = 0.4
disk_free_limit.absolute = 1GB
channel_max = 128
log.exchange = true
ssl_options.password = x y
`);
  });

  const lines = (changes: Partial<RabbitmqConf>) => rabbitmqConf({ ...conf, ...changes }).split("\n");
  const whole = lines({});

  test.each<[string, Partial<RabbitmqConf>, string[], string[]]>([
    [
      "an amount of memory is an absolute limit",
      { memoryHighWatermark: "2GB" },
      ["vm_memory_high_watermark.absolute = 2GB"],
      ["vm_memory_high_watermark.relative = 0.4"],
    ],
    ["no metrics, no port for them", { plugins: ["rabbitmq_management"] }, [], ["prometheus.tcp.port = 15692"]],
    ["no management, no port for it", { plugins: ["rabbitmq_prometheus"] }, [], ["management.tcp.port = 15672"]],
    [
      "partitions are healed by the broker",
      { partitionHandling: "autoheal" },
      ["cluster_partition_handling = autoheal"],
      ["cluster_partition_handling = pause_minority"],
    ],
    ["the default virtual host", { vhost: "/" }, ["default_vhost = /"], ["default_vhost = app"]],
  ])("%s", (_title, changes, added, dropped) => {
    const changed = lines(changes);
    expect(changed.filter((line) => !whole.includes(line))).toEqual(added);
    expect(whole.filter((line) => !changed.includes(line))).toEqual(dropped);
  });
});

test.each([
  [["rabbitmq_management", "rabbitmq_prometheus"], "[rabbitmq_management,rabbitmq_prometheus].\n"],
  [["rabbitmq_management"], "[rabbitmq_management].\n"],
  [[], "[].\n"],
])("enabled_plugins of %j is an Erlang term", (plugins, text) => {
  expect(enabledPlugins(plugins)).toBe(text);
});

describe("hosts", () => {
  const nodes = [
    { name: "rabbitmq1", address: "192.0.2.11" },
    { name: "rabbitmq2", address: "192.0.2.12" },
    { name: "rabbitmq3", address: "192.0.2.13" },
  ];

  test("the node's own name is its loopback, the others have their hosts' addresses", () => {
    expect(hostsFile("rabbitmq2", nodes)).toBe(`# Written by Warren.
127.0.0.1 localhost rabbitmq2
::1 localhost ip6-localhost ip6-loopback
192.0.2.11 rabbitmq1
192.0.2.13 rabbitmq3
`);
  });

  test("of a single node", () => {
    expect(hostsFile("rabbitmq1", nodes.slice(0, 1))).toBe(`# Written by Warren.
127.0.0.1 localhost rabbitmq1
::1 localhost ip6-localhost ip6-loopback
`);
  });
});
