import { shown } from "../../check/show";
import { drift, faults, hosts, members, report, statistics, up, type Change } from "./support/checked";
import { clusterStatus } from "./support/clusterStatus";
import { nodeFacts } from "./support/hostFacts";

/* The check agrees with what an update would find, and with the config; and it names a fault once. */

const noRoute = new Error("ssh: connect to host 192.0.2.12 port 22:\nNo route to host");
const noRouteFault = "host host2 does not answer: ssh: connect to host 192.0.2.12 port 22: No route to host";

describe("what the last update left and is not so any more", () => {
  test("is a fault, in the sentence with which an update names it", () => {
    const says = "/etc/keepalived/keepalived.conf was changed";
    const steps = drift(["vip-host2-config", "file", says], ["vip-host2-service", "file", says]);
    expect(faults(hosts({ host2: steps }))).toEqual([
      `host host2: ${says}. Runs again: vip-host2-config, vip-host2-service`,
    ]);
  });

  test.each<[string, string, Change, string]>([
    ["host3", "rabbit3-member", { rabbitmq: "exited", sees: { cluster: null } }, "the container rabbitmq is exited"],
    ["host2", "haproxy-host2-ready", { haproxy: "exited" }, "the container haproxy is exited"],
    ["host2", "vip-host2-service", { sees: { keepalived: "inactive" } }, "keepalived is not active"],
    ["host2", "vip-host2-running", { sees: { keepalived: "inactive" } }, "the container keepalived is exited"],
  ])("on %s, is not said twice: %s", (name, resource, change, says) => {
    const found = faults(hosts({ [name]: { ...change, ...drift([resource, "running", says]) } }));
    expect(found).toEqual([`host ${name}: ${says}. Runs again: ${resource}`]);
  });

  test("a host of another deployment is one fault, and nothing else is said of it", () => {
    const foreign = { owner: { id: "other", stack: "o/p/other" }, rabbitmq: "", nodes: {} };
    expect(faults(hosts({ host3: { ...foreign, ...drift(["x", "file", "/etc/x was changed"]) } }))).toEqual([
      "host host3 belongs to the Warren stack o/p/other",
    ]);
  });

  test("the data of every node are gone", () => {
    const gone = (name: string): Change => ({
      nodes: { [`/var/lib/warren/rabbitmq/${name}`]: nodeFacts({ data: false }) },
      rabbitmq: "",
      sees: { cluster: null, statistics: null },
    });
    expect(faults(hosts({ host1: gone("rabbit1"), host2: gone("rabbit2"), host3: gone("rabbit3") }))[0]).toBe(
      "the data of every node that can be reached are missing (rabbit1 on host1, rabbit2 on host2, rabbit3 on host3, in /var/lib/warren/rabbitmq): the cluster would start blank",
    );
  });
});

describe("what follows from a fault is not one more", () => {
  const down = (name: keyof typeof members): Change => ({
    sees: {
      cluster: clusterStatus({ members: { ...members, [name]: { ...members[name], running: false } } }),
      statistics: statistics({ ...up, [name]: "DOWN" }),
    },
  });

  test("a host does not answer", () => {
    const found = report(hosts({ host1: down("rabbit2"), host2: noRoute, host3: down("rabbit2") }));
    expect(found.faults).toEqual([noRouteFault]);
    expect(shown(found)).toContain("host2     ?        ?           ?        ?        ?");
    expect(shown(found)).toContain("\ndev: 1 fault\n  host host2 does not answer");
  });

  test("but nobody holds the address that it may hold", () => {
    const { faults: two } = report(hosts({ host1: { ...down("rabbit2"), addresses: [] }, host2: noRoute }));
    expect(two).toEqual([noRouteFault, "nobody holds 192.0.2.100, unless host2 does"]);
  });

  test("a broker is stopped", () => {
    const stopped: Change = { rabbitmq: "exited", sees: { cluster: null } };
    expect(faults(hosts({ host1: down("rabbit3"), host2: down("rabbit3"), host3: stopped }))).toEqual([
      "the broker rabbit3 on host3 is exited",
    ]);
  });

  test("a node was forgotten by its cluster", () => {
    const { rabbit1, rabbit2 } = members;
    const view = {
      members: ["rabbit@rabbit1", "rabbit@rabbit2"].map((name) => ({ name, type: "disc", running: true })),
      intended: { value: Object.keys(members).map((name) => `rabbit@${name}`) },
      sees: {
        cluster: clusterStatus({ members: { rabbit1, rabbit2 } }),
        statistics: statistics({ ...up, rabbit3: "DOWN" }),
      },
    };
    const without: Change = { rabbitmq: "restarting", sees: { cluster: null } };
    expect(faults(hosts({ host1: view, host2: view, host3: without }))).toEqual([
      "host host3: the cluster does not know its member rabbit3 any more: its data are moved aside, and it joins as a blank node. Runs again: rabbit3",
    ]);
  });
});

describe("what the config says is no fault", () => {
  test("a lost host is not asked, and said so", () => {
    const { rabbit1, rabbit3 } = members;
    const sees = {
      sees: {
        cluster: clusterStatus({ members: { rabbit1, rabbit3 } }),
        statistics: statistics({ rabbit1: "UP", rabbit3: "UP" }),
      },
    };
    const { host1, host3 } = hosts({ host1: sees, host3: sees });
    const found = report({ host1: host1!, host3: host3! }, { "hosts.host2.lost": true });
    expect(found.faults).toEqual([]);
    expect(shown(found)).toBe(`VIRTUAL IP   HELD BY  PREFERRED
192.0.2.100  host1    host1

BALANCER  STATE    KEEPALIVED  rabbit1  rabbit2  rabbit3
host1     running  active      UP       -        UP
host2     lost     -           -        -        -

NODE     HOST   STATE    TYPE  VERSION  ALARMS  PARTITIONED
rabbit1  host1  running  disc  3.8.9    none    no
rabbit2  host2  lost     ?     ?        none    no
rabbit3  host3  running  ram   3.8.9    none    no

host host2 is lost, as configured: it was not asked

dev: all is well.
`);
  });

  test("but the cluster still counts its node before the next update", () => {
    const { host1, host3 } = hosts();
    expect(faults({ host1: host1!, host3: host3! }, { "hosts.host2.lost": true })).toEqual(
      ["rabbit1", "rabbit3"].map(
        (name) =>
          `${name} counts rabbit@rabbit1, rabbit@rabbit2, rabbit@rabbit3 as members, and should count rabbit@rabbit1, rabbit@rabbit3`,
      ),
    );
  });

  const down: Change = {
    rabbitmq: "exited",
    addresses: [],
    sees: { cluster: null, statistics: statistics({ rabbit1: "DOWN", rabbit2: "DOWN", rabbit3: "DOWN" }) },
  };
  const stopped = { "rabbitmq.stopped": true };

  test("brokers that are stopped, balancers without brokers and no holder", () => {
    const found = report(hosts({ host1: down, host2: down, host3: down }), stopped);
    expect(found.faults).toEqual([]);
    expect(found.notes).toEqual(["the brokers are stopped, as configured: no client can be served"]);
  });

  test("but a broker that runs, one that is missing, and a balancer that is down", () => {
    const changes = {
      host1: { ...down, haproxy: "exited" },
      host2: { ...down, rabbitmq: "running" },
      host3: { ...down, rabbitmq: "" },
    };
    expect(faults(hosts(changes), stopped)).toEqual([
      "the balancer on host1 is exited",
      "the broker rabbit2 on host2 is running, although rabbitmq.stopped is true",
      "the broker rabbit3 on host3 is missing",
    ]);
  });

  test("an update names a broker that runs, too, and in the same sentence", () => {
    const runs = drift(["rabbit2-member", "stopped", "the container rabbitmq runs, and is to be stopped"]);
    expect(
      faults(hosts({ host1: down, host2: { ...down, rabbitmq: "running", ...runs }, host3: down }), stopped),
    ).toEqual(["host host2: the container rabbitmq runs, and is to be stopped. Runs again: rabbit2-member"]);
  });
});
