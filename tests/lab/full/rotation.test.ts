import { brokerStarts, record, restarted, type Figure } from "../support/figures";
import { addresses, clusterStatus, containerStarts, onEveryHost, onHost, resetLab, until } from "../support/hosts";
import { page } from "../support/page";
import { Stack, type Outputs } from "../support/stack";
import { mirrorQueues, Traffic, type TrafficQueue } from "../support/traffic";

const brokers = ["host1", "host2", "host3"];
const cookieFile = "/var/lib/warren/rabbitmq/*/data/.erlang.cookie";

interface Broker {
  version: string;
  ram: boolean;
  queue: TrafficQueue;
}

const versions: Broker[] = [
  { version: "3.8.9", ram: true, queue: { name: "mirrored", type: "classic" } },
  { version: "4.0.5", ram: false, queue: { name: "orders", type: "quorum" } },
];

/** Secrets are rotated under live traffic. The tests of a version build on each other. */
describe.each(versions)("rotation on $version", ({ version, ram, queue }) => {
  const stack = new Stack("rotation", (config) => {
    config["warren:rabbitmq"].image = `rabbitmq:${version}-management`;
    for (const node of config["warren:rabbitmq"].nodes) {
      if (!ram) node.type = "disc";
    }
  });
  let outputs: Outputs;

  beforeAll(async () => {
    await resetLab();
    await stack.init();
    await stack.up();
    outputs = await stack.outputs();
    if (queue.type === "classic") await mirrorQueues("host1", outputs.vhost);
  }, 300_000);

  afterAll(() => {
    stack.remove();
  });

  /** Does something under live traffic, and says what that did to it. */
  async function underTraffic(
    change: Figure["change"],
    act: (traffic: Traffic) => Promise<void>,
  ): Promise<{ lost: number; restarted: number }> {
    const before = await brokerStarts(brokers);
    const traffic = await Traffic.start(outputs, [queue]);
    try {
      await act(traffic);
      const report = await traffic.stop();
      const figure = {
        change,
        broker: version,
        traffic: report,
        restarted: restarted(before, await brokerStarts(brokers)),
      };
      record(figure);
      return { lost: report.lost, restarted: figure.restarted };
    } finally {
      traffic.end();
    }
  }

  const cookies = async () => Promise.all(brokers.map((host) => onHost(host, `md5sum < ${cookieFile}`)));
  const peers = async (host: string) => (await clusterStatus(host)).running_nodes.sort();
  const allNodes = ["rabbit@rabbitmq1", "rabbit@rabbitmq2", "rabbit@rabbitmq3"];
  /** What a broker's log says of nodes that it has lost sight of. */
  const partings = async () =>
    (
      await onEveryHost("docker logs rabbitmq 2>&1 | grep -cE 'node rabbit@\\S+ down|Partial partition' || true")
    ).join();

  test("a new Erlang cookie is taken up by nodes that go on, and by their connections", async () => {
    const [before, started, parted] = [await cookies(), await containerStarts(), await partings()];
    const result = await underTraffic("The Erlang cookie is rotated", async () => {
      stack.change((config) => {
        config["warren:rabbitmq"]["rotation"] = { cookie: 2 };
      });
      const preview = await stack.pulumi("preview");
      expect(preview).toMatch(/rabbitmq-cookie +replace/);
      expect(preview).not.toContain("rabbitmq1-container");
      await stack.up();
    });
    expect(result).toEqual({ lost: 0, restarted: 0 });
    expect(await containerStarts()).toBe(started);
    expect(await partings()).toBe(parted);
    const after = await cookies();
    expect(new Set(after).size).toBe(1);
    expect(after[0]).not.toBe(before[0]);
    for (const host of brokers) expect(await peers(host)).toEqual(allNodes);
    expect(await onHost("host1", `stat -c '%a %u' ${cookieFile}; ls /var/lib/warren/rabbitmq/*/data`)).toMatch(
      /^400 999\n(?!.*rotation)/,
    );
    await stack.up("--expect-no-changes");
  }, 120_000);

  if (ram) {
    test("a node whose container restarts later finds the others by the new cookie", async () => {
      await onHost("host2", "docker restart -t 60 rabbitmq");
      await until("it is back", async () => (await peers("host2")).length === 3, 90);
    }, 120_000);

    test("a node that was down meanwhile has it when it starts", async () => {
      await onHost("host3", "docker stop -t 60 rabbitmq");
      stack.change((config) => {
        config["warren:rabbitmq"]["rotation"] = { cookie: 3 };
      });
      await stack.up();
      expect(new Set(await cookies()).size).toBe(1);
      await onHost("host3", "docker start rabbitmq");
      await until("it is back", async () => (await peers("host1")).length === 3, 90);
    }, 180_000);
    return;
  }

  /** Whether somebody may log in, by the management API. */
  const logsIn = async (username: string, password: string): Promise<boolean> => {
    return (await page(`${outputs.managementUrl}api/whoami`, { username, password })).status === 200;
  };
  const rotate = (administrator: object, users: object): void => {
    stack.change((config) => {
      config["warren:rabbitmq"]["rotation"] = { cookie: 2, ...administrator };
      config["warren:rabbitmq"]["users"] = users;
    });
  };
  const tags = ["management"];

  test("an application gets a user of its own, and nobody else's user is touched", async () => {
    const ctl = (args: string) => onHost("host1", `docker exec -u rabbitmq rabbitmq rabbitmqctl -q ${args}`);
    await ctl("add_user by-hand by-hand-by-hand");
    rotate({}, { "by-hand": {}, orders: { tags } });
    const refused = await stack.try("up", "--yes", "--skip-preview");
    expect(refused.output).toContain("the broker has a user by-hand already that Warren did not make");
    rotate({}, { orders: { tags } });
    await stack.up();
    outputs = await stack.outputs();
    expect(outputs.users["orders"]?.username).toBe("orders");
    expect(await logsIn("orders", outputs.users["orders"]?.password ?? "")).toBe(true);
    expect(await ctl("list_users")).toMatch(/by-hand\s+\[\]/);
  }, 120_000);

  test("two logins at a time: clients of the administrator and of the application never meet a wrong one", async () => {
    const before = outputs;
    const started = await containerStarts();
    const application = (from: Outputs): Outputs => ({ ...from, ...from.users["orders"] });
    const both = async (act: (administrator: Traffic, user: Traffic) => Promise<void>) => {
      const user = await Traffic.start(application(outputs), [{ ...queue, name: `${queue.name}-user` }]);
      try {
        const result = await underTraffic("The administrator's password is rotated", (traffic) => act(traffic, user));
        const report = await user.stop();
        return { administrator: result.lost, user: report.lost, restarted: result.restarted };
      } finally {
        user.end();
      }
    };
    const result = await both(async (administrator, user) => {
      rotate({ administrator: 2 }, { orders: { tags, rotation: 2 } });
      const preview = await stack.pulumi("preview");
      for (const step of ["rabbitmq-administrator.2", "rabbitmq-password.2", "rabbitmq-user-orders.2"]) {
        expect(preview).toContain(step);
      }
      await stack.up();
      outputs = await stack.outputs();
      expect([outputs.username, outputs.users["orders"]?.username]).toEqual(["admin.2", "orders.2"]);
      for (const one of [before, outputs]) {
        expect(await logsIn(one.username, one.password)).toBe(true);
        expect(await logsIn(application(one).username, application(one).password)).toBe(true);
      }
      administrator.login(outputs.username, outputs.password);
      user.login(application(outputs).username, application(outputs).password);
      rotate({ administrator: 2, retiredAdministrator: 1 }, { orders: { tags, rotation: 3 } });
      await stack.up();
      outputs = await stack.outputs();
      user.login(application(outputs).username, application(outputs).password);
    });
    expect(result).toEqual({ administrator: 0, user: 0, restarted: 0 });
    expect(await containerStarts()).toBe(started);
    expect([outputs.username, outputs.users["orders"]?.username]).toEqual(["admin.2", "orders.3"]);
    expect(await logsIn(outputs.username, outputs.password)).toBe(true);
    for (const [username, password] of [
      [before.username, before.password],
      [application(before).username, application(before).password],
    ] as const) {
      expect(await logsIn(username, password)).toBe(false);
    }
    await stack.up("--expect-no-changes");
  }, 240_000);

  test("the statistics page has another password after a reload", async () => {
    const { username } = outputs.stats;
    const answers = (password: string) =>
      Promise.all(
        ["host4", "host5"].map(
          async (host) => (await page(`http://${addresses[host]}:8100/`, { username, password })).status,
        ),
      );
    const [former, started] = [outputs.stats.password, await containerStarts()];
    stack.change((config) => {
      config["warren:haproxy"]["stats"] = { rotation: 2 };
    });
    await stack.up();
    outputs = await stack.outputs();
    expect([await answers(former), await answers(outputs.stats.password)]).toEqual([
      [401, 401],
      [200, 200],
    ]);
    expect(await containerStarts()).toBe(started);
  }, 120_000);

  test("a leap is refused before anything is touched", async () => {
    rotate({ administrator: 4 }, { orders: { tags, rotation: 3 } });
    expect((await stack.try("preview")).output).toContain(
      "warren:rabbitmq.rotation.administrator: 4 - must be 2 or 3: admin.2 is in use, and one step is taken at a time",
    );
  }, 60_000);

  test("a user taken out of the config is deleted, and its queues stay; the whole stack can be destroyed", async () => {
    rotate({ administrator: 2, retiredAdministrator: 1 }, {});
    await stack.up();
    const ctl = (args: string) => onHost("host1", `docker exec -u rabbitmq rabbitmq rabbitmqctl -q ${args}`);
    const users = await ctl("list_users");
    expect(users).not.toContain("orders");
    expect(users).toContain("by-hand");
    expect(await ctl(`list_queues -p ${outputs.vhost} name`)).toContain(`${queue.name}-user`);
    await stack.destroy();
  }, 180_000);
});
