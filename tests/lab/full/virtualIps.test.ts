import { createServer, type Server } from "node:net";

import { connect, roundTrip } from "../support/client";
import { addresses, bridge, inLab, onHost, resetLab, until, vip } from "../support/hosts";
import { Stack, type Outputs } from "../support/stack";

const [first, second, beside] = [vip, inLab(101), inLab(102)];
const balancers = ["host3", "host4", "host5"];

/** A mail server that takes everything; what it was told. */
function mailServer(port: number): { server: Server; told: string[] } {
  const told: string[] = [];
  const server = createServer((socket) => {
    socket.write("220 lab\r\n");
    socket.on("error", () => undefined);
    let letter = false;
    socket.on("data", (data) => {
      const text = data.toString();
      told.push(text);
      if (text.startsWith("DATA")) letter = true;
      else if (letter && text.endsWith("\r\n.\r\n")) letter = false;
      else if (letter) return;
      socket.write(text.startsWith("DATA") ? "354 go on\r\n" : text.startsWith("QUIT") ? "221 bye\r\n" : "250 ok\r\n");
    });
  });
  server.listen(port, bridge);
  return { server, told };
}

/** Who holds an address. */
async function holdersOf(address: string): Promise<string> {
  const shown = await Promise.all(balancers.map((host) => onHost(host, `ip -4 -o addr show to ${address}`)));
  return balancers.filter((_, index) => shown[index] !== "").join();
}

const log = "/var/log/warren-vip.log";
/** Every change that the balancers' hosts have noted. */
const changes = async (): Promise<string[]> =>
  (await Promise.all(balancers.map((host) => onHost(host, `sed 's/^/${host} /' ${log} 2> /dev/null || true`)))).flatMap(
    (text) => text.split("\n").filter(Boolean),
  );

/** Two virtual IPs on three balancers, each with a preferred host of its own, by unicast. */
describe("virtual IPs", () => {
  const mail = mailServer(2525);
  const stack = new Stack("vips", (config) => {
    config["warren:rabbitmq"].nodes = [{ name: "rabbitmq1", host: "host1", type: "disc" }];
    config["warren:haproxy"].hosts = ["host5", "host4", "host3"];
    Object.assign(config["warren:vip"]!, {
      additionalAddresses: [`${beside}/24`],
      instances: [{ address: `${second}/24`, virtualRouterId: 52 }],
      unicast: true,
      notify: { hook: "/usr/local/bin/on-change" },
      mail: { to: ["ops@example.com"], from: "mq@example.com", server: `${bridge}:2525` },
      gratuitousArp: { repeat: 3, refreshSeconds: 10 },
    });
  });
  let outputs: Outputs;

  beforeAll(async () => {
    await resetLab();
    await stack.init();
    const hook = `printf '#!/bin/sh\\necho "$@" >> /run/on-change\\n' > /usr/local/bin/on-change; chmod 755 /usr/local/bin/on-change`;
    await Promise.all(balancers.map((host) => onHost(host, hook)));
  }, 300_000);

  afterAll(() => {
    stack.remove();
    mail.server.close();
  });

  test("an address that somebody has, and a router id that somebody uses, are refused before keepalived starts", async () => {
    const foreign = `vrrp_instance other {\n interface eth0\n virtual_router_id 52\n priority 50\n virtual_ipaddress {\n ${inLab(77)}/24\n }\n}\n`;
    await onHost("host2", `ip addr add ${first}/24 dev eth0`);
    const taken = await stack.try("up", "--yes", "--skip-preview", "--parallel", "32");
    expect(taken.code).not.toBe(0);
    expect(taken.output).toContain(`somebody else has ${first} already: `);
    await onHost("host2", `ip addr del ${first}/24 dev eth0; printf '${foreign}' > /etc/keepalived/keepalived.conf`);
    await onHost("host2", "systemctl start keepalived");
    await until("host2 advertises", async () => (await onHost("host2", "ip addr")).includes(`${inLab(77)}/`));
    const heard = await stack.try("up", "--yes", "--skip-preview", "--parallel", "32");
    expect(heard.code).not.toBe(0);
    expect(heard.output).toContain(`another router on this network has VRRP's router id 52: ${addresses.host2}`);
    expect(await Promise.all(balancers.map((host) => onHost(host, "systemctl is-active keepalived || true")))).toEqual(
      Array(3).fill("inactive"),
    );
    await onHost("host2", "systemctl stop keepalived; rm /etc/keepalived/keepalived.conf");
  }, 300_000);

  test("each is on its preferred host, and leads to the brokers", async () => {
    await stack.up();
    outputs = await stack.outputs();
    expect(await stack.pulumi("stack", "output", "vips", "--json")).toContain(second);
    expect(await holdersOf(first)).toBe("host5");
    expect(await holdersOf(beside)).toBe("host5");
    expect(await holdersOf(second)).toBe("host4");
    for (const address of [first, second, beside]) {
      expect(await roundTrip(outputs, "door", [address], address)).toEqual([address]);
    }
  }, 300_000);

  test("a new password is taken up everywhere without a second holder: no host's state changes", async () => {
    const before = await changes();
    expect(before.length).toBeGreaterThan(0);
    const connection = await connect(outputs);
    let cut = 0;
    connection.on("error", () => cut++);
    stack.change((config) => {
      config["warren:vip"]!.password = "fresh123";
    });
    await stack.up();
    // Longer than a host would wait before it takes itself for the only one.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    expect(await changes()).toEqual(before);
    expect([await holdersOf(first), await holdersOf(second), cut]).toEqual(["host5", "host4", 0]);
    await connection.close();
  }, 120_000);

  test("a balancer that stops takes only its own virtual IPs along; hosts note it, call the hook and send mail", async () => {
    mail.told.length = 0;
    await onHost("host5", "docker stop haproxy");
    await until("host4 holds both", async () => (await holdersOf(first)) === "host4");
    expect(await holdersOf(second)).toBe("host4");
    expect(await roundTrip(outputs, "door", ["over there"])).toEqual(["over there"]);
    const last = (host: string) => onHost(host, `grep VI_51 ${log} | tail -n 1`);
    const noted = / VI_51 FAULT\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0800 VI_51 MASTER$/;
    await until("both note it", async () => noted.test(`${await last("host5")}\n${await last("host4")}`));
    const called = () => onHost("host4", "tail -n 1 /run/on-change");
    await until("the hook is called", async () => (await called()) === "INSTANCE VI_51 MASTER 100");
    await until("a mail about it", () =>
      Promise.resolve(/VI_51/.test(mail.told.join("")) && /host4/.test(mail.told.join(""))),
    );
    expect(mail.told.join("")).toContain("RCPT TO:<ops@example.com>");
    await onHost("host5", "docker start haproxy");
    await until("host5 holds its own again", async () => (await holdersOf(first)) === "host5");
  }, 180_000);

  test("without preemption, who has it keeps it", async () => {
    stack.change((config) => {
      config["warren:vip"]!.preempt = false;
    });
    await stack.up();
    await onHost("host5", "docker stop haproxy");
    await until("another host holds it", async () => /^host[34]$/.test(await holdersOf(first)));
    const holder = await holdersOf(first);
    await onHost("host5", "docker start haproxy");
    await until("host5 is a backup again", async () =>
      /BACKUP$/.test(await onHost("host5", `grep VI_51 ${log} | tail -n 1`)),
    );
    // Longer than a host with the higher priority would wait before it took the address.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    expect(await holdersOf(first)).toBe(holder);
    await stack.up("--expect-no-changes");
  }, 180_000);

  test("destroy gives all of them up", async () => {
    await stack.destroy();
    expect([await holdersOf(first), await holdersOf(second)]).toEqual(["", ""]);
    expect(await onHost("host4", "ls /etc/keepalived; nft list tables | grep warren || true")).toBe(
      "keepalived.conf.sample",
    );
  }, 120_000);
});
