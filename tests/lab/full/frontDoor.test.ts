import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createSocket } from "node:dgram";
import { connect as tcpConnect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";

import { connect, roundTrip } from "../support/client";
import { addresses, bridge, holders, onHost, resetLab, until, vip } from "../support/hosts";
import { page } from "../support/page";
import { Stack, type Outputs } from "../support/stack";

/** A certificate of a name, with its key, in one PEM file. */
function certificateFor(directory: string, name: string): string {
  const [key, certificate, file] = ["key", "crt", "pem"].map((type) => join(directory, `${name}.${type}`));
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  execFileSync("openssl", [...request, "-subj", `/CN=${name}`, "-keyout", key!, "-out", certificate!], {
    stdio: "ignore",
  });
  writeFileSync(file!, readFileSync(certificate!, "utf8") + readFileSync(key!, "utf8"), { mode: 0o600 });
  return file!;
}

/** What a server answers to these bytes at once. */
async function ask(port: number, bytes: Buffer, host = vip): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = tcpConnect({ host, port, timeout: 5000 }, () => socket.write(bytes));
    socket.once("data", (data) => {
      resolve(data);
      socket.destroy();
    });
    socket.once("timeout", () => socket.destroy(new Error("no answer")));
    socket.once("error", reject);
    socket.once("close", () => {
      reject(new Error("closed without an answer"));
    });
  });
}

/** Whose certificate a client of this server name is shown. */
async function shownTo(servername: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ host: vip, port: 15671, servername, rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

/** How the broker's greeting fares through the virtual IP: `greeted`, or the error's code. */
async function greeting(): Promise<string> {
  return ask(15670, Buffer.from("AMQP\x00\x00\x09\x01", "latin1")).then(
    () => "greeted",
    (error: unknown) => (error as NodeJS.ErrnoException).code ?? String(error),
  );
}

/** Everything that the balancers can offer at once, and what changes without a client's noticing. */
describe("the balancers", () => {
  const directory = mkdtempSync(join(tmpdir(), "warren-frontdoor-"));
  const first = certificateFor(directory, "first.example");
  const second = certificateFor(directory, "second.example");
  const stack = new Stack("door", (config) => {
    const rabbitmq = config["warren:rabbitmq"];
    rabbitmq.image = "rabbitmq:3.10.8-management";
    rabbitmq.plugins = ["management", "prometheus", "mqtt", "stomp", "stream"].map((name) => `rabbitmq_${name}`);
    rabbitmq.vhost = "/";
    const haproxy = config["warren:haproxy"];
    haproxy.ports = { amqp: 15670, amqps: 15671, stats: 8100, management: 15672, managementTls: 15673, metrics: 8405 };
    Object.assign(haproxy.ports, { mqtt: 1883, stomp: 61613, stream: 5552 });
    haproxy.tls = { certificateFile: first };
    haproxy.log = { target: "rsyslog" };
    haproxy.allow = { management: [`${addresses.host1}/32`, addresses.host2] };
  });
  let outputs: Outputs;

  beforeAll(async () => {
    await resetLab();
    await stack.init();
    await stack.up();
    outputs = await stack.outputs();
  }, 600_000);

  afterAll(() => {
    stack.remove();
    rmSync(directory, { recursive: true });
  });

  test("MQTT, STOMP and streams are answered through the virtual IP", async () => {
    const text = (value: string): Buffer => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(value.length);
      return Buffer.concat([length, Buffer.from(value)]);
    };
    const { username, password } = outputs;
    const login = [text("test"), text(username), text(password)];
    const body = Buffer.concat([text("MQTT"), Buffer.from([4, 0xc2, 0, 60]), ...login]);
    const connack = await ask(1883, Buffer.concat([Buffer.from([0x10, body.length]), body]));
    expect(connack.toString("hex")).toBe("20020000");
    const frame = `CONNECT\naccept-version:1.2\nhost:/\nlogin:${username}\npasscode:${password}\n\n\0`;
    expect((await ask(61613, Buffer.from(frame))).toString()).toMatch(/^CONNECTED\n/);
    // PeerProperties, whose answer is the same key with its highest bit set.
    const properties = await ask(5552, Buffer.from("0000000c001100010000000100000000", "hex"));
    expect(properties.subarray(4, 6).toString("hex")).toBe("8011");
  }, 60_000);

  test("one port gives the balancer's metrics and each broker's", async () => {
    const read = async (path: string): Promise<string> => {
      const answer = await page(`http://${vip}:8405${path}`);
      return answer.status === 200 ? answer.text() : String(answer.status);
    };
    expect(await read("/metrics")).toContain('haproxy_server_status{proxy="rabbitmq",server="rabbitmq3",state="UP"} 1');
    for (const name of ["rabbitmq1", "rabbitmq2", "rabbitmq3"]) {
      expect(await read(`/${name}/metrics`)).toContain(`rabbitmq_node="rabbit@${name}"`);
    }
    expect(await read("/rabbitmq9/metrics")).toBe("404");
  }, 60_000);

  test("a port with allowed networks turns others away, and the page is there for those by HTTPS alone", async () => {
    await expect(page(`http://${vip}:15672/`)).rejects.toThrow();
    const ask = `curl -s -o /dev/null -w '%{http_code}' http://${vip}:15672/ || true`;
    expect(await onHost("host1", ask)).toBe("200");
    expect(await onHost("host2", ask)).toBe("200");
    expect(await onHost("host3", ask)).toBe("000");
    expect(await onHost("host3", `curl -sk -o /dev/null -w '%{http_code}' https://${vip}:15673/`)).toBe("200");
  }, 60_000);

  test("connections are in the host's log, where rsyslog puts them", async () => {
    expect(await roundTrip(outputs, "logged", ["one"])).toEqual(["one"]);
    const said = / haproxy\[\d+\]: 198\.18\.66\.1:\d+ .* rabbitmq rabbitmq\/rabbitmq\d /;
    await until("its connection is there", async () => said.test(await onHost("host4", "cat /var/log/haproxy.log")));
  }, 60_000);

  test("a changed configuration with a new certificate is taken up, and none of 200 open connections is cut", async () => {
    expect(await shownTo("second.example")).toBe("first.example");
    const connections = await Promise.all(Array.from({ length: 200 }, () => connect(outputs)));
    let cut = 0;
    for (const connection of connections) connection.on("error", () => cut++);
    stack.change((config) => {
      Object.assign(config["warren:haproxy"], { balance: "leastconn", check: { intervalSeconds: 2 } });
      config["warren:haproxy"].tls = { certificateFile: first, moreCertificateFiles: [second] };
    });
    const output = await stack.up();
    expect(output).toContain("haproxy-host4-ready");
    expect(await shownTo("second.example")).toBe("second.example");
    expect(await shownTo("other.example")).toBe("first.example");
    // They do not merely look open.
    await Promise.all(connections.map((connection) => connection.queueDeclare({ queue: "logged", passive: true })));
    expect(cut).toBe(0);
    await Promise.all(connections.map((connection) => connection.close()));
  }, 120_000);

  test("before the holder's balancer is replaced the virtual IP has left, so nobody is refused; then it returns", async () => {
    const before = await onHost("host4", "docker inspect -f '{{.Id}}' haproxy");
    const answers: string[] = [];
    const run = { over: false };
    const watch = (async () => {
      while (!run.over) answers.push(await greeting());
    })();
    stack.change((config) => {
      config["warren:haproxy"].ports.stats = 8200;
    });
    await stack.up();
    run.over = true;
    await watch;
    expect(await onHost("host4", "docker inspect -f '{{.Id}}' haproxy")).not.toBe(before);
    expect(answers.filter((answer) => answer === "greeted").length).toBeGreaterThan(20);
    expect(answers).not.toContain("ECONNREFUSED");
    // The update has waited for that.
    expect(await holders()).toEqual(["host4"]);
  }, 180_000);

  test("a syslog server hears of connections by UDP", async () => {
    const heard: string[] = [];
    const server = createSocket("udp4", (message) => heard.push(message.toString()));
    await new Promise<void>((resolve) => server.bind(5140, bridge, resolve));
    try {
      stack.change((config) => {
        config["warren:haproxy"].log = { target: `${bridge}:5140`, facility: "local3" };
      });
      await stack.up();
      expect(await roundTrip(outputs, "logged", ["two"])).toEqual(["two"]);
      // 158: facility local3 and severity info, as a syslog server reads them.
      const said = /^<158>.* haproxy\[\d+\]: 198\.18\.66\.1:\d+ .* rabbitmq rabbitmq\/rabbitmq\d /;
      await until("a message about it", () => Promise.resolve(heard.some((message) => said.test(message))));
    } finally {
      server.close();
    }
    expect(await onHost("host4", "ls /etc/rsyslog.d")).toBe("");
  }, 180_000);

  test("an up that changes nothing has no step; destroy leaves rsyslog as it was", async () => {
    await stack.up("--expect-no-changes");
    await stack.destroy();
    expect(await onHost("host4", "ls /etc/rsyslog.d; systemctl is-active rsyslog")).toBe("active");
  }, 180_000);
});
