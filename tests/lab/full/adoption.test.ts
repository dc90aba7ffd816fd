import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { connect } from "../support/client";
import { brokerStarts, record, restarted } from "../support/figures";
import { clusterStatus, containerStarts, environment, holders, onHost, resetLab, root, vip } from "../support/hosts";
import { Stack, type Outputs } from "../support/stack";
import { mirrorQueues, Traffic } from "../support/traffic";

const brokers = ["host1", "host2", "host3"];
const balancers = ["host4", "host5"];

/** What a cluster made by hand has: its administrator, and where applications reach it. */
const byHand = {
  vip,
  ports: { amqp: 15670 },
  vhost: "app",
  username: "admin",
  password: "by-hand-by-hand",
} as Outputs;

/** The first article's cluster, made by its own steps, is taken under Warren with all that is in it. */
describe("a cluster made by hand", () => {
  const stack = new Stack("adoption", (config) => {
    const rabbitmq = config["warren:rabbitmq"];
    Object.assign(rabbitmq, { username: byHand.username, password: byHand.password, cookie: "another-cookie" });
    for (const node of rabbitmq.nodes) Object.assign(node, { adopt: "rabbitmq" });
    config["warren:haproxy"]["adopt"] = "article-haproxy";
  });

  beforeAll(async () => {
    await resetLab();
    const script = join(root, "tests/bench/byHand.sh");
    const options = { maxBuffer: 64 << 20, env: environment };
    await promisify(execFile)("bash", [script, "parallel", "rabbitmq:3.8.9-management"], options);
    for (const host of balancers) await onHost(host, "docker rename haproxy article-haproxy");
    await mirrorQueues("host1", byHand.vhost);
    const connection = await connect(byHand);
    await connection.queueDeclare({ queue: "kept", durable: true });
    const publisher = connection.createPublisher({ confirm: true });
    for (let i = 0; i < 20; i++) await publisher.send({ routingKey: "kept", durable: true }, `before ${i}`);
    await publisher.close();
    await connection.close();
    await stack.init();
  }, 300_000);

  afterAll(() => {
    stack.remove();
  });

  const memberships = async () => {
    const { disk_nodes, ram_nodes, running_nodes } = await clusterStatus("host1");
    return [disk_nodes, ram_nodes, running_nodes].map((nodes) => nodes.sort());
  };

  test("is refused whole where one value is wrong, before anything is touched", async () => {
    const before = await containerStarts();
    const { code, output } = await stack.try("up", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(output).toContain("warren:rabbitmq.cookie: [secret] - must be the cookie of the container rabbitmq");
    expect(await containerStarts()).toBe(before);
  }, 120_000);

  test("is adopted node by node, with its data, its members and its messages", async () => {
    const cookie = await onHost("host1", "cat /srv/rabbitmq/data/.erlang.cookie");
    stack.change((config) => {
      config["warren:rabbitmq"]["cookie"] = cookie;
    });
    const [members, starts] = [await memberships(), await brokerStarts(brokers)];
    const traffic = await Traffic.start(byHand, [{ name: "mirrored", type: "classic" }]);
    try {
      await stack.up();
      const report = await traffic.stop();
      const count = restarted(starts, await brokerStarts(brokers));
      record({ change: "A cluster built by hand is adopted", broker: "3.8.9", traffic: report, restarted: count });
      expect({ lost: report.lost, restarted: count }).toEqual({ lost: 0, restarted: 3 });
    } finally {
      traffic.end();
    }
    expect(await memberships()).toEqual(members);
    expect(await onHost("host1", "docker exec rabbitmq rabbitmqctl -q list_queues -p app name messages")).toMatch(
      /kept\s+20/,
    );
    expect(await holders()).toEqual(["host4"]);
    const outputs = await stack.outputs();
    expect([outputs.username, outputs.password, outputs.vhost]).toEqual([
      byHand.username,
      byHand.password,
      byHand.vhost,
    ]);
  }, 300_000);

  test("one node after the other was replaced", async () => {
    const times = await Promise.all(
      brokers.map((host) => onHost(host, "docker inspect -f '{{.State.StartedAt}}' rabbitmq")),
    );
    expect([...times].sort()).toEqual(times);
  });

  test("leaves the old containers stopped for good, and the old places where they were", async () => {
    const format = "'{{.State.Running}} {{.HostConfig.RestartPolicy.Name}}'";
    for (const host of brokers) {
      expect(await onHost(host, `docker inspect -f ${format} rabbitmq.before-warren`)).toBe("false no");
      expect(await onHost(host, "ls -A /srv/rabbitmq/data")).toBe(".erlang.cookie");
    }
    for (const host of balancers) {
      expect(await onHost(host, `docker inspect -f ${format} article-haproxy.before-warren`)).toBe("false no");
      expect(await onHost(host, "head -n 1 /etc/keepalived/keepalived.conf.before-warren")).toBe(
        "vrrp_script chk_haproxy {",
      );
    }
  });

  test("changes no more, be it without `adopt`; its cookie becomes one of Warren's while it runs", async () => {
    await stack.up("--expect-no-changes");
    const before = await containerStarts();
    stack.change((config) => {
      Reflect.deleteProperty(config["warren:rabbitmq"], "cookie");
      for (const node of config["warren:rabbitmq"].nodes) Reflect.deleteProperty(node, "adopt");
      Reflect.deleteProperty(config["warren:haproxy"], "adopt");
    });
    await stack.up();
    expect(await containerStarts()).toBe(before);
    const cookies = "/srv/rabbitmq/data/.erlang.cookie /var/lib/warren/rabbitmq/*/data/.erlang.cookie";
    const known = await Promise.all(brokers.map((host) => onHost(host, `cat ${cookies} | md5sum`)));
    expect(new Set(known).size).toBe(1);
    expect(await onHost("host1", `md5sum ${cookies} | cut -d' ' -f1 | sort -u | wc -l`)).toBe("2");
    expect((await memberships())[2]).toHaveLength(3);
    await stack.up("--expect-no-changes");
  }, 180_000);
});
