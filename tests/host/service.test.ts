import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";

import { service, type ServiceData } from "../../commands/service";
import { statistics } from "./support/statistics";
import { runStep } from "./support/step";

/* The end of an update: a client's login, against servers that speak AMQP's handshake, and what balancers say of the brokers. */

const servers: Server[] = [];

afterAll(() => {
  for (const server of servers) server.close();
});

/** A method's frame: class and method, and further payload. */
function frame(method: string, payload = ""): Buffer {
  const body = Buffer.from(method + payload, "hex");
  const header = Buffer.alloc(7);
  header.writeUInt8(1, 0);
  header.writeUInt32BE(body.length, 3);
  return Buffer.concat([header, body, Buffer.from("ce", "hex")]);
}

async function listen(answer: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    answer(socket);
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const connectionStart = frame("000a000a", "00090000000000000005504c41494e00000005656e5f5553");
const connectionTune = frame("000a001e", "07ff00020000003c");

/** Answers as a broker does that knows one login. */
function broker(username: string, password: string): (socket: Socket) => void {
  return (socket) => {
    let heard = Buffer.alloc(0);
    let greeted = false;
    socket.on("data", (data: Buffer) => {
      heard = Buffer.concat([heard, data]);
      if (!greeted && heard.length >= 8) {
        greeted = true;
        socket.write(connectionStart);
      }
      if (heard.at(-1) !== 0xce) return;
      const size = heard.readUInt32BE(11);
      const whole = heard.length === 8 + 7 + size + 1;
      const login = Buffer.from(`\0${username}\0${password}`);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(login.length);
      if (whole && heard.includes(Buffer.concat([length, login]))) socket.write(connectionTune);
      else socket.end();
    });
  };
}

const login = { username: "admin", password: "pä ss'w$rd\"" };
const configurationPath = "/configuration/1";
const statisticsLogin = "stats:it's 50% $ecret";
const noBalancers = { balancers: [], statsPort: 1, configurationPath, statisticsLogin, brokers: [], waitSeconds: 60 };

const run = (doors: string[], data: Partial<ServiceData> = {}, noWaiting = true) =>
  runStep(service, { doors, ...login, ...noBalancers, after: "1", ...data }, { noWaiting });

test("every way in lets the client in", async () => {
  const ports = await Promise.all([1, 2].map(() => listen(broker("admin", "pä ss'w$rd\""))));
  const { code, stderr } = await run(ports.map((port) => `the-balancer 127.0.0.1 ${port}`));
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test("the ways in that are shut are named, each with why, and the others are not", async () => {
  const good = await listen(broker("admin", "pä ss'w$rd\""));
  const other = await listen(broker("admin", "another"));
  const silent = await listen((socket) => socket.end());
  const web = await listen((socket) => socket.end("HTTP/1.0 400 Bad request\r\n\r\n"));
  const older = await listen((socket) => socket.end(Buffer.from("AMQP\x00\x01\x00\x00")));
  const closed = await listen(() => undefined);
  servers.at(-1)?.close();
  const names = { good, other, silent, web, older, closed };
  const { code, stderr } = await run(Object.entries(names).map(([name, port]) => `${name} 127.0.0.1 ${port}`));
  expect(code).toBe(1);
  expect(stderr.split("\n").slice(0, -2)).toEqual([
    "everything was deployed, and the service is not as it should be:",
    `  clients cannot log in by other (127.0.0.1:${other}): the broker refused the login`,
    `  clients cannot log in by silent (127.0.0.1:${silent}): the connection was closed before the broker said anything`,
    `  clients cannot log in by web (127.0.0.1:${web}): the server does not speak AMQP`,
    `  clients cannot log in by older (127.0.0.1:${older}): the server speaks another version of AMQP`,
    `  clients cannot log in by closed (127.0.0.1:${closed}): nothing accepts connections there`,
  ]);
});

test("a way in that opens a moment later is waited for", async () => {
  let turn = 0;
  const well = broker("admin", "pä ss'w$rd\"");
  const port = await listen((socket) => {
    if (turn++ < 2) socket.end();
    else well(socket);
  });
  const { code } = await run([`vip 127.0.0.1 ${port}`], {}, false);
  expect(code).toBe(0);
});

test("every balancer uses every broker, after a while", async () => {
  const statsPort = await statistics({}, `${configurationPath}/;csv?scope=rabbitmq`, statisticsLogin, [
    [{ name: "one" }, { name: "two", status: "DOWN 1/2" }],
    [{ name: "one" }, { name: "two" }],
  ]);
  const outcome = await run([], { balancers: ["host4 127.0.0.1"], statsPort, brokers: ["one", "two"] });
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
});

test("a balancer that does not use a broker is named, with its own reason, and one that does not answer", async () => {
  const statsPort = await statistics({}, `${configurationPath}/;csv?scope=rabbitmq`, statisticsLogin, [
    { name: "one" },
    { name: "two", status: "DOWN", check: "Layer4 timeout" },
  ]);
  const balancers = ["host4 127.0.0.1", "host5 127.0.0.2"];
  const { code, stderr } = await run([], { balancers, statsPort, brokers: ["one", "two"] });
  expect(code).toBe(1);
  expect(stderr.split("\n").slice(1, -2)).toEqual([
    "  the balancer on host4 does not use every broker: two is DOWN (Layer4 timeout)",
    "  the balancer on host5 does not use every broker: its statistics page does not answer",
  ]);
});
