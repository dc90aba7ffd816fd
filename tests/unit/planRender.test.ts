import { plan } from "../../plan/render";
import { group, members, preview, stack, step, urn, violation, type RawStep } from "./support/previews";

const outputs = (...kinds: ("disc" | "ram")[]) => ({
  nodes: members(...kinds),
  members: {
    versions: Object.fromEntries(members(...kinds).map(({ name }) => [`rabbit@${name}`, "3.8.9 on Erlang 23"])),
  },
});
const three = stack(outputs("disc", "disc", "ram"));
const cluster = (op: string, nodes: object[], change = {}) => {
  const old = { image: "rabbitmq:3.8.9", version: "3.8.9", nodes: members("disc", "disc", "ram") };
  return group(op, "RabbitCluster", "rabbitmq", { old, new: { ...old, nodes, ...change } });
};
const loaded = { policyLoadEvent: {} };
const rendered = (...steps: RawStep[]) => plan(preview(steps)).markdown;

/** The lines of a section. */
function section(markdown: string, title: string): string[] {
  return (markdown.split(`### ${title}\n\n`)[1] ?? "").split(/\n\n(?:###|<details>)/)[0]?.split("\n") ?? [];
}

describe("the exit status", () => {
  const change = step("update", "RabbitNode", "rabbitmq1-files", { differing: ["stdin"] });

  test("0 and one quiet line where nothing changes, whatever is advised", () => {
    const events = [loaded, violation("image-digests", "advisory", "No digest.")];
    const read = { op: "read", urn: "urn:pulumi:test::warren::pulumi:pulumi:StackReference::self" };
    expect(plan(preview([three, read, step("same", "RabbitNode", "rabbitmq1-files")], events))).toEqual({
      markdown: "Stack `test`: nothing changes.\n",
      status: 0,
    });
  });

  test("2 where something changes, whatever is advised", () => {
    const events = [loaded, violation("image-digests", "advisory", "No digest.")];
    expect(plan(preview([three, change], events)).status).toBe(2);
  });

  test("1 where a mandatory policy is broken, even if nothing changes", () => {
    const events = [loaded, violation("stop-grace", "mandatory", "It is killed.")];
    const failed = [{ message: "error: preview failed\n", severity: "error" }];
    const { markdown, status } = plan(preview([three], events, failed));
    expect(status).toBe(1);
    expect(markdown).toContain("**Must not be deployed**: it breaks `stop-grace` (below).");
    expect(markdown).not.toContain("preview failed");
  });

  test("1 where the preview fails, with what it says", () => {
    const said = [{ message: 'error: Stack "test": 1 error in its configuration.\n', severity: "error" }];
    const { markdown, status } = plan(preview([three], [], said));
    expect(status).toBe(1);
    expect(markdown).toContain(
      '**The preview fails:**\n\n```text\nerror: Stack "test": 1 error in its configuration.\n```',
    );
  });
});

describe("members", () => {
  test("before and after, with what happens to each", () => {
    const after = [
      { name: "rabbitmq1", host: "host1", type: "disc" },
      { name: "rabbitmq3", host: "host3", type: "disc" },
      { name: "rabbitmq10", host: "host4", type: "disc" },
    ];
    const markdown = rendered(
      three,
      cluster("update", after, { version: "3.10.8" }),
      step("replace", "RabbitNode", "rabbitmq1-container", { replacedFor: ["image"] }),
      step("create", "RabbitNode", "rabbitmq10-container"),
      step("create", "RabbitNode", "rabbitmq10-join-cluster"),
    );
    expect(section(markdown, "Members").slice(2)).toEqual([
      "| `rabbitmq1` | disc on `host1`, 3.8.9 | disc on `host1`, 3.10.8 | restarts |",
      "| `rabbitmq2` | disc on `host2`, 3.8.9 | – | leaves |",
      "| `rabbitmq3` | RAM on `host3`, 3.8.9 | disc on `host3`, 3.10.8 | changes its type |",
      "| `rabbitmq10` | – | disc on `host4`, 3.10.8 | joins |",
    ]);
    expect(markdown).toContain("**3 members, as before; 1 joins; 1 leaves; 1 broker restarts.**");
  });

  test("another host is a move", () => {
    const after = members("disc", "disc", "ram").map((node) => ({
      ...node,
      host: node.host.replace("host3", "host4"),
    }));
    expect(section(rendered(three, cluster("update", after)), "Members").at(-1)).toMatch(/\| moves \|$/);
  });

  test("one on a lost machine is forgotten, and one that was forgotten before is not told of", () => {
    const frozen = (name: string) => {
      const { oldState, newState, ...others } = step("same", "RabbitNode", `${name}-container`);
      return { ...others, oldState, newState: { ...newState, ignoreChanges: ["*"] } };
    };
    const after = [...members("disc", "disc", "ram"), { name: "rabbitmq4", host: "host4", type: "disc" }];
    const markdown = rendered(three, cluster("update", after), frozen("rabbitmq3"), frozen("rabbitmq4"));
    expect(section(markdown, "Members").slice(4)).toEqual([
      "| `rabbitmq3` | RAM on `host3`, 3.8.9 | – | is forgotten |",
    ]);
    expect(markdown).toContain("**3 members before, 2 after; 1 is forgotten.**");
    expect(markdown).toContain("The cluster forgets `rabbitmq3`, whose machine is lost");
  });

  test("of a first deployment: the first, and those that join it", () => {
    const markdown = rendered(
      group("create", "RabbitCluster", "rabbitmq", { new: { version: "3.8.9", nodes: members("disc", "ram") } }),
      step("create", "RabbitNode", "rabbitmq1-container"),
      step("create", "RabbitNode", "rabbitmq2-container"),
      step("create", "RabbitNode", "rabbitmq2-join-cluster"),
    );
    expect(section(markdown, "Members").slice(2)).toEqual([
      "| `rabbitmq1` | – | disc on `host1`, 3.8.9 | is the first |",
      "| `rabbitmq2` | – | RAM on `host2`, 3.8.9 | joins |",
    ]);
    expect(markdown).toContain("**0 members before, 2 after; 1 joins.**");
  });
});

describe("values", () => {
  test("that the components were given, before and after, by their config keys", () => {
    const old = { timeouts: { clientSeconds: 10800 }, hosts: ["host4"] };
    const markdown = rendered(
      three,
      cluster("update", members("disc", "disc", "ram"), { image: "rabbitmq:3.10.8", version: "3.10.8" }),
      group("update", "HaproxyPair", "haproxy", {
        old,
        new: { timeouts: { clientSeconds: 7200 }, hosts: ["host4", "host5"] },
      }),
      group("update", "Host", "host1", { old: { port: 22 }, new: { port: 22, hostKey: "ssh-ed25519 AAAA" } }),
      group("same", "KeepalivedVip", "vip", { old: { address: "a" }, new: { address: "b" } }),
    );
    expect(section(markdown, "Values").slice(2)).toEqual([
      '| `haproxy.hosts` | `["host4"]` | `["host4","host5"]` |',
      "| `haproxy.timeouts.clientSeconds` | `10800` | `7200` |",
      "| `hosts.host1.hostKey` | – | `ssh-ed25519 AAAA` |",
      "| `rabbitmq.image` | `rabbitmq:3.8.9` | `rabbitmq:3.10.8` |",
    ]);
  });

  test("cannot break the table they stand in", () => {
    const markdown = rendered(three, cluster("update", members("disc", "disc", "ram"), { image: "a`b|c" }));
    expect(section(markdown, "Values").at(-1)).toBe("| `rabbitmq.image` | `rabbitmq:3.8.9` | `a'b\\|c` |");
  });
});

test("what may happen at the same time carries the same number", () => {
  const files = (name: string) => step("update", "RabbitNode", `${name}-files`, { differing: ["stdin"] });
  const container = step("replace", "RabbitNode", "rabbitmq1-container", {
    needs: [urn("RabbitNode", "rabbitmq1-files")],
  });
  const config = step("update", "HaproxyPair", "haproxy-host4-config", { differing: ["stdin"] });
  expect(
    section(rendered(three, container, config, files("rabbitmq2"), files("rabbitmq1")), "In this order").slice(2),
  ).toEqual([
    "| 1 | `haproxy-host4`: configuration is checked and reloaded |",
    "| 1 | `rabbitmq1`, `rabbitmq2`: hosts file and cookie are written anew |",
    "| 2 | `rabbitmq1`: **restarts**: drained, then a new container on its data |",
  ]);
});

test("what changes in the state alone is said to be no more than that", () => {
  const markdown = rendered(three, cluster("update", members("disc", "disc", "ram"), { image: "b" }));
  expect(section(markdown, "In this order")).toEqual([
    "Only what the state records changes: nothing is done on a host.",
  ]);
});

test("every step is listed, and what stays is counted", () => {
  const markdown = rendered(
    three,
    cluster("update", members("disc", "disc", "ram"), { image: "b" }),
    step("replace", "RabbitNode", "rabbitmq1-container", {
      replacedFor: ["ports", "image"],
      differing: ["ports", "image"],
    }),
    step("replace", "KeepalivedVip", "vip-host4-holds", { differing: ["triggers"] }),
    step("same", "RabbitNode", "rabbitmq2-container"),
  );
  expect(markdown).toContain("<summary>All 3 steps; 1 more resources stay as they are</summary>");
  expect(markdown).toContain("+- rabbitmq1-container (docker:index/container:Container): image, ports\n");
  expect(markdown).toContain("+- vip-host4-holds (command:remote:Command): triggers\n");
});

describe("policies", () => {
  const change = step("update", "RabbitNode", "rabbitmq1-files", { differing: ["stdin"] });

  test("the mandatory first, each with its resource", () => {
    const events = [
      loaded,
      violation("image-digests", "advisory", "No <digest>."),
      violation("stop-grace", "mandatory", "It is\nkilled.", "b"),
      violation("stop-grace", "mandatory", "It is\nkilled.", "a"),
    ];
    expect(section(plan(preview([three, change], events)).markdown.trimEnd(), "Policies")).toEqual([
      "- **mandatory** `stop-grace` (`a`): It is killed.",
      "- **mandatory** `stop-grace` (`b`): It is killed.",
      "- **advisory** `image-digests` (`rabbitmq`): No &lt;digest>.",
    ]);
  });

  test("all kept is said, and none is said of a pack that did not judge", () => {
    expect(plan(preview([three, change], [loaded])).markdown).toContain("### Policies\n\nAll are kept.");
    expect(plan(preview([three, change])).markdown).not.toContain("### Policies");
  });
});

test("the engine's warnings are told", () => {
  const warning = [{ message: "warning: 1 pending operation\n", severity: "warning" }];
  const change = step("update", "RabbitNode", "rabbitmq1-files");
  expect(plan(preview([three, change], [], warning)).markdown).toContain(
    "### Warnings\n\n```text\nwarning: 1 pending operation\n```",
  );
});

test("the order in which the engine writes its steps makes no difference", () => {
  const steps = [
    three,
    cluster("update", members("disc", "disc", "ram"), { image: "b" }),
    ...["rabbitmq1", "rabbitmq2", "rabbitmq3"].map((name) =>
      step("update", "RabbitNode", `${name}-files`, { differing: ["stdin"] }),
    ),
    step("create", "HaproxyPair", "haproxy-host4-config"),
  ];
  const events = [loaded, violation("a", "advisory", "One."), violation("b", "advisory", "Two.")];
  expect(plan(preview([...steps].reverse(), [...events].reverse()))).toEqual(plan(preview(steps, events)));
});
