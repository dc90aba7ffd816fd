import { parsed, refuses } from "./configFixture";

/* Rules of what a broker's container is given, and of what may be lost. */

describe("one value", () => {
  refuses([
    [
      "restarts without a majority where there need be none",
      { "rabbitmq.mayInterrupt": true },
      "warren:rabbitmq.mayInterrupt: true - must be left out unless there are two nodes: with any other number, none need be without a majority",
    ],
    [
      "a watermark that its limit does not leave room for",
      { "rabbitmq.memoryLimit": "2GB", "rabbitmq.memoryHighWatermark": "1900MB" },
      'warren:rabbitmq.memoryHighWatermark: "1900MB" - must be at most nine tenths of rabbitmq.memoryLimit (2GB): beyond, the broker is killed before it holds publishers back',
    ],
    [
      "a limit of memory without its unit",
      { "rabbitmq.memoryLimit": "4096" },
      'warren:rabbitmq.memoryLimit: "4096" - must be an amount such as "4GB" (MB, GB, MiB or GiB)',
    ],
    [
      "a variable in small letters",
      { "rabbitmq.environment": { path: "/bin" } },
      'warren:rabbitmq.environment.path: "path" - must be a variable\'s name, such as RABBITMQ_IO_THREAD_POOL_SIZE',
    ],
    [
      "a variable of two lines",
      { "rabbitmq.environment": { LANG: "C\nPATH=/" } },
      String.raw`warren:rabbitmq.environment.LANG: "C\nPATH=/" - must be one line of text`,
    ],
    [
      "a stop that is neither yes nor no",
      { "rabbitmq.stopped": "later" },
      'warren:rabbitmq.stopped: "later" - must be true or false',
    ],
    [
      "an upgrade that names one version",
      { "rabbitmq.unsupportedUpgrade": "3.10.8" },
      'warren:rabbitmq.unsupportedUpgrade: "3.10.8" - must be two versions, such as "3.8.9 to 3.10.8"',
    ],
    [
      "a machine that is a sentence",
      { "hosts.host2.machine": "the new one" },
      'warren:hosts.host2.machine: "the new one" - must be 1 to 64 letters, digits and . _ : -',
    ],
    [
      "a loss that is neither yes nor no",
      { "hosts.host2.lost": "perhaps" },
      'warren:hosts.host2.lost: "perhaps" - must be true or false',
    ],
  ]);
});

describe("a variable that Warren sets itself, or a secret", () => {
  const rows: [string, string][] = [
    ["ERL_EPMD_PORT", "set rabbitmq.ports.epmd instead"],
    ["RABBITMQ_DIST_PORT", "set rabbitmq.ports.distribution instead"],
    ["TZ", "set prepare.timezone instead"],
    ["RABBITMQ_NODENAME", "a node is rabbit@NAME, by its name in rabbitmq.nodes"],
    ["RABBITMQ_USE_LONGNAME", "a node is rabbit@NAME, by its name in rabbitmq.nodes"],
    ["RABBITMQ_MNESIA_BASE", "the data directory is rabbitmq.dataDirectory"],
    ["RABBITMQ_MNESIA_DIR", "the data directory is rabbitmq.dataDirectory"],
    ["RABBITMQ_CONFIG_FILE", "set rabbitmq.settings instead"],
    ["RABBITMQ_ENABLED_PLUGINS_FILE", "set rabbitmq.plugins instead"],
    ["RABBITMQ_DEFAULT_USER", "set rabbitmq.username instead"],
    ["RABBITMQ_DEFAULT_VHOST", "set rabbitmq.vhost instead"],
    ["RABBITMQ_VM_MEMORY_HIGH_WATERMARK", "set rabbitmq.memoryHighWatermark instead"],
    ["RABBITMQ_NODE_PORT", "set rabbitmq.ports.amqp instead"],
    ["RABBITMQ_LOGS", "the container's log is the log"],
    ["RABBITMQ_SSL_CERTFILE", "the image does not start with it; set warren:tls instead"],
    ["RABBITMQ_SSL_FAIL_IF_NO_PEER_CERT", "the image does not start with it; set warren:tls instead"],
    ["RABBITMQ_MANAGEMENT_SSL_DEPTH", "the image does not start with it; set warren:tls instead"],
    ["RABBITMQ_DEFAULT_USER_FILE", "the image does not start with it; Warren makes the first user itself"],
  ];
  refuses([
    ...rows.map(([name, rule]): [string, Record<string, unknown>, string] => [
      name,
      { "rabbitmq.environment": { [name]: "1" } },
      `warren:rabbitmq.environment.${name}: "1" - must not be set here: ${rule}`,
    ]),
    [
      "RABBITMQ_ERLANG_COOKIE, which is not printed",
      { "rabbitmq.environment": { RABBITMQ_ERLANG_COOKIE: "s3cret" } },
      "warren:rabbitmq.environment.RABBITMQ_ERLANG_COOKIE: [secret] - must not be set here: a secret does not belong in a container's environment; Warren makes the cookie itself",
    ],
    [
      "RABBITMQ_DEFAULT_PASS, which is not printed",
      { "rabbitmq.environment": { RABBITMQ_DEFAULT_PASS: "s3cret" } },
      "warren:rabbitmq.environment.RABBITMQ_DEFAULT_PASS: [secret] - must not be set here: set rabbitmq.password instead",
    ],
  ]);

  test("any other one is taken as it stands", () => {
    const environment = { RABBITMQ_IO_THREAD_POOL_SIZE: "64", LANG: "" };
    expect(parsed({ "rabbitmq.environment": environment }).rabbitmq.environment).toEqual(environment);
    // A name that every object has is no rule.
    expect(parsed().rabbitmq.environment).toEqual({});
  });
});

describe("a limit of memory, in Docker's megabytes", () => {
  test.each([
    ["512MiB", 512],
    ["2GiB", 2048],
    ["1000MB", 953],
    ["4GB", 3814],
  ])("%s is %i", (memoryLimit, megabytes) => {
    expect(parsed({ "rabbitmq.memoryLimit": memoryLimit }).rabbitmq.memoryLimitMegabytes).toBe(megabytes);
  });

  test("is none where none is given", () => {
    expect(parsed().rabbitmq).not.toHaveProperty("memoryLimitMegabytes");
  });

  test.each([
    [{ "rabbitmq.memoryLimit": "2GiB" }, "819MiB"],
    [{ "rabbitmq.memoryLimit": "2GiB", "rabbitmq.memoryHighWatermark": 0.6 }, "1228MiB"],
    [{ "rabbitmq.memoryLimit": "2GiB", "rabbitmq.memoryHighWatermark": "1GiB" }, "1GiB"],
    [{ "rabbitmq.memoryHighWatermark": 0.6 }, 0.6],
  ])("the watermark of %j is %s", (changes, watermark) => {
    expect(parsed(changes).rabbitmq.memoryHighWatermark).toBe(watermark);
  });
});

describe("what may be lost", () => {
  const lost = (...names: string[]) => Object.fromEntries(names.map((name) => [`hosts.${name}.lost`, true]));
  const roles = {
    "rabbitmq.nodes": [
      { name: "rabbit1", host: "host1" },
      { name: "rabbit2", host: "host2" },
      { name: "rabbit3", host: "host3", type: "ram" },
    ],
    "haproxy.hosts": ["host2", "host3"],
  };
  refuses([
    [
      "all disc nodes",
      { ...roles, ...lost("host1", "host2") },
      "warren:rabbitmq.nodes: a list - must have a disc node on a host that is not lost",
    ],
    [
      "all balancers",
      { ...roles, ...lost("host2", "host3") },
      "warren:haproxy.hosts: a list - must have a host that is not lost",
    ],
  ]);

  test("all but one of each", () => {
    expect(parsed({ ...roles, ...lost("host1", "host3") }).hosts["host1"]?.lost).toBe(true);
  });
});
