import { createServer, type Server } from "node:http";
import type { AddressInfo, ListenOptions } from "node:net";

const servers: Server[] = [];

afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

/**
 * A web server on the loopback. It answers each path with the status given for it, a path without one with 404, and one
 * with status 0 never.
 */
export async function serve(
  paths: Record<string, number>,
  where: ListenOptions = { host: "127.0.0.1" },
): Promise<number> {
  const server = createServer((request, response) => {
    const status = paths[request.url ?? ""] ?? 404;
    if (status !== 0) response.writeHead(status).end("x");
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen({ ...where, port: 0 }, resolve));
  return (server.address() as AddressInfo).port;
}
