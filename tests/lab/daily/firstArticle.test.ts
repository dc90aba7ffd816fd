import { connect, roundTrip } from "../support/client";
import {
  addresses,
  clusterStatus,
  containerStarts,
  holders,
  onEveryHost,
  onHost,
  resetLab,
  until,
  vip,
} from "../support/hosts";
import { brokerStates, page } from "../support/page";
import { Stack, type Outputs } from "../support/stack";

/** The first article's whole topology, from bare hosts to a service and back. The tests build on each other. */
describe("the first article's topology on five hosts", () => {
  const stack = new Stack("article");
  let outputs: Outputs;
  const processLists = "/run/warren-test-processes";

  beforeAll(async () => {
    await resetLab();
    await stack.init();
    // Every command line that is ever seen while the service is made.
    await onEveryHost(
      `nohup bash -c 'while [ ! -e ${processLists}.stop ]; do ps -eo args --no-headers; sleep 0.1; done > ${processLists}' > /dev/null 2>&1 < /dev/null &`,
    );
  }, 900_000);

  afterAll(() => {
    stack.remove();
  });

  test("a preview of the empty stack names every step and touches no host", async () => {
    const output = await stack.pulumi("preview");
    for (const step of ["rabbitmq3-stop-app", "rabbitmq3-reset", "rabbitmq3-join-cluster", "rabbitmq3-start-app"]) {
      expect(output).toContain(step);
    }
    expect(await onEveryHost("ls /etc/sysctl.d/90-warren.conf /var/lib/warren 2> /dev/null | wc -l")).toEqual(
      Array(5).fill("0"),
    );
  }, 180_000);

  test("a fresh up ends with a serving service", async () => {
    await stack.up();
    outputs = await stack.outputs();
    expect(outputs).toMatchObject({
      vip,
      ports: { amqp: 15670, management: 15672, stats: 8100, metrics: 15692 },
      vhost: "app",
      username: "admin",
    });
    expect(outputs.nodes.map((node) => node.type)).toEqual(["disc", "disc", "ram"]);
  }, 600_000);

  test.each(["host1", "host2", "host3"])(
    "%s's node shows two disc nodes, one RAM node, all running 3.8.9",
    async (host) => {
      const status = await clusterStatus(host);
      expect(status.disk_nodes.sort()).toEqual(["rabbit@rabbitmq1", "rabbit@rabbitmq2"]);
      expect(status.ram_nodes).toEqual(["rabbit@rabbitmq3"]);
      expect(status.running_nodes.sort()).toEqual(["rabbit@rabbitmq1", "rabbit@rabbitmq2", "rabbit@rabbitmq3"]);
      const versions = Object.values(status.versions);
      expect(new Set(versions.map((v) => v.rabbitmq_version))).toEqual(new Set(["3.8.9"]));
      expect(new Set(versions.map((v) => v.erlang_version)).size).toBe(1);
    },
  );

  test("the cookie is the same on every node, in a file of mode 0400 that is the broker's own", async () => {
    const cookie = "/var/lib/warren/rabbitmq/*/data/.erlang.cookie";
    const found = await Promise.all(
      ["host1", "host2", "host3"].map((host) => onHost(host, `stat -c '%a %u' ${cookie}; cat ${cookie} | md5sum`)),
    );
    expect(new Set(found).size).toBe(1);
    expect(found[0]).toMatch(/^400 999\n/);
  });

  test("hosts are prepared: sysctls, clock", async () => {
    const prepared = await onEveryHost(
      "sysctl -n net.ipv4.ip_forward net.ipv4.ip_nonlocal_bind net.ipv4.ip_local_reserved_ports; readlink /etc/localtime",
    );
    expect(new Set(prepared)).toEqual(new Set(["1\n1\n35672-35682\n/usr/share/zoneinfo/Asia/Shanghai"]));
  });

  test("what is published with confirms through the virtual IP is consumed through it", async () => {
    const bodies = Array.from({ length: 50 }, (_, i) => `message ${i}`);
    expect(await roundTrip(outputs, "orders", bodies)).toEqual(bodies);
  }, 180_000);

  test("the management page answers through the virtual IP", async () => {
    const answer = await page(`${outputs.managementUrl}api/overview`, outputs);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ rabbitmq_version: "3.8.9", cluster_name: "rabbitmq" });
  });

  test("the statistics page wants its password, and shows every broker up on both balancers", async () => {
    expect((await page(outputs.statsUrl)).status).toBe(401);
    for (const host of ["host4", "host5"]) {
      const states = await brokerStates(addresses[host] ?? "", outputs.stats);
      expect(states).toEqual({ rabbitmq1: "UP", rabbitmq2: "UP", rabbitmq3: "UP" });
    }
  });

  test("an up, a preview and a refresh that change nothing restart nothing", async () => {
    const before = await containerStarts();
    await stack.up("--expect-no-changes");
    await stack.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    await stack.pulumi("preview", "--expect-no-changes");
    expect(await containerStarts()).toBe(before);
  }, 300_000);

  test("no secret stands in state, logs, docker inspect or any process list", async () => {
    await onEveryHost(`touch ${processLists}.stop`);
    const plain = await stack.export("plain");
    const { deployment } = JSON.parse(plain) as {
      deployment: { resources: { type: string; outputs: { result: { plaintext: string } } }[] };
    };
    const generated = deployment.resources
      .filter(({ type }) => type === "random:index/randomPassword:RandomPassword")
      .map(({ outputs: { result } }) => JSON.parse(result.plaintext) as string);
    expect(new Set(generated).size).toBe(4);
    expect(generated).toContain(outputs.password);
    const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
    expect(plain).toMatch(key);
    const places = {
      state: await stack.export("encrypted"),
      log: stack.log,
      inspect: (
        await onEveryHost(
          "docker ps -aq | xargs -r docker inspect; docker images -q | xargs -rn 1 docker history --no-trunc",
        )
      ).join(),
      processes: (await onEveryHost(`cat ${processLists}`)).join(),
      journal: (await onEveryHost("journalctl --no-pager; docker ps -aq | xargs -rn 1 docker logs 2>&1")).join(),
    };
    expect(places.processes).toContain("/warren create ");
    for (const [place, text] of Object.entries(places)) {
      for (const secret of generated) {
        expect({ place, found: text.includes(secret) }).toEqual({ place, found: false });
      }
      expect({ place, found: key.test(text) }).toEqual({ place, found: false });
    }
  }, 300_000);

  test("the virtual IP leaves a host whose balancer stops, serves from the other, and comes back", async () => {
    expect(await holders()).toEqual(["host4"]);
    await onHost("host4", "docker stop haproxy");
    await until("host5 holds the virtual IP alone", async () => (await holders()).join() === "host5");
    expect(await roundTrip(outputs, "failover", ["over there"])).toEqual(["over there"]);
    await onHost("host4", "docker start haproxy");
    await until("host4 holds the virtual IP alone", async () => (await holders()).join() === "host4");
    expect(await roundTrip(outputs, "failover", ["and back"])).toEqual(["and back"]);
  }, 400_000);

  test("a changed setting goes round one node after the other, and every node keeps its data", async () => {
    const connection = await connect(outputs);
    await connection.queueDeclare({ queue: "kept", durable: true });
    const publisher = connection.createPublisher({ confirm: true });
    await publisher.send({ routingKey: "kept", durable: true }, "through the change");
    await publisher.close();
    await connection.close();
    stack.change((config) => {
      config["warren:rabbitmq"].settings = { channel_max: 1000 };
    });
    await stack.up();
    const starts = await Promise.all(
      ["host1", "host2", "host3"].map(async (host) =>
        Date.parse(await onHost(host, "docker inspect -f '{{.State.StartedAt}}' rabbitmq")),
      ),
    );
    expect([...starts].sort((a, b) => a - b)).toEqual(starts);
    for (const host of ["host1", "host2", "host3"]) {
      expect((await clusterStatus(host)).running_nodes).toHaveLength(3);
      expect(await onHost(host, "docker exec rabbitmq rabbitmqctl -q environment | grep -c '{channel_max,1000}'")).toBe(
        "1",
      );
    }
    const listed = await onHost("host1", "docker exec rabbitmq rabbitmqctl -q list_queues -p app name messages");
    expect(listed).toMatch(/kept\s+1/);
  }, 600_000);

  test("destroy leaves the hosts as they were, with the data moved aside; up starts anew", async () => {
    await stack.destroy();
    expect(
      await onEveryHost(
        `docker ps -aq | wc -l; ls /etc/sysctl.d/90-warren.conf 2> /dev/null | wc -l; ip -4 -o addr | grep -c ${vip}/ || true`,
      ),
    ).toEqual(Array(5).fill("0\n0\n0"));
    expect(await onHost("host1", "ls /var/lib/warren/rabbitmq")).toMatch(/^rabbitmq1\.removed-\d{8}T\d{6}Z$/);
    expect(await onHost("host1", "ls /var/lib/warren/rabbitmq/*/data/mnesia | head -n 1")).toBe("rabbit@rabbitmq1");
    await stack.up();
    outputs = await stack.outputs();
    expect(await roundTrip(outputs, "anew", ["again"])).toEqual(["again"]);
    await stack.destroy();
  }, 900_000);
});
