import { createServer } from "node:http";
import { once } from "node:events";

/** What a balancer says of one broker. Default: UP, and nothing more. */
export interface BrokerState {
  name: string;
  status?: string;
  /** What its last check came to. */
  check?: string;
  /** The check's own words. */
  last?: string;
}

const columns = "pxname,svname,qcur,status,weight,check_status,last_chk,check_desc,mode,";

function quoted(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csv(brokers: readonly BrokerState[]): string {
  const servers = brokers.map(
    ({ name, status = "UP", check = "", last = "" }) =>
      `rabbitmq,${name},0,${status},1,L4OK,${quoted(last)},${quoted(check)},tcp,`,
  );
  return [`# ${columns}`, "rabbitmq,FRONTEND,,OPEN,,,,,tcp,", ...servers, "rabbitmq,BACKEND,0,UP,3,,,,tcp,", ""].join(
    "\n",
  );
}

const close: (() => void)[] = [];

afterAll(() => {
  for (const end of close) end();
});

/**
 * A balancer's statistics port on the loopback: pages by their path with their status, and at another path, with a login, its
 * statistics in chunks, as HAProxy sends them. Of several states each is said once, the last one from then on.
 */
export async function statistics(
  pages: Record<string, number>,
  path: string,
  login: string,
  states: readonly BrokerState[] | readonly (readonly BrokerState[])[],
): Promise<number> {
  const turns = (Array.isArray(states[0]) ? states : [states]) as readonly (readonly BrokerState[])[];
  let turn = 0;
  const server = createServer((request, response) => {
    if (request.url !== path) {
      response.writeHead(pages[request.url ?? ""] ?? 404).end();
      return;
    }
    const authorization = `Basic ${Buffer.from(login).toString("base64")}`;
    if (request.headers.authorization !== authorization) {
      response.writeHead(401).end();
      return;
    }
    const text = csv(turns[Math.min(turn++, turns.length - 1)] ?? []);
    // HAProxy sends chunks to clients of HTTP/1.0 as well.
    const chunks = `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
    response.socket?.end(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks}`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  close.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
