import { createServer, type Server } from "node:http";
import { connect, type AddressInfo, type ListenOptions, type Socket } from "node:net";

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
 * A web server on the loopback. It answers each path with the status given for it, a path without one with 404, and one
 * with status 0 never. So many clients as told stay connected.
 */
export async function serve(
  paths: Record<string, number>,
  where: ListenOptions = { host: "127.0.0.1" },
  connections = 0,
): Promise<number> {
  const server = createServer((request, response) => {
    const status = paths[request.url ?? ""] ?? 404;
    if (status !== 0) response.writeHead(status).end("x");
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen({ ...where, port: 0 }, resolve));
  const { port } = server.address() as AddressInfo;
  for (let count = 0; count < connections; count++) {
    await new Promise<void>((resolve) => clients.push(connect({ host: where.host ?? "", port }, resolve)));
  }
  return port;
}
