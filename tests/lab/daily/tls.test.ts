import { request } from "node:https";
import { basename } from "node:path";

import type { Connection } from "rabbitmq-client";

import type { Report } from "../../../check/judge";
import { addresses, clusterStatus, containerStarts, onHost, resetLab, until, vip } from "../support/hosts";
import { page } from "../support/page";
import { Stack } from "../support/stack";
import { betweenNodes, connectTls, serialAt, versionsAt, type TlsOutputs } from "../support/tls";

const brokers = [1, 2, 3].map((i) => ({ node: `rabbitmq${i}`, host: `host${i}`, address: addresses[`host${i}`]! }));

/** The status that the management API answers with, over HTTPS, to a client that trusts this authority. */
async function apiStatus({ certificateAuthority: ca, ...outputs }: TlsOutputs, host: string, port: number) {
  return new Promise<number | undefined>((resolve, reject) => {
    const auth = `${outputs.username}:${outputs.password}`;
    const asked = request({ host, port, path: "/api/whoami", ca, auth, agent: false, timeout: 10_000 }, (answer) => {
      resolve(answer.statusCode);
      answer.resume();
    });
    asked.once("timeout", () => asked.destroy(new Error("no answer")));
    asked.once("error", reject);
    asked.end();
  });
}

/** Every port with TLS that a client may reach. */
const doors = [
  { host: vip, port: 15671 },
  { host: vip, port: 15673 },
  ...brokers.flatMap(({ address }) => [
    { host: address, port: 5671 },
    { host: address, port: 15671 },
  ]),
];

/** A stack that is made with TLS everywhere, by an authority of its own. */
describe("a stack with TLS", () => {
  const stack = new Stack("tls", (config) => {
    config["warren:tls"] = { nodes: true, names: ["mq.example.com"] };
    config["warren:haproxy"].ports = { amqp: 15670, amqps: 15671, stats: 8100, managementTls: 15673 };
  });
  let outputs: TlsOutputs;

  beforeAll(async () => {
    await resetLab();
    await stack.init();
    await stack.up();
    outputs = (await stack.outputs()) as TlsOutputs;
  }, 900_000);

  afterAll(() => {
    stack.remove();
  });

  const serials = async (): Promise<string[]> =>
    Promise.all(doors.map(({ host, port }) => serialAt(host, port, outputs.certificateAuthority)));

  /** Publishes and consumes one message on a connection that is open. */
  const passes = async (connection: Connection, body: string): Promise<void> => {
    await connection.queueDeclare({ queue: "secured", durable: true });
    const publisher = connection.createPublisher({ confirm: true });
    await publisher.send({ routingKey: "secured", durable: true }, body);
    await publisher.close();
    let got: unknown;
    await until("the message comes back", async () => {
      const message = await connection.basicGet({ queue: "secured", noAck: true });
      got = message?.body;
      return message !== undefined;
    });
    expect(got).toBe(body);
  };

  test("a client publishes and consumes through the virtual IP, and trusts the stack's authority alone", async () => {
    expect(outputs.tls).toEqual({ clients: true, management: true, nodes: true });
    const connection = await connectTls(outputs);
    await passes(connection, "one");
    await connection.close();
  }, 180_000);

  test("every port speaks TLS 1.2 or later, and nothing older", async () => {
    for (const { host, port } of doors) {
      const versions = await versionsAt(host, port);
      expect({ host, port, versions }).toEqual({
        host,
        port,
        versions: expect.arrayContaining(["tls1_2"]) as string[],
      });
      expect(versions).not.toContain("tls1");
      expect(versions).not.toContain("tls1_1");
    }
  }, 300_000);

  test("nodes speak TLS with each other and with their CLI, and turn away who has no certificate", async () => {
    const status = await clusterStatus("host2");
    expect(status.running_nodes.sort()).toEqual(["rabbit@rabbitmq1", "rabbit@rabbitmq2", "rabbit@rabbitmq3"]);
    const member = await betweenNodes("host1", "rabbitmq1", addresses["host2"]!, true);
    expect(member).toContain("Verify return code: 0 (ok)");
    expect(member).toMatch(/^New, TLSv1\.2/m);
    expect(await betweenNodes("host1", "rabbitmq1", addresses["host2"]!, false)).toMatch(/alert/);
    const old = `echo | timeout 10 openssl s_client -connect ${addresses["host2"]}:25672 -tls1_1 -cipher ALL:@SECLEVEL=0 2>&1 | grep '^New,' || true`;
    expect(await onHost("host1", old)).toBe("New, (NONE), Cipher is (NONE)");
  }, 180_000);

  test("the management page is on the network by HTTPS alone", async () => {
    expect(outputs.managementUrl).toBe(`https://${vip}:15673/`);
    expect(await apiStatus(outputs, vip, 15673)).toBe(200);
    for (const { address } of brokers) {
      expect(await apiStatus(outputs, address, 15671)).toBe(200);
      await expect(page(`http://${address}:15672/`)).rejects.toThrow();
    }
  }, 180_000);

  test("new certificates are shown by every port after an update, no container is restarted, and connections stay", async () => {
    const before = { serials: await serials(), starts: await containerStarts() };
    const connection = await connectTls(outputs);
    let cut = 0;
    connection.on("error", () => cut++);
    stack.change((config) => {
      config["warren:tls"] = { nodes: true, names: ["mq.example.com"], rotation: 2 };
    });
    await stack.up();
    const after = await serials();
    for (const [index, serial] of after.entries()) expect(serial).not.toBe(before.serials[index]);
    expect(await containerStarts()).toBe(before.starts);
    await passes(connection, "two");
    expect(cut).toBe(0);
    await connection.close();
    // The CLI has the new ones, too, and nodes still find each other.
    expect((await clusterStatus("host3")).running_nodes).toHaveLength(3);
  }, 300_000);

  test("an up that changes nothing has no step", async () => {
    await stack.up("--expect-no-changes");
  }, 180_000);

  test("the check says that all is well, and when certificates end", async () => {
    const { code, output } = await stack.check("--json");
    const { faults, certificates } = JSON.parse(output) as Report;
    expect([code, faults]).toEqual([0, []]);
    expect(certificates.map(({ host, file }) => `${host} ${basename(file)}`)).toEqual([
      ...brokers.flatMap(({ host }) => [`${host} authority.pem`, `${host} node.pem`]),
      ...["host4", "host5"].flatMap((host) => [`${host} brokers-authority.pem`, `${host} frontend.pem`]),
    ]);
    const days = (Date.parse(certificates[1]?.ends ?? "") - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(825);
  }, 180_000);

  test("TLS between nodes is not taken from a cluster that runs", async () => {
    stack.change((config) => {
      config["warren:tls"] = { names: ["mq.example.com"], rotation: 2 };
    });
    const { code, output } = await stack.try("preview");
    expect(code).not.toBe(0);
    expect(output).toContain("warren:tls.nodes: false - must stay true while the cluster runs");
  }, 180_000);

  test("no private key stands in the state in plain text, in a container's settings or in what was printed", async () => {
    const state = await stack.export("encrypted");
    const settings = await onHost("host1", "docker inspect rabbitmq");
    for (const text of [state, settings, stack.log]) expect(text).not.toContain("PRIVATE KEY");
    const modes = await onHost("host1", "stat -c '%a %n' /var/lib/warren/rabbitmq/rabbitmq1/conf/tls/*");
    expect(modes).toContain("400 /var/lib/warren/rabbitmq/rabbitmq1/conf/tls/node.pem");
  }, 180_000);
});
