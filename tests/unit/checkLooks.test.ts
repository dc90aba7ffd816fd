import { looksAt } from "../../check/looks";
import { parsed } from "./configFixture";

/* What only the check asks a host for. */

const statistics = { port: 8100, login: "admin:secret" };
const looks = (host: string, changes: Record<string, unknown> = {}) => looksAt(parsed(changes), statistics, host);

test("a broker and a balancer with a virtual IP", () => {
  expect(looks("host1")).toEqual({
    broker: true,
    statsPort: 8100,
    statsLogin: "admin:secret",
    keepalived: true,
    certificates: [],
  });
});

test("a broker alone has no login for the statistics page", () => {
  expect(looks("host3")).toEqual({ broker: true, keepalived: false, certificates: [] });
});

test("without a virtual IP there is no keepalived", () => {
  expect(looks("host1", { vip: undefined }).keepalived).toBe(false);
});

test("certificates are where TLS is: the nodes', and the balancers'", () => {
  const directories = (host: string, changes: Record<string, unknown>) => looks(host, changes).certificates;
  const node = "/var/lib/warren/rabbitmq/rabbit1/conf/tls/*.pem";
  const balancer = "/var/lib/warren/haproxy/host1/conf/*.pem";
  expect(directories("host1", { tls: {} })).toEqual([node, balancer]);
  const given = { "haproxy.tls": { certificateFile: "tls.pem" }, "haproxy.ports": { amqps: 15673 } };
  expect(directories("host1", given)).toEqual([balancer]);
});
