import { addresses, clusterStatus, holders, lab, onHost, resetLab, until } from "../support/hosts";
import { brokerStarts, restarted } from "../support/figures";
import { Stack } from "../support/stack";
import { mirrorQueues, Traffic } from "../support/traffic";

/*
 * What is changed on the hosts behind Warren's back: the preview names it, `up` puts it right under live traffic, and the next
 * `up` finds nothing. Each was "unchanged" before.
 */

const queues = [
  { name: "mirrored-live", type: "classic" },
  { name: "quorum-live", type: "quorum" },
] as const;
const brokers = ["host1", "host2", "host3"];

interface Case {
  /** What is done to the hosts. */
  damage: () => Promise<unknown>;
  /** What the preview says of it. */
  names: RegExp;
  /** Whether it is right again. */
  healed?: () => Promise<boolean>;
  /** Brokers that `up` restarts. */
  restarts?: number;
}

describe("drift on the hosts", () => {
  const stack = new Stack("drift", (config) => {
    Object.assign(config, { "warren:firewall": {}, "warren:tls": {} });
    config["warren:rabbitmq"].image = "rabbitmq:3.10.8-management";
    config["warren:rabbitmq"].nodes[2]!.type = "disc";
  });

  beforeAll(async () => {
    await resetLab();
    await stack.init();
    await stack.up();
    await mirrorQueues("host1", (await stack.outputs()).vhost);
  }, 300_000);

  afterAll(() => {
    stack.remove();
  });

  test("nothing is found where nothing was changed", async () => {
    await stack.up("--expect-no-changes");
  }, 120_000);

  async function heals({ damage, names, healed, restarts = 0 }: Case): Promise<void> {
    const traffic = await Traffic.start(await stack.outputs(), [...queues]);
    try {
      await damage();
      // After the damage: what it did by itself is not `up`'s doing.
      const before = await brokerStarts(brokers);
      const preview = await stack.pulumi("preview");
      expect(preview).toMatch(names);
      // The check and the update never disagree.
      const { code, output } = await stack.check();
      expect(output).toMatch(names);
      expect(code).toBe(1);
      await stack.up();
      const report = await traffic.stop();
      expect({ lost: report.lost, restarted: restarted(before, await brokerStarts(brokers)) }).toEqual({
        lost: 0,
        restarted: restarts,
      });
      if (healed !== undefined) expect(await healed()).toBe(true);
    } finally {
      traffic.end();
    }
    await stack.up("--expect-no-changes");
    expect(await holders()).toEqual(["host4"]);
  }

  const says = (host: string, command: string, text: string) => async () =>
    (await onHost(host, command)).includes(text);

  test.each<[string, Case]>([
    [
      "a balancer's configuration is changed",
      {
        damage: () =>
          onHost("host5", "sed -i 's/retries .*/retries 99/' /var/lib/warren/haproxy/host5/conf/haproxy.cfg"),
        names: /host5: \S*haproxy\.cfg was changed/,
        healed: says("host5", "grep -c 'retries 99' /var/lib/warren/haproxy/host5/conf/haproxy.cfg || true", "0"),
      },
    ],
    [
      "a balancer runs by another configuration than its file",
      {
        damage: () =>
          onHost(
            "host5",
            "cd /var/lib/warren/haproxy/host5/conf && cp -p haproxy.cfg /root/kept.cfg && sed -i 's/configuration/another/' haproxy.cfg && docker kill -s USR2 haproxy && for try in $(seq 100); do curl -sf -o /dev/null http://127.0.0.1:8100/another/$(sed -n 's,.*/another/\\([0-9a-f]*\\).*,\\1,p' haproxy.cfg | head -n 1) && break; sleep 0.1; done; cp -p /root/kept.cfg haproxy.cfg",
          ),
        names: /host5: /,
      },
    ],
    [
      "keepalived's check is overwritten",
      {
        damage: () => onHost("host4", "printf '#!/bin/sh\\nexit 1\\n' > /etc/keepalived/warren-serves"),
        names: /host4: \S*warren-serves was changed/,
      },
    ],
    [
      "keepalived's configuration is changed and loaded",
      {
        damage: () =>
          onHost(
            "host4",
            "sed -i 's/priority .*/priority 1/' /etc/keepalived/keepalived.conf && systemctl reload keepalived",
          ),
        names: /host4: \S*keepalived\.conf was changed/,
      },
    ],
    [
      "keepalived is stopped and disabled",
      {
        damage: () => onHost("host4", "systemctl disable -q --now keepalived"),
        names: /host4: keepalived is not active/,
      },
    ],
    [
      "a balancer's container is gone",
      { damage: () => onHost("host5", "docker rm -f haproxy"), names: /host5: the container haproxy is missing/ },
    ],
    [
      "a balancer's container is stopped",
      { damage: () => onHost("host5", "docker stop haproxy"), names: /host5: the container haproxy is exited/ },
    ],
    [
      "a broker's container is gone",
      {
        damage: () => onHost("host2", "docker stop -t 60 rabbitmq && docker rm rabbitmq"),
        names: /host2: the container rabbitmq is missing/,
      },
    ],
    [
      "a broker's container is stopped",
      {
        damage: () => onHost("host2", "docker stop -t 60 rabbitmq"),
        names: /host2: the container rabbitmq is exited/,
        restarts: 1,
      },
    ],
    [
      "a broker's container is changed by hand",
      {
        damage: () => onHost("host3", "docker update --memory 2g --memory-swap 2g rabbitmq"),
        names: /host3: the container rabbitmq was changed by hand/,
        healed: says("host3", "docker inspect -f '{{.HostConfig.Memory}}' rabbitmq", "0"),
        restarts: 1,
      },
    ],
    [
      "a broker's configuration is changed",
      {
        damage: () =>
          onHost("host1", "echo 'channel_max = 7' >> /var/lib/warren/rabbitmq/rabbitmq1/conf/rabbitmq.conf"),
        names: /host1: \S*rabbitmq\.conf was changed/,
      },
    ],
    [
      "the firewall's table is flushed",
      {
        damage: () => onHost("host1", "nft flush table inet warren"),
        names: /host1: the nftables table inet warren was changed/,
      },
    ],
    [
      "the firewall's table is gone",
      {
        damage: () => onHost("host1", "nft delete table inet warren"),
        names: /host1: the nftables table inet warren is missing/,
      },
    ],
    [
      "a kernel setting is changed",
      {
        damage: () => onHost("host4", "sysctl -q -w net.ipv4.ip_nonlocal_bind=0"),
        names: /host4: sysctl net\.ipv4\.ip_nonlocal_bind is 0, not 1/,
        healed: says("host4", "sysctl -n net.ipv4.ip_nonlocal_bind", "1"),
      },
    ],
    [
      "a certificate is overwritten",
      {
        damage: () => onHost("host2", "cd /var/lib/warren/rabbitmq/rabbitmq2/conf/tls && cat authority.pem > node.pem"),
        names: /host2: \S*node\.pem was changed/,
      },
    ],
    ["the library is gone", { damage: () => onHost("host1", "rm -rf /usr/local/lib/warren"), names: /host1: / }],
  ])(
    "%s",
    async (_title, drift) => {
      await heals(drift);
    },
    400_000,
  );

  test("a host is installed again under its old address: it joins again, blank, and there is no second cluster", async () => {
    await heals({
      damage: async () => {
        await lab("stop", "host2");
        await lab("renew", "host2");
      },
      names: /host2: the data of rabbitmq2 are not there/,
      healed: async () => (await clusterStatus("host2")).running_nodes.length === 3,
    });
    expect((await clusterStatus("host1")).running_nodes).toHaveLength(3);
  }, 500_000);

  test("the seed node's host is installed again: it joins the others, and does not found a second cluster", async () => {
    await heals({
      damage: async () => {
        await lab("stop", "host1");
        await lab("renew", "host1");
      },
      names: /host1: the data of rabbitmq1 are not there/,
    });
    expect((await clusterStatus("host1")).running_nodes).toHaveLength(3);
  }, 500_000);

  test("a node is forgotten by its cluster: its data are moved aside, and it joins again", async () => {
    await heals({
      // A reset leaves no queues in its data.
      damage: () => onHost("host3", "docker exec rabbitmq sh -c 'rabbitmqctl -q stop_app && rabbitmqctl -q reset'"),
      names: /host3: the cluster does not know its member rabbitmq3 any more/,
      healed: async () => (await clusterStatus("host3")).running_nodes.length === 3,
      restarts: 1,
    });
  }, 500_000);

  test("a forgotten node with queues in its data is refused, and nothing is changed", async () => {
    await onHost("host3", "docker stop -t 60 rabbitmq");
    await onHost("host1", "docker exec rabbitmq rabbitmqctl -q forget_cluster_node rabbit@rabbitmq3");
    const { code, output } = await stack.try("preview");
    expect(code).not.toBe(0);
    expect(output).toMatch(/the data of rabbitmq3 hold queues: it would lose them if it joined again/);
    expect((await stack.check()).output).toMatch(/the data of rabbitmq3 hold queues/);
    const database = "/var/lib/warren/rabbitmq/rabbitmq3/data/mnesia";
    await heals({
      damage: () => onHost("host3", `mv ${database} ${database}.old`),
      names: /host3: the data of rabbitmq3 are not there/,
      healed: async () => (await clusterStatus("host3")).running_nodes.length === 3,
      restarts: 1,
    });
  }, 600_000);

  test("a host that does not answer is named, and nothing else is changed", async () => {
    await lab("stop", "host5");
    const output = await stack.up("--expect-no-changes");
    expect(output).toMatch(/host host5 does not answer/);
    await lab("start", "host5");
    await until(
      "host5 answers",
      async () => (await onHost("host5", "docker inspect -f '{{.State.Running}}' haproxy")) === "true",
    );
  }, 200_000);

  test("another stack on the same hosts is refused before anything is written, and this one serves on", async () => {
    const other = new Stack("other", (config) => {
      config["warren:vip"]!["address"] = `${addresses.host1!.replace(/\.\d+$/, "")}.150/24`;
    });
    try {
      await other.init();
      const { code, output } = await other.try("up", "--yes", "--skip-preview");
      expect(code).not.toBe(0);
      expect(output).toContain("belongs to the Warren stack organization/warren/drift");
      await other.try("destroy", "--yes", "--skip-preview");
    } finally {
      other.remove();
    }
    expect(await holders()).toEqual(["host4"]);
    await stack.up("--expect-no-changes");
  }, 300_000);

  test("WARREN_OFFLINE=1 asks nobody: a preview needs no host", async () => {
    await lab("stop", "host1", "host2", "host3", "host4", "host5");
    process.env["WARREN_OFFLINE"] = "1";
    try {
      await stack.pulumi("preview", "--expect-no-changes");
    } finally {
      delete process.env["WARREN_OFFLINE"];
    }
  }, 120_000);
});
