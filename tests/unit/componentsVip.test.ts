import { createHash } from "node:crypto";

import { deployDev } from "./support/devStack";
import { unsealed, type Deployment } from "./support/mocks";

import { writeFiles } from "../../commands/files";
import * as keepalived from "../../commands/keepalived";
import * as keepalivedFiles from "../../commands/keepalivedFiles";
import { scriptInput } from "../../commands/shell";
import { keepalivedConf, type KeepalivedConf, type VrrpInstance } from "../../templates/keepalivedConf";

/* Which scripts the virtual IPs' hosts are given, and with what. */

let dev: Deployment;
beforeAll(async () => {
  dev = await deployDev();
});

const stdin = (name: string, deployment = dev): unknown => {
  const value = deployment.resource(name).inputs["stdin"];
  return unsealed(value) ?? value;
};

/** The files that a script writes, by path. */
const filesOf = (name: string, deployment: Deployment): Record<string, string> =>
  Object.fromEntries(
    [...String(stdin(name, deployment)).matchAll(/^0\d{3} \S+ (\/\S+) (\S+)$/gm)].map(([, path = "", data = ""]) => [
      path,
      Buffer.from(data, "base64").toString(),
    ]),
  );

const instance: VrrpInstance = {
  interface: "eth0",
  virtualRouterId: 51,
  role: "MASTER",
  priority: 101,
  advertisementSeconds: 1,
  addresses: ["198.18.66.100/24"],
  password: "generated-vip-password",
  preempt: true,
};
const conf = (host: string, changes: Partial<VrrpInstance>): KeepalivedConf => ({
  routerId: host,
  instances: [{ ...instance, ...changes }],
  check: { script: "/etc/keepalived/warren-check", intervalSeconds: 1, rise: 1, fall: 1 },
});
const own = (host: string) => ({ stack: "acme/warren/dev", part: `vip-${host}` });
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe.each([
  ["host4", "MASTER", 101, "198.18.66.15"],
  ["host5", "BACKUP", 100, "198.18.66.14"],
] as const)("on %s: %s with priority %i", (host, role, priority, peer) => {
  const text = keepalivedConf(conf(host, { role, priority }));

  test("nobody else may have the address; then the configuration is staged and checked", () => {
    const check = keepalived.checkScript(`/var/lib/warren/haproxy/${host}/health-port`, "/healthz");
    const newcomer = { interface: "eth0", virtualRouterId: 51, ips: ["198.18.66.100"], peers: [peer] };
    const create = [
      keepalived.refuseTaken([newcomer], own(host)),
      writeFiles([
        { path: "/etc/keepalived/warren-check", mode: "0755", content: check },
        { path: keepalivedFiles.unitFile, mode: "0644", content: keepalivedFiles.unitText },
        { path: "/etc/keepalived/keepalived.conf.staged", mode: "0400", content: text },
      ]),
      keepalived.check(),
    ].join("\n");
    expect(stdin(`vip-${host}-config`)).toBe(scriptInput({ create }));
    expect(stdin(`vip-${host}-package`)).toBe(scriptInput({ create: keepalived.install() }));
  });

  test("is taken up, and at its end removed", () => {
    const scripts = { create: keepalived.takeUp(sha256(text), own(host)), delete: keepalived.remove(host) };
    expect(stdin(`vip-${host}-service`)).toBe(scriptInput(scripts));
  });
});

test("no host takes a configuration up before all have theirs, and no host waits for another one's", async () => {
  for (const deployment of [dev, await deployDev({}, [])]) {
    for (const host of ["host4", "host5"]) {
      const { dependsOn } = deployment.resource(`vip-${host}-service`);
      expect(dependsOn).toEqual(expect.arrayContaining(["vip-host4-config", "vip-host5-config"]));
      expect(dependsOn.filter((name) => name.endsWith("-service"))).toEqual([]);
    }
  }
});

test("it is held by the preferred host, and by no other", () => {
  expect(stdin("vip-host4-holds")).toBe(scriptInput({ create: keepalived.awaitHeld("198.18.66.100", "eth0") }));
  expect(stdin("vip-host5-stands-by")).toBe(scriptInput({ create: keepalived.awaitNotHeld("198.18.66.100", "eth0") }));
});

test("is prepared, checked and given up as its section says", async () => {
  const other = await deployDev({
    "vip.interface": "bond0.7",
    "vip.check": { intervalSeconds: 3, rise: 2, fall: 4, weight: -20 },
    "vip.priorities": [150, 140],
    "vip.hosts": ["host5", "host4"],
    "haproxy.directory": "/srv/lb",
  });
  const files = filesOf("vip-host5-config", other);
  expect(files["/etc/keepalived/warren-check"]).toBe(keepalived.checkScript("/srv/lb/host5/health-port", "/healthz"));
  expect(files["/etc/keepalived/keepalived.conf.staged"]).toBe(
    keepalivedConf({
      ...conf("host5", { interface: "bond0.7", priority: 150 }),
      check: { script: "/etc/keepalived/warren-check", intervalSeconds: 3, rise: 2, fall: 4, weight: -20 },
    }),
  );
  expect(other.resource("vip-host4-stands-by").dependsOn).toContain("vip-host5-holds");
});

test("several virtual IPs: each balancer is the preferred one of some; unicast, notes and mail", async () => {
  const other = await deployDev({
    "vip.additionalAddresses": ["198.18.66.102/24"],
    "vip.instances": [{ address: "198.18.66.101/24", virtualRouterId: 52 }],
    "vip.unicast": true,
    "vip.notify": { hook: "/usr/local/bin/hook" },
    "vip.mail": { to: ["ops@example.com"], from: "mq@example.com", server: "192.0.2.25:587" },
    "vip.gratuitousArp": { repeat: 3 },
  });
  const unicast = { self: "198.18.66.15", peers: ["198.18.66.14"] };
  const files = filesOf("vip-host5-config", other);
  expect(files["/etc/keepalived/warren-notify"]).toBe(
    keepalived.notifyScript({ logFile: "/var/log/warren-vip.log", hook: "/usr/local/bin/hook" }),
  );
  expect(files["/etc/keepalived/keepalived.conf.staged"]).toBe(
    keepalivedConf({
      ...conf("host5", {}),
      instances: [
        { ...instance, role: "BACKUP", priority: 100, unicast, addresses: ["198.18.66.100/24", "198.18.66.102/24"] },
        { ...instance, virtualRouterId: 52, unicast, addresses: ["198.18.66.101/24"] },
      ],
      notifyScript: "/etc/keepalived/warren-notify",
      mail: { to: ["ops@example.com"], from: "mq@example.com", server: "192.0.2.25", port: 587, timeoutSeconds: 30 },
      gratuitousArp: { repeat: 3 },
    }),
  );
  expect(String(stdin("vip-host5-config", other))).toContain(keepalived.requireHook("/usr/local/bin/hook"));
  expect(stdin("vip-2-host5-holds", other)).toBe(
    scriptInput({ create: keepalived.awaitHeld("198.18.66.101", "eth0") }),
  );
  expect(other.resource("vip-2-host4-stands-by").dependsOn).toContain("vip-2-host5-holds");
  expect(other.outputsOf()).toMatchObject({
    vip: "198.18.66.100",
    vips: ["198.18.66.100", "198.18.66.102", "198.18.66.101"],
  });
});

describe("who has the address keeps it", () => {
  test("for good: no host begins as MASTER, and any may hold it", async () => {
    const other = await deployDev({ "vip.preempt": false });
    expect(filesOf("vip-host4-config", other)["/etc/keepalived/keepalived.conf.staged"]).toBe(
      keepalivedConf(conf("host4", { role: "BACKUP", preempt: false })),
    );
    for (const host of ["host4", "host5"]) {
      expect(stdin(`vip-${host}-held`, other)).toBe(
        scriptInput({ create: keepalived.awaitSomebody("198.18.66.100", "eth0") }),
      );
    }
    expect(other.resources.filter(({ name }) => /holds|stands-by/.test(name))).toEqual([]);
  });

  test("for a while: the look at who has it is as patient", async () => {
    const other = await deployDev({ "vip.preemptDelaySeconds": 60 });
    expect(filesOf("vip-host4-config", other)["/etc/keepalived/keepalived.conf.staged"]).toBe(
      keepalivedConf(conf("host4", { role: "BACKUP", preemptDelaySeconds: 60 })),
    );
    expect(stdin("vip-host4-holds", other)).toBe(
      scriptInput({ create: keepalived.awaitHeld("198.18.66.100", "eth0", 60) }),
    );
  });
});

describe("a balancer whose virtual IPs", () => {
  const moves = async (hosts: string[], instances: object[] = []) => {
    const other = await deployDev({ "vip.hosts": hosts, "vip.instances": instances });
    return other.resources.filter(({ name }) => name.endsWith("-gate") && name.startsWith("haproxy"));
  };

  test("cannot go anywhere is replaced where it is", async () => {
    expect(await moves(["host4"])).toEqual([]);
  });

  test("can go in part waits for those alone", async () => {
    const gates = await moves(
      ["host4"],
      [{ address: "198.18.66.101/24", virtualRouterId: 52, hosts: ["host4", "host5"] }],
    );
    expect(gates.map(({ name }) => name)).toEqual(expect.arrayContaining(["haproxy-host4-gate", "haproxy-host5-gate"]));
    for (const { inputs } of gates) {
      const text = String(unsealed(inputs["stdin"]) ?? inputs["stdin"]);
      expect(text).toContain("198\\.18\\.66\\.101");
      expect(text).not.toContain("198\\.18\\.66\\.100");
    }
  });
});

test("who holds it is looked at anew where a balancer was replaced, so that it has returned when the update ends", () => {
  const { triggers } = dev.resource("vip-host4-holds").inputs as { triggers: unknown[] };
  expect(triggers).toEqual(expect.arrayContaining(["id of haproxy-host4-ready", "id of haproxy-host5-ready"]));
});
