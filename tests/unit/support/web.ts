import { createServer, type IncomingMessage, type Server } from "node:http";
import { connect, type AddressInfo, type ListenOptions, type Socket } from "node:net";

/** Whether a request comes with a login, `user:password`. */
function isFrom(request: IncomingMessage, login: string): boolean {
  const [, words] = /^Basic (.*)$/.exec(request.headers.authorization ?? "") ?? [];
  return words !== undefined && Buffer.from(words, "base64").toString() === login;
}

const servers: Server[] = [];
const clients: Socket[] = [];

afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  for (const client of clients) client.destroy();
});

/**
 * A web server on the loopback. It answers each path with the status given for it (where a login is given as well, with
 * 401 to anybody else), a path without one with 404, and one with status 0 never. So many clients as told stay connected.
 */
export async function serve(
  paths: Record<string, number | { status: number; login: string; body?: string }>,
  where: ListenOptions = { host: "127.0.0.1" },
  connections = 0,
): Promise<number> {
  const server = createServer((request, response) => {
    const answer = paths[request.url ?? ""] ?? 404;
    const status = typeof answer === "number" ? answer : isFrom(request, answer.login) ? answer.status : 401;
    const body = typeof answer === "number" ? undefined : answer.body;
    if (status !== 0) response.writeHead(status).end(body ?? "x");
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen({ ...where, port: 0 }, resolve));
  const { port } = server.address() as AddressInfo;
  for (let count = 0; count < connections; count++) {
    await new Promise<void>((resolve) => clients.push(connect({ host: where.host ?? "", port }, resolve)));
  }
  return port;
}
