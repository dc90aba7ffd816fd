import { noticed } from "../../plan/clients";
import { group, members, preview, stack, step, urn, type RawStep } from "./support/previews";

const told = (...steps: RawStep[]) => noticed(preview(steps));
const three = stack({ nodes: members("disc", "disc", "disc") });
const broker = (op: string, name: string, after: string[] = [], given: object = {}) =>
  step(op, "RabbitNode", `${name}-container`, {
    needs: after.map((other) => urn("RabbitNode", `${other}-container`)),
    ...given,
  });
const balancer = (op: string, host: string, after: string[] = []) =>
  step(op, "HaproxyPair", `haproxy-${host}-container`, {
    needs: after.map((other) => urn("HaproxyPair", `haproxy-${other}-container`)),
  });
const pair = (op = "same", old = {}, now = old) => group(op, "HaproxyPair", "haproxy", { old, new: now });
const vip = (op = "same", change = {}) => {
  const old = {
    address: "192.0.2.100/24",
    hosts: ["host4", "host5"],
    check: { intervalSeconds: 5, fall: 2, rise: 1 },
  };
  return group(op, "KeepalivedVip", "vip", { old, new: { ...old, ...change } });
};

const nothing = ["Nothing: no connection is cut, and no address or login changes."];

test("a first deployment has no clients yet", () => {
  expect(told(group("create", "RabbitCluster", "rabbitmq"), broker("create", "rabbitmq1"))).toEqual([
    "Nothing: there are no clients yet.",
  ]);
});

test.each([
  ["a reloaded balancer", step("update", "HaproxyPair", "haproxy-host4-config", { differing: ["stdin"] })],
  ["a new member", step("create", "RabbitNode", "rabbitmq4-container")],
  ["a changed stop grace", step("update", "RabbitNode", "rabbitmq1-container", { differing: ["destroyGraceSeconds"] })],
  [
    "an administrator's script by another login",
    step("update", "RabbitCluster", "rabbitmq-administrator", { differing: ["connection"] }),
  ],
  ["a virtual IP's other priorities, the holder the same", vip("update", { priorities: [110, 100] })],
])("%s is nothing to clients", (_what, change) => {
  expect(told(three, change)).toEqual(nothing);
});

describe("brokers", () => {
  test("that restart cut connections, in the order of their turns", () => {
    const [first, ...others] = told(
      three,
      broker("replace", "rabbitmq1", ["rabbitmq2"]),
      broker("replace", "rabbitmq2"),
    );
    expect(first).toMatch(
      /^\*\*Connections are cut\*\* as brokers restart, one at a time: `rabbitmq2`, then `rabbitmq1`\./,
    );
    expect(first).toMatch(/ may be cut up to twice\.$/);
    expect(others).toEqual([]);
  });

  test("the only one is the service", () => {
    expect(told(stack({ nodes: members("disc") }), broker("replace", "rabbitmq1"))).toEqual([
      expect.stringMatching(/^\*\*The service is away\*\* for about \d+ s: its only broker, `rabbitmq1`, restarts\.$/),
    ]);
  });

  test("that leave cut their connections", () => {
    expect(told(three, broker("delete", "rabbitmq3"))).toEqual([
      expect.stringMatching(/^\*\*Connections are cut\*\* to the broker that leaves: `rabbitmq3`\./),
    ]);
  });

  test("that all stop are the service's end", () => {
    const stops = ["rabbitmq1", "rabbitmq2", "rabbitmq3"].map((name) => broker("delete", name));
    expect(told(three, ...stops)[0]).toMatch(/^\*\*The service ends\*\*: every broker stops/);
  });

  test.each([
    ["that are to stand still stop the service", true, "**The service stops** until the config starts it again"],
    ["that are to start again bring it back", false, "The service starts again"],
  ])("%s", (_title, mustRun, says) => {
    const given = { old: { mustRun }, new: { mustRun: !mustRun }, differing: ["mustRun"] };
    const member = (name: string, ...after: string[]) =>
      step("update", "RabbitNode", `${name}-member`, { needs: after.map((other) => urn("RabbitNode", other)) });
    const steps = [
      broker("update", "rabbitmq1", [], given),
      broker("update", "rabbitmq2", ["rabbitmq1"], given),
      member("rabbitmq2", "rabbitmq2-container"),
      member("rabbitmq1", "rabbitmq2-member"),
    ];
    expect(told(three, ...steps)).toEqual([`${says}, in this order: \`rabbitmq2\`, then \`rabbitmq1\`.`]);
  });

  test("that another machine takes over are not restarted", () => {
    const image = step("replace", "RabbitNode", "rabbitmq2-image", { replacedFor: ["triggers"] });
    const nodes = members("disc", "disc", "disc");
    const cluster = group("same", "RabbitCluster", "rabbitmq", { old: { nodes }, new: { nodes } });
    expect(told(three, cluster, image, broker("replace", "rabbitmq2"))).toEqual([
      "**Connections are cut** to `rabbitmq2`, if it still runs: another machine takes its place, blank, and a queue that was there alone is gone.",
    ]);
  });

  test("that change their type are emptied, which cuts their connections", () => {
    const cluster = group("update", "RabbitCluster", "rabbitmq", { new: { nodes: members("disc", "disc", "ram") } });
    expect(told(three, cluster)[0]).toMatch(/^\*\*Connections are cut\*\* to `rabbitmq3`: for another type/);
  });

  test("with another AMQP port are out of the balancers' reach in between", () => {
    const ports = (external: number) => ({
      ports: [
        { internal: 15672, external: 1 },
        { internal: 5672, external },
      ],
    });
    const given = { old: ports(5672), new: ports(5700), replacedFor: ["ports"] };
    expect(told(three, broker("replace", "rabbitmq1", [], given))[1]).toMatch(/^\*\*The service is away\*\* from when/);
  });
});

describe("balancers", () => {
  test("that restart cut what goes through them, and the virtual IP moves away from its holder and back", () => {
    expect(told(three, pair(), vip(), balancer("replace", "host4", ["host5"]), balancer("replace", "host5"))).toEqual([
      "**Connections are cut** that go through the balancers on `host5`, then `host4`.",
      "**The virtual IP moves** to `host5` before the balancer on `host4` is replaced, and back when the new one serves: about 1 s each time.",
    ]);
  });

  test("the standby's restart moves nothing", () => {
    expect(told(three, pair(), vip(), balancer("replace", "host5"))).toEqual([
      "**Connections are cut** that go through the balancer on `host5`.",
    ]);
  });

  test("without a standby the virtual IP is without a balancer", () => {
    const lonely = group("same", "KeepalivedVip", "vip", { old: { hosts: ["host4"] }, new: { hosts: ["host4"] } });
    expect(told(three, pair(), lonely, balancer("replace", "host4"))[1]).toBe(
      "**The virtual IP is without a balancer** until the one on `host4` serves again.",
    );
  });

  test("say which port changes, and which closes", () => {
    const old = { ports: { amqp: 15670, stats: 8100, management: 15672 } };
    expect(told(three, pair("update", old, { ports: { amqp: 5670, stats: 8100, amqps: 5671 } }))).toEqual([
      "**The port changes** from 15670 to 5670 (amqp): clients have to follow.",
      "**The port** 15672 (management) closes.",
    ]);
  });
});

describe("the virtual IP", () => {
  test("that changes has to be followed", () => {
    expect(told(three, vip("update", { address: "192.0.2.101/24" }))).toEqual([
      "**The virtual IP changes** from `192.0.2.100` to `192.0.2.101`: clients of the old one are cut and have to follow.",
    ]);
  });

  test("whose hosts change places moves", () => {
    expect(told(three, vip("update", { hosts: ["host5", "host4"] }))[0]).toMatch(
      /^\*\*The virtual IP moves\*\* from `host4` to `host5`: connections through it are cut/,
    );
  });

  test("that is given up is lost to clients", () => {
    expect(told(three, vip("delete"))).toEqual([
      "**The virtual IP** `192.0.2.100` is given up: clients that use it lose the service.",
    ]);
  });

  test("that is new is in the outputs", () => {
    expect(told(three, vip("create"))[0]).toBe(
      "The virtual IP `192.0.2.100` is new; the outputs name it from then on.",
    );
  });
});

describe("logins", () => {
  const administrator = step("update", "RabbitCluster", "rabbitmq-administrator", { differing: ["stdin"] });
  const cluster = (now: object) =>
    group("update", "RabbitCluster", "rabbitmq", {
      old: { username: "admin", vhost: "app" },
      new: { username: "admin", vhost: "app", ...now },
    });

  test("a password that changes is told by the administrator's script", () => {
    expect(told(three, administrator)).toEqual([
      expect.stringMatching(/^\*\*The administrator's password changes\*\*: /),
    ]);
  });

  test("a login that is new, and one that ends, are told with whose they are", () => {
    const steps = [
      step("create", "RabbitCluster", "rabbitmq-administrator.2"),
      step("delete", "RabbitCluster", "rabbitmq-user-web"),
      step("create", "RabbitCluster", "rabbitmq-user-web.3"),
      step("update", "RabbitCluster", "rabbitmq-user-web.2", { differing: ["connection"] }),
    ];
    expect(told(three, ...steps)).toEqual([
      "The administrator has a new login, which the outputs hand out; the former one still works.",
      "**The user `web` loses a former login**: clients that still use it are refused.",
      "The user `web` has a new login, which the outputs hand out; the former one still works.",
    ]);
  });

  test("a user whose script changes has another password or other permissions", () => {
    const change = step("update", "RabbitCluster", "rabbitmq-user-web", { differing: ["stdin"] });
    expect(told(three, change)).toEqual(["**The user `web` changes**: its password or its permissions."]);
  });

  test("a name or a virtual host that changes is told as that", () => {
    expect(told(three, administrator, cluster({ username: "root", vhost: "web" }))).toEqual([
      "**The username changes** from `admin` to `root` in the outputs; the former one stays on the brokers.",
      "**The vhost changes** from `app` to `web` in the outputs; the former one stays on the brokers.",
    ]);
  });
});
