import { recordedKeys, settingRule, unknownSetting } from "../../config/brokerSettings";
import { faults, parsed } from "./configFixture";

/* Which keys of rabbitmq.conf are let through, and which change what others rely on. */

/** By series: its keys, and how many of them are refused. */
const expectedCounts: [string, number, number][] = [
  ["3.8", 654, 177],
  ["3.10", 837, 210],
  ["4.0", 934, 223],
];

test("every key of RabbitMQ's own schema is classified", () => {
  const counts = ["3.8", "3.10", "4.0"].map((series) => {
    const keys = recordedKeys(series);
    expect(keys.filter((key) => settingRule(key) === undefined)).toEqual([]);
    return [series, keys.length, keys.filter((key) => settingRule(key)?.refused !== undefined).length];
  });
  expect(counts).toEqual(expectedCounts);
});

const setting = (key: string, value: unknown, image = "rabbitmq:3.10.8-management") =>
  faults({ "rabbitmq.settings": { [key]: value }, "rabbitmq.image": image });
const told = (key: string, value: string, rule: string) => {
  const at = /^[\w-]+$/.test(key) ? `.${key}` : `["${key}"]`;
  return [`warren:rabbitmq.settings${at}: ${value} - must ${rule}`];
};

test.each([
  ["proxy_protocol", true, "the balancers and Warren's checks speak plain AMQP, MQTT and STOMP to the brokers"],
  ["management.path_prefix", "/rabbit", "the balancers' checks and Warren's scripts ask the management API below /"],
  ["listeners.tcp", "none", "set rabbitmq.ports.amqp instead"],
  ["listeners.tcp.other", 5673, "set rabbitmq.ports.amqp instead"],
  ["management.tcp.ip", "127.0.0.1", "set rabbitmq.ports.management instead"],
  ["management.listener.port", 1, "set rabbitmq.ports.management instead"],
  ["prometheus.path", "/m", "the balancers ask the brokers' metrics at /metrics"],
  ["mqtt.listeners.tcp.default", 1884, "set rabbitmq.ports.mqtt instead"],
  ["stream.listeners.tcp.1", 1884, "set rabbitmq.ports.stream instead"],
  ["default_user_tags.administrator", false, "set rabbitmq.username instead"],
  ["distribution.listener.port_range.min", 1, "set rabbitmq.ports.distribution instead"],
  ["raft.data_dir", "/x", "the data directory is rabbitmq.dataDirectory"],
])("%s is refused by name", (key, value, why) => {
  expect(setting(key, value)).toEqual(told(key, JSON.stringify(value), `not be set here: ${why}`));
});

test("a broker that would have no listener for AMQP but one for TLS is refused by name", () => {
  const settings = { "listeners.tcp": "none", "listeners.ssl.default": 5671 };
  expect(faults({ "rabbitmq.settings": settings })).toEqual(
    told("listeners.tcp", '"none"', "not be set here: set rabbitmq.ports.amqp instead"),
  );
});

test.each([
  ["channel_max", 100],
  ["log.console.level", "debug"],
  ["tcp_listen_options.backlog", 4096],
  ["default_limits.vhosts.1.max_queues", 10, "rabbitmq:4.0.5-management"],
  ["loopback_users.guest", true],
  ["listeners.ssl.default", 5671],
  ["auth_backends.1", "internal"],
  ["auth_mechanisms.1", "PLAIN"],
])("%s is let through", (key, value, image = "rabbitmq:3.10.8-management") => {
  expect(setting(key, value, image)).toEqual([]);
});

describe("a key that the broker does not have", () => {
  test("is refused with the one that was probably meant", () => {
    expect(setting("chanel_max", 100)).toEqual(
      told("chanel_max", "100", "be a key that RabbitMQ 3.10 has: did you mean channel_max?"),
    );
    expect(setting("nothing_like_it_at_all", 1)).toEqual(
      told("nothing_like_it_at_all", "1", "be a key that RabbitMQ 3.10 has"),
    );
  });

  test("may be one of another series", () => {
    expect(unknownSetting("mqtt.max_session_expiry_interval_seconds", "3.10.8")).toBe(
      "be a key that RabbitMQ 3.10 has",
    );
    expect(unknownSetting("mqtt.max_session_expiry_interval_seconds", "4.0.5")).toBeUndefined();
  });

  test("is for the broker to judge where the series' keys are not recorded", () => {
    expect(setting("chanel_max", 100, "rabbitmq:3.13.7-management")).toEqual([]);
  });
});

describe("the administrator can log in", () => {
  test("so the internal backend stays among the backends", () => {
    const rule = "have internal beside it (auth_backends.N: internal): the administrator logs in by it";
    expect(setting("auth_backends.1", "ldap")).toEqual(told("auth_backends.1", '"ldap"', rule));
    const both = { "auth_backends.1": "ldap", "auth_backends.2": "rabbit_auth_backend_internal" };
    expect(parsed({ "rabbitmq.settings": both }).rabbitmq.settings).toEqual(both);
  });

  test("so PLAIN stays among the mechanisms", () => {
    const rule = "have PLAIN beside it (auth_mechanisms.N: PLAIN): the administrator logs in by it";
    expect(setting("auth_mechanisms.1", "EXTERNAL")).toEqual(told("auth_mechanisms.1", '"EXTERNAL"', rule));
  });

  test("and not from the broker's own host alone", () => {
    const rule = "not be true: the administrator logs in over the network";
    expect(setting("loopback_users.admin", true)).toEqual(told("loopback_users.admin", "true", rule));
  });
});

test("TLS of the broker's own settings listens where its port is published", () => {
  const rule = "be 5671: that is the port inside the container, and rabbitmq.ports.amqps says what is published";
  expect(setting("listeners.ssl.default", 5673)).toEqual(told("listeners.ssl.default", "5673", rule));
});
