import { createHash } from "node:crypto";

import { deployDev } from "./support/devStack";
import { inputOf, stepOf } from "./support/steps";
import type { Deployment } from "./support/mocks";

import { render } from "../../commands/step";
import { keepalivedConf, type KeepalivedConf, type VrrpInstance } from "../../templates/keepalivedConf";

/* Which steps the virtual IPs' hosts are given, and with what data. */

let dev: Deployment;
beforeAll(async () => {
  dev = await deployDev();
});

const data = (name: string, deployment = dev): string => inputOf(deployment.resource(name));

/** A host's keepalived.conf, as its step has it before it has been checked. */
const staged = (host: string, deployment: Deployment): string => {
  const [, text = ""] =
    /^'0400 root:root \/etc\/keepalived\/keepalived\.conf\.staged (\S+)'$/m.exec(
      data(`vip-${host}-config`, deployment),
    ) ?? [];
  return Buffer.from(text, "base64").toString();
};

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
const program = (host: string, directory = "/var/lib/warren/haproxy"): string =>
  `/etc/keepalived/warren-serves ${directory}/${host}/health-port /healthz`;
const conf = (host: string, changes: Partial<VrrpInstance>): KeepalivedConf => ({
  routerId: host,
  instances: [{ ...instance, ...changes }],
  check: { script: program(host), intervalSeconds: 1, rise: 1, fall: 1 },
});
const own = (host: string) => ({ stack: "acme/warren/dev", part: `vip-${host}` });
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

describe.each([
  ["host4", "MASTER", 101, "198.18.66.15"],
  ["host5", "BACKUP", 100, "198.18.66.14"],
] as const)("on %s: %s with priority %i", (host, role, priority, peer) => {
  const text = keepalivedConf(conf(host, { role, priority }));

  test("gets a configuration that is checked; no other machine may have the address", () => {
    expect(staged(host, dev)).toBe(text);
    expect(stepOf(dev.resource(`vip-${host}-config`))).toBe("keepalived/config");
    expect(data(`vip-${host}-config`)).toContain(
      render({ ...own(host), instances: [`eth0 51 198.18.66.100 ${peer}`] })
        .split("\n")
        .slice(2)
        .join("\n"),
    );
    expect(data(`vip-${host}-config`)).toContain(render(own(host)));
    expect(data(`vip-${host}-package`)).toContain(render({ contained: false }));
  });

  test("loads it, and at its end removes it", () => {
    const service = dev.resource(`vip-${host}-service`);
    expect(stepOf(service)).toBe("keepalived/service");
    expect(data(`vip-${host}-service`)).toContain(
      render({ ...own(host), host, digest: sha256(text), contained: false }),
    );
    expect(service.inputs["delete"]).toContain("delete keepalived/service");
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

const looked = (address: string, seconds = 30): string => render({ address, interface: "eth0", seconds });

test("it is held by the preferred host, and by no other", () => {
  expect(stepOf(dev.resource("vip-host4-holds"))).toBe("keepalived/holds");
  expect(stepOf(dev.resource("vip-host5-stands-by"))).toBe("keepalived/stands-by");
  for (const name of ["vip-host4-holds", "vip-host5-stands-by"]) expect(data(name)).toContain(looked("198.18.66.100"));
});

test("is prepared, checked and given up as its section says", async () => {
  const other = await deployDev({
    "vip.interface": "bond0.7",
    "vip.check": { intervalSeconds: 3, rise: 2, fall: 4, weight: -20 },
    "vip.priorities": [150, 140],
    "vip.hosts": ["host5", "host4"],
    "haproxy.directory": "/srv/lb",
  });
  expect(staged("host5", other)).toBe(
    keepalivedConf({
      ...conf("host5", { interface: "bond0.7", priority: 150 }),
      check: { script: program("host5", "/srv/lb"), intervalSeconds: 3, rise: 2, fall: 4, weight: -20 },
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
  expect(staged("host5", other)).toBe(
    keepalivedConf({
      ...conf("host5", {}),
      instances: [
        { ...instance, role: "BACKUP", priority: 100, unicast, addresses: ["198.18.66.100/24", "198.18.66.102/24"] },
        { ...instance, virtualRouterId: 52, unicast, addresses: ["198.18.66.101/24"] },
      ],
      notifyScript: "/etc/keepalived/warren-changed /var/log/warren-vip.log /usr/local/bin/hook",
      mail: { to: ["ops@example.com"], from: "mq@example.com", server: "192.0.2.25", port: 587, timeoutSeconds: 30 },
      gratuitousArp: { repeat: 3 },
    }),
  );
  expect(data("vip-host5-config", other)).toContain(
    render({ hook: "/usr/local/bin/hook", logFile: "/var/log/warren-vip.log" }),
  );
  expect(data("vip-2-host5-holds", other)).toContain(looked("198.18.66.101"));
  expect(other.resource("vip-2-host4-stands-by").dependsOn).toContain("vip-2-host5-holds");
  expect(other.outputsOf()).toMatchObject({
    vip: "198.18.66.100",
    vips: ["198.18.66.100", "198.18.66.102", "198.18.66.101"],
  });
});

describe("who has the address keeps it", () => {
  test("for good: no host begins as MASTER, and any may hold it", async () => {
    const other = await deployDev({ "vip.preempt": false });
    expect(staged("host4", other)).toBe(keepalivedConf(conf("host4", { role: "BACKUP", preempt: false })));
    for (const host of ["host4", "host5"]) {
      expect(stepOf(other.resource(`vip-${host}-held`))).toBe("keepalived/held");
      expect(data(`vip-${host}-held`, other)).toContain(looked("198.18.66.100"));
    }
    expect(other.resources.filter(({ name }) => /holds|stands-by/.test(name))).toEqual([]);
  });

  test("for a while: the look at who has it is as patient", async () => {
    const other = await deployDev({ "vip.preemptDelaySeconds": 60 });
    expect(staged("host4", other)).toBe(keepalivedConf(conf("host4", { role: "BACKUP", preemptDelaySeconds: 60 })));
    expect(data("vip-host4-holds", other)).toContain(looked("198.18.66.100", 90));
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
    for (const gate of gates) expect(inputOf(gate)).toContain("\nips=(\n198.18.66.101\n)\n");
  });
});

test("which host holds it is looked at again after each change of a balancer or of keepalived", async () => {
  const after = (deployment: Deployment): string | undefined =>
    /^after=(.*)$/m.exec(data("vip-host4-holds", deployment))?.[1];
  expect(after(dev)).toMatch(/^[0-9a-f]{16}$/);
  expect(after(await deployDev())).toBe(after(dev));
  expect(after(await deployDev({ "haproxy.retries": 9 }))).not.toBe(after(dev));
  expect(after(await deployDev({ "vip.priorities": [150, 140] }))).not.toBe(after(dev));
});
