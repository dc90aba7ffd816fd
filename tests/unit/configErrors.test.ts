import { faults, parsed, refusal, refuses } from "./configFixture";

test("the config that the rows below change is accepted", () => {
  expect(parsed().rabbitmq.nodes).toHaveLength(3);
});

describe("shape", () => {
  refuses([
    [
      "a section that does not exist",
      { rabitmq: {} },
      "warren:rabitmq: unknown key - must be a known key: did you mean rabbitmq?",
    ],
    [
      "a misspelt key",
      { "rabbitmq.clustername": "a" },
      "warren:rabbitmq.clustername: unknown key - must be a known key: did you mean clusterName?",
    ],
    [
      "a key like no other",
      { "vip.check.sudden": 1 },
      "warren:vip.check.sudden: unknown key - must be one of intervalSeconds, rise, fall, weight",
    ],
    [
      "an unknown key in a list's entry",
      { "rabbitmq.nodes.1.Host": "host2" },
      "warren:rabbitmq.nodes[1].Host: unknown key - must be a known key: did you mean host?",
    ],
    ["a missing section", { rabbitmq: undefined }, "warren:rabbitmq: not given - must be a section of keys and values"],
    ["a section that is a number", { vip: 5 }, "warren:vip: 5 - must be a section of keys and values"],
    [
      "a list that is none",
      { "haproxy.hosts": true },
      "warren:haproxy.hosts: true - must be a list with at least one entry",
    ],
    ["no hosts", { hosts: {} }, "warren:hosts: an empty section - must name at least one host"],
    [
      "no nodes",
      { "rabbitmq.nodes": [] },
      "warren:rabbitmq.nodes: an empty list - must be a list with at least one entry",
    ],
    [
      "text for a number",
      { "rabbitmq.ports.amqp": "5672" },
      'warren:rabbitmq.ports.amqp: "5672" - must be a whole number from 1 to 65535',
    ],
    [
      "a port out of range",
      { "haproxy.ports.stats": 70000 },
      "warren:haproxy.ports.stats: 70000 - must be a whole number from 1 to 65535",
    ],
    [
      "half a second",
      { "vip.advertisementSeconds": 0.5 },
      "warren:vip.advertisementSeconds: 0.5 - must be a whole number from 1 to 40",
    ],
    [
      "a key without its value",
      { "prepare.installDocker": null },
      "warren:prepare.installDocker: empty - must be true or false",
    ],
  ]);
});

describe("values", () => {
  refuses([
    [
      "an address that is a name",
      { "hosts.host1.address": "host1.example.com" },
      `warren:hosts.host1.address: "host1.example.com" - must be the host's own IPv4 address, such as 192.0.2.11`,
    ],
    [
      "the loopback as an address",
      { "hosts.host1.address": "127.0.0.1" },
      `warren:hosts.host1.address: "127.0.0.1" - must be the host's own IPv4 address, such as 192.0.2.11`,
    ],
    [
      "a number above 255 in an address",
      { "hosts.host1.address": "192.0.2.256" },
      `warren:hosts.host1.address: "192.0.2.256" - must be the host's own IPv4 address, such as 192.0.2.11`,
    ],
    [
      "a host's name in capitals",
      { "hosts.Host_4": { address: "192.0.2.14" } },
      'warren:hosts.Host_4: "Host_4" - must be a host name: up to 63 lowercase letters, digits and hyphens, with a letter or digit at both ends',
    ],
    [
      "a time zone that does not exist",
      { "prepare.timezone": "Mars/Olympus" },
      `warren:prepare.timezone: "Mars/Olympus" - must be a time zone's IANA name, such as Asia/Shanghai`,
    ],
    [
      "a mirror without its scheme",
      { "prepare.registryMirrors": ["192.0.2.1:5000"] },
      'warren:prepare.registryMirrors[0]: "192.0.2.1:5000" - must be an http:// or https:// URL',
    ],
    [
      "a registry with a scheme",
      { "prepare.insecureRegistries": ["http://192.0.2.1:5000"] },
      `warren:prepare.insecureRegistries[0]: "http://192.0.2.1:5000" - must be a registry's host and port, such as 192.0.2.1:5000`,
    ],
    [
      "an image without a tag",
      { "haproxy.image": "haproxy" },
      `warren:haproxy.image: "haproxy" - must be an image pinned by a version's tag or by a digest, such as haproxy:2.6; latest is no pin`,
    ],
    [
      "the latest image",
      { "haproxy.image": "docker.io/library/haproxy:latest" },
      `warren:haproxy.image: "docker.io/library/haproxy:latest" - must be an image pinned by a version's tag or by a digest, such as haproxy:2.6; latest is no pin`,
    ],
    [
      "a registry's port for a tag",
      { "haproxy.image": "registry.example.com:5000/haproxy" },
      `warren:haproxy.image: "registry.example.com:5000/haproxy" - must be an image pinned by a version's tag or by a digest, such as haproxy:2.6; latest is no pin`,
    ],
    [
      "a version that YAML reads as a number",
      { "rabbitmq.version": 3.8 },
      'warren:rabbitmq.version: 3.8 - must be a version in three parts, in quotes: "3.8.9"',
    ],
    [
      "guest as the administrator",
      { "rabbitmq.username": "guest" },
      'warren:rabbitmq.username: "guest" - must be a name of letters, digits and . _ - that is not guest',
    ],
    [
      "a password that is too short",
      { "rabbitmq.password": "hunter2" },
      "warren:rabbitmq.password: [secret] - must be text of 12 to 128 characters: letters, digits and - . _ ~ ! @ % ^ * + = , / ?",
    ],
    [
      "a cookie of two words",
      { "rabbitmq.cookie": "two words" },
      "warren:rabbitmq.cookie: [secret] - must be text of 8 to 255 characters, without spaces",
    ],
    [
      "a rotation back to before the first",
      { "haproxy.stats.rotation": 0 },
      "warren:haproxy.stats.rotation: 0 - must be a whole number from 1 to 1000000",
    ],
    [
      "a password with a comment's sign",
      { "haproxy.stats.password": "correct#horse#battery" },
      "warren:haproxy.stats.password: [secret] - must be text of 12 to 128 characters: letters, digits and - . _ ~ ! @ % ^ * + = , / ?",
    ],
    [
      "a VRRP password of nine characters",
      { "vip.password": "ninechars" },
      "warren:vip.password: [secret] - must be text of 1 to 8 letters and digits (VRRP sends eight)",
    ],
    [
      "a system directory for the data",
      { "rabbitmq.dataDirectory": "/var" },
      'warren:rabbitmq.dataDirectory: "/var" - must be an absolute path of two parts or more, made of letters, digits and . _ -',
    ],
    [
      "a way up in a path",
      { "haproxy.directory": "/var/lib/../../etc" },
      'warren:haproxy.directory: "/var/lib/../../etc" - must be an absolute path of two parts or more, made of letters, digits and . _ -',
    ],
    [
      "a node type that does not exist",
      { "rabbitmq.nodes.1.type": "disk" },
      'warren:rabbitmq.nodes[1].type: "disk" - must be one of disc, ram',
    ],
    [
      "a watermark above 0.9",
      { "rabbitmq.memoryHighWatermark": 1.5 },
      'warren:rabbitmq.memoryHighWatermark: 1.5 - must be a fraction from 0.1 to 0.9 or an amount such as "2GB"',
    ],
    [
      "a watermark in per cent",
      { "rabbitmq.memoryHighWatermark": "40%" },
      'warren:rabbitmq.memoryHighWatermark: "40%" - must be a fraction from 0.1 to 0.9 or an amount such as "2GB"',
    ],
    [
      "a disk limit without its unit",
      { "rabbitmq.diskFreeLimit": 1000000 },
      'warren:rabbitmq.diskFreeLimit: 1000000 - must be an amount such as "1GB" (MB, GB, MiB or GiB)',
    ],
    [
      "an enormous limit of open files",
      { "rabbitmq.openFiles": 1048576 },
      "warren:rabbitmq.openFiles: 1048576 - must be a whole number from 65536 to 500000, or inherit",
    ],
    [
      "a plugin that is none",
      { "rabbitmq.plugins": ["rabbitmq_management", "shovel"] },
      `warren:rabbitmq.plugins[1]: "shovel" - must be a plugin's name, such as rabbitmq_shovel`,
    ],
    [
      "two lines in a setting",
      { "rabbitmq.settings": { channel_max: "1\n2" } },
      String.raw`warren:rabbitmq.settings.channel_max: "1\n2" - must be a number, true, false or one line of text without #`,
    ],
    [
      "an idle timeout within two heartbeats",
      { "haproxy.timeouts.clientSeconds": 119 },
      "warren:haproxy.timeouts.clientSeconds: 119 - must be a whole number from 120 to 2000000",
    ],
    [
      "a VIP without its prefix",
      { "vip.address": "192.0.2.100" },
      `warren:vip.address: "192.0.2.100" - must be an IPv4 address with its subnet's prefix length (8 to 30), such as 192.0.2.100/24`,
    ],
    [
      "a router id above 255",
      { "vip.virtualRouterId": 256 },
      "warren:vip.virtualRouterId: 256 - must be a whole number from 1 to 255",
    ],
    [
      "no router id",
      { "vip.virtualRouterId": undefined },
      "warren:vip.virtualRouterId: not given - must be a whole number from 1 to 255",
    ],
    [
      "a weight that raises the priority",
      { "vip.check.weight": 2 },
      "warren:vip.check.weight: 2 - must be a whole number from -253 to -1",
    ],
  ]);
});

describe("all at once", () => {
  test("every fault is named: of shape, between values, and in files", () => {
    const changes = {
      "hosts.host2.address": "192.0.2.11",
      "hosts.host3.privateKeyFile": "keys/none",
      "rabbitmq.nodes.2.host": "host9",
      "haproxy.image": undefined,
      "vip.check.weight": -1,
      "vip.hosts": ["host1", "host2", "host3"],
    };
    expect(refusal(changes)).toBe(`Stack "dev": 5 errors in its configuration. Nothing was touched.
  warren:hosts.host2.address: "192.0.2.11" - must be this host's alone: host1 has it too
  warren:hosts.host3.privateKeyFile: "keys/none" - must be a file that can be read
  warren:rabbitmq.nodes[2].host: "host9" - must be one of the hosts (host1, host2, host3)
  warren:haproxy.image: not given - must be an image pinned by a version's tag or by a digest, such as haproxy:2.6; latest is no pin
  warren:vip.check.weight: -1 - must be larger than the gap between the priorities (101 and 99: at least 3)`);
  });

  test("a misspelt key or a wrong value hides nothing else in its section, nor what others say of it", () => {
    const changes = {
      "rabbitmq.clustername": "a",
      "rabbitmq.nodes.2.host": "host9",
      "rabbitmq.ports.amqp": "5672",
      "haproxy.hosts": ["host1", "host7"],
      "vip.check.sudden": 1,
      "vip.check.weight": -1,
    };
    expect(faults(changes)).toEqual([
      'warren:rabbitmq.ports.amqp: "5672" - must be a whole number from 1 to 65535',
      "warren:rabbitmq.clustername: unknown key - must be a known key: did you mean clusterName?",
      'warren:rabbitmq.nodes[2].host: "host9" - must be one of the hosts (host1, host2, host3)',
      'warren:haproxy.hosts[1]: "host7" - must be one of the hosts (host1, host2, host3)',
      "warren:vip.check.sudden: unknown key - must be one of intervalSeconds, rise, fall, weight",
      "warren:vip.check.weight: -1 - must be larger than the gap between the priorities (101 and 100: at least 2)",
    ]);
  });

  test("an empty config is told what it needs", () => {
    const none = { hosts: undefined, rabbitmq: undefined, haproxy: undefined, vip: undefined };
    expect(refusal(none)).toBe(`Stack "dev": 3 errors in its configuration. Nothing was touched.
  warren:hosts: not given - must be a section of keys and values
  warren:rabbitmq: not given - must be a section of keys and values
  warren:haproxy: not given - must be a section of keys and values`);
  });
});

describe("secrets", () => {
  const secret = "hunter2-hunter2-#";

  test.each([
    ["where they belong", { "rabbitmq.password": secret, "haproxy.stats.password": secret, "vip.password": secret }],
    ["as a number", { "rabbitmq.password": 123456789012 }],
    ["under a misspelt key", { "rabbitmq.pasword": secret, "haproxy.stats.pw": secret }],
    ["where a section belongs", { "haproxy.stats": secret, vip: secret }],
    ["where a list belongs", { "rabbitmq.plugins": secret }],
    ["under a key that Warren writes itself", { "rabbitmq.settings": { default_pass: "hunter2-hunter2" } }],
    ["in a broker setting", { "rabbitmq.settings": { "ssl_options.password": secret } }],
  ])("are never printed: %s", (_title, changes) => {
    expect(refusal(changes)).toContain("Nothing was touched.");
    expect(refusal(changes)).not.toMatch(/hunter2|123456789012/);
  });

  test("text in a section's place is not printed", () => {
    expect(faults({ "haproxy.stats": secret })).toEqual([
      "warren:haproxy.stats: text - must be a section of keys and values",
    ]);
  });
});
