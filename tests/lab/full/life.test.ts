import { brokerStarts, record, restarted } from "../support/figures";
import { lab, onHost, resetLab } from "../support/hosts";
import { Life, members, node, quorumMembers, type Rabbitmq } from "../support/life";
import { Stack } from "../support/stack";
import { mirrorQueues } from "../support/traffic";

const version = "3.8.9";

/** A cluster's life after its first day, each change an edit of the config and an update, under live traffic. */
describe(`RabbitMQ ${version} changes while clients publish and consume`, () => {
  const stack = new Stack("life", (config) => {
    // The page is the balancers' only, as brokers come to live on their hosts.
    delete config["warren:haproxy"].ports.management;
  });

  const life = new Life(stack, version);

  beforeAll(async () => {
    await resetLab();
    await stack.init();
    await stack.up();
    await mirrorQueues("host1", (await stack.outputs()).vhost);
  }, 300_000);

  afterAll(() => {
    stack.remove();
  });

  test("an update without a change restarts nothing", async () => {
    await life.change(() => undefined, { as: "Nothing changes", restarts: 0 });
  }, 300_000);

  test("a disc node joins", async () => {
    await life.change((rabbitmq) => rabbitmq.nodes.push(node(4)), { as: "A disc node joins", restarts: 0 });
    expect(await members("host3")).toEqual({ disc: ["1", "2", "4"], ram: ["3"], running: ["1", "2", "3", "4"] });
  }, 300_000);

  test("a node that holds a queue's only data may not leave, and nothing happens to it", async () => {
    const rabbitmqctl = "docker exec -u rabbitmq rabbitmq rabbitmqctl -q";
    const { vhost } = await stack.outputs();
    const declare = `rabbit_amqqueue:declare({resource, <<"${vhost}">>, queue, <<"only here">>}, true, false, [], none, <<"test">>, node()).`;
    await onHost("host2", `${rabbitmqctl} eval '${declare}'`);
    stack.change((config) => {
      config["warren:rabbitmq"].nodes.splice(1, 1);
    });
    const { code, output } = await stack.try("up", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(output).toContain("rabbit@rabbitmq2 cannot be spared");
    expect(output).toContain(`only here (classic_queue) in the virtual host ${vhost}`);
    expect((await members("host1")).running).toEqual(["1", "2", "3", "4"]);
    await onHost("host2", `${rabbitmqctl} delete_queue -p ${vhost} 'only here'`);
    stack.change((config) => {
      config["warren:rabbitmq"].nodes.splice(1, 0, node(2));
    });
    await stack.up();
  }, 300_000);

  test("the root leaves, with its part of every queue", async () => {
    await life.change((rabbitmq) => rabbitmq.nodes.splice(0, 1), { as: "The root is taken out", restarts: 0 });
    expect(await members("host2")).toEqual({ disc: ["2", "4"], ram: ["3"], running: ["2", "3", "4"] });
    expect(await quorumMembers("host2")).toEqual(["2", "3", "4"]);
    expect(await onHost("host1", "docker ps -aq; ls /var/lib/warren/rabbitmq")).toMatch(/^rabbitmq1\.removed-\S+$/);
  }, 300_000);

  test("a dead host is replaced under its name", async () => {
    await life.change(
      (_, config) => {
        config["warren:hosts"].host2!["machine"] = "second";
      },
      {
        as: "A dead host is replaced",
        restarts: 0,
        meanwhile: async () => {
          await lab("stop", "host2");
          await lab("renew", "host2");
        },
      },
    );
    expect(await members("host3")).toEqual({ disc: ["2", "4"], ram: ["3"], running: ["2", "3", "4"] });
    expect(await quorumMembers("host4")).toEqual(["2", "3", "4"]);
  }, 400_000);

  test("a lost host's node is forgotten, without the host", async () => {
    await life.change(
      (_, config) => {
        config["warren:hosts"].host3!["lost"] = true;
      },
      {
        restarts: 0,
        meanwhile: async () => {
          life.hosts = life.hosts.filter((host) => host !== "host3");
          await lab("stop", "host3");
        },
      },
    );
    expect(await members("host2")).toEqual({ disc: ["2", "4"], ram: [], running: ["2", "4"] });
    expect((await stack.outputs()).nodes.map(({ name }) => name)).toEqual(["rabbitmq2", "rabbitmq4"]);
    const { code, output } = await stack.check();
    expect(output).toContain("host host3 is lost, as configured");
    expect(code).toBe(0);
  }, 400_000);

  test("another node takes its place, and the host leaves the config", async () => {
    await life.change(
      (rabbitmq, config) => {
        rabbitmq.nodes = [node(2), node(4), node(1, "ram")];
        delete config["warren:hosts"].host3;
      },
      { as: "A RAM node joins", restarts: 0 },
    );
    expect(await members("host2")).toEqual({ disc: ["2", "4"], ram: ["1"], running: ["1", "2", "4"] });
    expect(await quorumMembers("host2")).toEqual(expect.arrayContaining(["2", "4"]));
  }, 400_000);

  test("a node changes its type", async () => {
    const edit = (type: "disc" | "ram") => (rabbitmq: Rabbitmq) => {
      rabbitmq.nodes[1]!.type = type;
    };
    await life.change(edit("ram"), { restarts: 0 });
    expect(await members("host2")).toMatchObject({ disc: ["2"], ram: ["1", "4"] });
    await life.change(edit("disc"), { as: "Disc becomes RAM, and back", restarts: 0 });
    expect(await members("host2")).toMatchObject({ disc: ["2", "4"], ram: ["1"], running: ["1", "2", "4"] });
  }, 500_000);

  test("a plugin comes, and the memory limit falls, without a restart", async () => {
    await life.change(
      (rabbitmq) => {
        rabbitmq["plugins"] = ["rabbitmq_management", "rabbitmq_prometheus", "rabbitmq_shovel"];
        rabbitmq["memoryHighWatermark"] = "1GB";
      },
      { as: "A plugin is enabled", restarts: 0 },
    );
    const rabbitmqctl = "docker exec -u rabbitmq rabbitmq";
    expect(await onHost("host1", `${rabbitmqctl} rabbitmq-plugins -q list -E -m`)).toContain("rabbitmq_shovel");
    expect(
      await onHost("host1", `${rabbitmqctl} rabbitmqctl -q eval 'vm_memory_monitor:get_vm_memory_high_watermark().'`),
    ).toBe("{absolute,1000000000}");
  }, 400_000);

  test("a setting goes round one node after the other", async () => {
    await life.change(
      (rabbitmq) => {
        rabbitmq.settings = { channel_max: 1024 };
      },
      { as: "A setting changes", restarts: 3 },
    );
  }, 400_000);

  test("the cluster is stopped, and started again with all that it had", async () => {
    const traffic = await life.traffic();
    const before = await brokerStarts(life.hosts);
    const stopped = (value: boolean): Promise<string> => {
      stack.change((config) => {
        config["warren:rabbitmq"]["stopped"] = value;
      });
      return stack.up();
    };
    await stopped(true);
    await stack.up("--expect-no-changes");
    const running = (host: string): Promise<string> => onHost(host, "docker inspect -f '{{.State.Running}}' rabbitmq");
    expect(await Promise.all(["host1", "host2", "host4"].map(running))).toEqual(["false", "false", "false"]);
    const { code, output } = await stack.check();
    expect(output).toContain("the brokers are stopped, as configured");
    expect(code).toBe(0);
    await stopped(false);
    const report = await traffic.stop();
    expect(report.lost).toBe(0);
    const count = restarted(before, await brokerStarts(life.hosts));
    expect(count).toBe(3);
    record({ change: "The cluster is stopped and started", broker: version, traffic: report, restarted: count });
  }, 400_000);

  test("destroy keeps each node's data aside", async () => {
    await stack.destroy();
    expect(await onHost("host4", "docker ps -aq; ls /var/lib/warren/rabbitmq")).toMatch(/^rabbitmq4\.removed-\S+$/);
    expect(await onHost("host4", "ls -d /var/lib/warren/rabbitmq/*/data/mnesia/*/quorum")).not.toBe("");
  }, 200_000);
});
