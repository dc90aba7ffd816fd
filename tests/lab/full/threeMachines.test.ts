import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";

import { roundTrip } from "../support/client";
import { clusterStatus, holders, onHost, resetLab, until, vip } from "../support/hosts";
import { Stack, type Outputs } from "../support/stack";

/** What the first article leaves out or only prepares: other logins, shared machines, TLS, the weight rule, 3.10.8. */
describe("three machines that carry everything, by a login that is not root", () => {
  const directory = mkdtempSync(join(tmpdir(), "warren-certificate-"));
  const certificateFile = join(directory, "frontend.pem");
  let stack: Stack;
  let outputs: Outputs;

  beforeAll(async () => {
    const [key, certificate] = [join(directory, "key"), join(directory, "certificate")];
    const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=mq.example"];
    execFileSync("openssl", [...request, "-keyout", key, "-out", certificate], { stdio: "ignore" });
    writeFileSync(certificateFile, readFileSync(certificate, "utf8") + readFileSync(key, "utf8"), { mode: 0o600 });
    stack = new Stack("three", (config) => {
      delete config["warren:hosts"].host4;
      delete config["warren:hosts"].host5;
      config["warren:ssh"].user = "ops";
      const rabbitmq = config["warren:rabbitmq"];
      rabbitmq.image = "rabbitmq:3.10.8-management";
      const haproxy = config["warren:haproxy"];
      haproxy.hosts = ["host1", "host2"];
      haproxy.ports = { amqp: 15670, stats: 8100, amqps: 15671 };
      haproxy.tls = { certificateFile };
      config["warren:vip"]!.check = { intervalSeconds: 1, weight: -2 };
    });
    await resetLab();
    await stack.init();
  }, 300_000);

  afterAll(() => {
    stack.remove();
    rmSync(directory, { recursive: true });
  });

  test("up ends with a serving service", async () => {
    await stack.up();
    outputs = await stack.outputs();
    const status = await clusterStatus("host3");
    expect(status.running_nodes).toHaveLength(3);
    expect(Object.values(status.versions).map((v) => v.rabbitmq_version)).toEqual(["3.10.8", "3.10.8", "3.10.8"]);
    expect(await roundTrip(outputs, "orders", ["one", "two"])).toEqual(["one", "two"]);
    expect(await holders()).toEqual(["host1"]);
  }, 300_000);

  test("an up that changes nothing has no step", async () => {
    await stack.up("--expect-no-changes");
    await stack.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes");
  }, 120_000);

  test.each(["TLSv1.2", "TLSv1.3"] as const)("the TLS port speaks AMQP over %s", async (version) => {
    const greeting = await new Promise<Buffer>((resolve, reject) => {
      const ca = readFileSync(join(directory, "certificate"));
      const socket = tlsConnect(
        { host: vip, port: 15671, ca, servername: "mq.example", minVersion: version, maxVersion: version },
        () => socket.write(Buffer.from("AMQP\x00\x00\x09\x01", "latin1")),
      );
      socket.once("data", (data: Buffer) => {
        resolve(data);
        socket.destroy();
      });
      socket.once("error", reject);
    });
    // Connection.Start: a method frame, class 10, method 10.
    expect(greeting.subarray(7, 11).toString("hex")).toBe("000a000a");
  });

  test("the TLS port refuses TLS 1.1", async () => {
    const refused = new Promise((resolve, reject) => {
      const options = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
      const socket = tlsConnect({ host: vip, port: 15671, rejectUnauthorized: false, ...options }, () => {
        reject(new Error("TLS 1.1 was accepted"));
      });
      socket.once("error", resolve);
    });
    expect(await refused).toMatchObject({ code: expect.stringMatching(/^(ERR_SSL|ECONNRESET)/) as unknown });
  });

  test("with a weight, a failed check moves the virtual IP by priority", async () => {
    await onHost("host1", "docker stop haproxy");
    await until("host2 holds the virtual IP alone", async () => (await holders()).join() === "host2");
    expect(await roundTrip(outputs, "failover", ["over there"])).toEqual(["over there"]);
    await onHost("host1", "docker start haproxy");
    await until("host1 holds the virtual IP alone", async () => (await holders()).join() === "host1");
  }, 120_000);

  test("a host key that is not the host's is refused before anything is done", async () => {
    const wrong = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIuLcCCZqzwQl0GQ0bLVLvJ1sOkPvhDrUyhBvTPBCHiu";
    const other = new Stack("wrongkey", (config) => {
      const { host5 } = config["warren:hosts"];
      config["warren:hosts"] = { host5: { ...host5!, hostKey: wrong } };
      config["warren:rabbitmq"].nodes = [{ name: "rabbitmq1", host: "host5", type: "disc" }];
      config["warren:haproxy"].hosts = ["host5"];
      config["warren:haproxy"].ports = { amqp: 15670, stats: 8100 };
      delete config["warren:vip"];
    });
    try {
      await other.init();
      const { code, output } = await other.try("up", "--yes", "--skip-preview");
      expect(code).not.toBe(0);
      expect(output).toMatch(/host('s)? key/);
      expect(await onHost("host5", "ls /etc/sysctl.d/90-warren.conf 2> /dev/null | wc -l")).toBe("0");
    } finally {
      other.remove();
    }
  }, 120_000);

  test("destroy works by the same login", async () => {
    await stack.destroy();
    expect(await onHost("host1", "docker ps -aq; ls /var/lib/warren/rabbitmq")).toMatch(/^rabbitmq1\.removed-\S+$/);
  }, 120_000);
});
