import { containerOwner, refuseForeign, removeStray } from "../../../commands/docker";
import { writeFiles } from "../../../commands/files";
import * as haproxy from "../../../commands/haproxy";
import * as firewall from "../../../commands/firewall";
import { answers200 } from "../../../commands/http";
import * as keepalived from "../../../commands/keepalived";
import * as inContainer from "../../../commands/keepalivedContainer";
import { look } from "../../../commands/look";
import { installPackages, prepareHost, unprepareHost } from "../../../commands/prepareHost";
import * as rabbitmq from "../../../commands/rabbitmq";
import { revive } from "../../../commands/rabbitmq/maintenance";
import { evict, queueLists, refuseLoss, replicas, vacate } from "../../../commands/rabbitmq/vacate";
import { waitUntil } from "../../../commands/shell";

const node: rabbitmq.NodePlace = { name: "rabbitmq-1", container: "rabbitmq", directory: "/var/lib/warren/rabbitmq" };
const balancer = { container: "haproxy", directory: "/var/lib/warren/haproxy", image: "haproxy:2.6" };
const wanted = { image: `sha256:${"1".repeat(64)}`, settings: "0123456789abcdef" };
const keepalivedContainer = { stack: "o/p/s", part: "vip-host4" };
const file = { path: "/etc/x", mode: "0400", content: "END\n" };
const members: rabbitmq.ExpectedMember[] = [
  { name: "rabbitmq-1", type: "disc" },
  { name: "rabbitmq2", type: "ram" },
];

const settings: rabbitmq.RunningSettings = {
  memoryHighWatermark: 0.4,
  diskFreeLimit: "1GB",
  plugins: ["rabbitmq_management"],
  partitionHandling: "autoheal",
};

/** Every script, by its name, with every combination of its options. */
export const scripts: Record<string, string> = {
  adopt: rabbitmq.adopt(node, { container: "my-rabbitmq", path: "p" }, wanted, { amqpPort: 5672, graceSeconds: 60 }),
  "adopt, haproxy": haproxy.adopt("my-haproxy"),
  adoptable: rabbitmq.adoptable(
    node,
    { container: "my-rabbitmq", path: "warren:rabbitmq.nodes[0]" },
    { version: "3.8.9", cookie: "it's", members, plugins: ["x"], ports: { epmd: 4369, distribution: 25672 } },
  ),
  administrator: rabbitmq.administrator(node, { username: "admin", password: "p'a$s`s", vhost: "/" }, 15672),
  answers200: answers200(8100, "/healthz"),
  "answers200, with a login": answers200(15672, "/api/permissions/%2F/admin", "admin:p'a$s`s"),
  awaitBoot: rabbitmq.awaitBoot(node, 5672),
  awaitHeld: keepalived.awaitHeld("192.0.2.100", "eth0"),
  awaitNotHeld: keepalived.awaitNotHeld("192.0.2.100", "eth0"),
  awaitServing: haproxy.awaitServing(balancer, 8100, { health: "/healthz", configuration: "/configuration/1" }),
  "gate, haproxy": haproxy.gate(balancer, wanted, {
    ips: ["192.0.2.100"],
    others: ["192.0.2.5", "192.0.2.6"],
    health: { port: 8100, path: "/healthz" },
  }),
  "gate, haproxy, alone": haproxy.gate(balancer, wanted, {
    ips: ["192.0.2.100"],
    others: [],
    health: { port: 8100, path: "/healthz" },
  }),
  endLogByRsyslog: haproxy.endLogByRsyslog(),
  logByRsyslog: haproxy.logByRsyslog({ directory: "/d", facility: "local0", file: "/var/log/haproxy.log" }),
  bootBare: rabbitmq.bootBare(node),
  checkScript: keepalived.checkScript("/d/health-port", "/healthz"),
  containerOwner: containerOwner("registry:5000/rabbitmq@sha256:11", "it's"),
  atRest: rabbitmq.atRest(),
  awaitWell: rabbitmq.awaitWell(node, 5672),
  evict: evict("$other"),
  formed: rabbitmq.formed(node, { members, lost: [] }, false),
  "formed, after a change, without lost ones": rabbitmq.formed(
    node,
    { members, lost: ["rabbitmq3", "rabbitmq4"] },
    true,
  ),
  "formed, a single node": rabbitmq.formed(node, { members: members.slice(0, 1), lost: [] }, true, 1),
  found: rabbitmq.found(node),
  gate: rabbitmq.gate(node, wanted, [], 5672),
  "gate, without lost ones": rabbitmq.gate(node, wanted, ["rabbitmq3"], 5672),
  install: keepalived.install(),
  installPackages: installPackages({ apt: "a b", dnf: "c" }),
  "joinCluster, disc": rabbitmq.joinCluster(node, "rabbitmq2", [], "disc"),
  "joinCluster, RAM": rabbitmq.joinCluster(node, "rabbitmq2", ["rabbitmq3"], "ram"),
  leave: rabbitmq.leave(node),
  makeDirectories: rabbitmq.makeDirectories(node),
  moveAside: rabbitmq.moveAside(node),
  deleteUser: rabbitmq.deleteUser(node, "orders"),
  retireAdministrator: rabbitmq.retireAdministrator(node, "admin"),
  user: rabbitmq.user(node, {
    username: "orders",
    password: "p'a$s`s",
    vhosts: ["/", "app"],
    configure: "",
    write: "it's",
    read: ".*",
    tags: [],
  }),
  nameCluster: rabbitmq.nameCluster(node, "rabbit.mq@x", members),
  queueLists: queueLists(node),
  refuseLoss: refuseLoss("$other"),
  revive: revive(node),
  replicas: replicas(node),
  refuseForeign: refuseForeign("rabbitmq", "acme/warren/dev", "rabbitmq-1"),
  refuseMove: rabbitmq.refuseMove(node, ["ERL_EPMD_PORT=4369", "RABBITMQ_DIST_PORT=25672"]),
  remove: keepalived.remove("host4"),
  removeConfig: haproxy.removeConfig(balancer),
  removeStray: removeStray("haproxy", "acme/warren/dev", "haproxy-host4", 30),
  reset: rabbitmq.reset(node),
  "settle, disc": rabbitmq.settle(node, { type: "disc", peers: [], settings }),
  "settle, RAM": rabbitmq.settle(node, {
    type: "ram",
    peers: ["rabbitmq2", "rabbitmq3"],
    settings: { ...settings, memoryHighWatermark: "2GB", plugins: ["rabbitmq_management", "rabbitmq_shovel"] },
  }),
  stage: haproxy.stage(balancer),
  start: rabbitmq.start(node, 5672),
  stop: rabbitmq.stop(node, 120),
  startApp: rabbitmq.startApp(node, "[rabbitmq_management].\n"),
  stopApp: rabbitmq.stopApp(node),
  "takeUp, haproxy": haproxy.takeUp(balancer),
  "awaitRunning, keepalived": inContainer.awaitRunning(),
  "check, in a container": keepalived.check(inContainer.program("registry:5000/keepalived@sha256:11")),
  endService: inContainer.endService(),
  installTools: inContainer.installTools(),
  makeLogFile: inContainer.makeLogFile("/var/log/x"),
  removeFiles: inContainer.removeFiles("host4"),
  requireTools: inContainer.requireTools("keepalived:2.2"),
  takeUpInContainer: inContainer.takeUpInContainer("abc", keepalivedContainer),
  "takeUp, keepalived": keepalived.takeUp("abc", keepalivedContainer),
  awaitSomebody: keepalived.awaitSomebody("192.0.2.100", "eth0"),
  check: keepalived.check(),
  notifyScript: keepalived.notifyScript({ logFile: "/var/log/x", hook: "/usr/local/bin/x" }),
  "notifyScript, no hook": keepalived.notifyScript({ logFile: "/var/log/x" }),
  refuseTaken: keepalived.refuseTaken(
    [
      { interface: "eth0", virtualRouterId: 51, ips: ["192.0.2.1", "192.0.2.2"], peers: ["192.0.2.5"] },
      { interface: "eth1", virtualRouterId: 52, ips: ["192.0.2.3"], peers: [] },
    ],
    keepalivedContainer,
  ),
  requireHook: keepalived.requireHook("/usr/local/bin/x"),
  unprepareHost: unprepareHost("host4"),
  waitUntil: waitUntil("{ false; }", 1, "no", 1),
  writeFiles: writeFiles([file, { ...file, owner: "container" }]),
  writeCookie: rabbitmq.writeCookie(node, "it's $a cookie"),
  vacate: vacate(node),
  "firewall, raise": firewall.raise("table inet warren {}\n"),
  "firewall, lower": firewall.lower(),
  look: look({
    broker: true,
    balancer: { port: 8100, login: "admin:p'a$s`s" },
    certificates: ["/d/conf/tls/*.pem", "/e/*.pem"],
  }),
  "look, nothing on the host": look({ broker: false }),
  writeCertificates: rabbitmq.writeCertificates(node, { authority: "a\n", node: "n\n" }, undefined),
  "writeCertificates, between nodes": rabbitmq.writeCertificates(node, { authority: "a\n", node: "n\n" }, "[].\n"),
  removeCertificates: rabbitmq.removeCertificates(node),
  writeHosts: rabbitmq.writeHosts(node, "127.0.0.1 localhost\n"),
  "writeFiles, none": writeFiles([]),
};

for (const user of ["root", "ops"])
  for (const installDocker of [true, false])
    for (const registryMirrors of [[], ["http://192.0.2.1:5000"]])
      for (const insecureRegistries of [[], ["192.0.2.1:5000"]])
        for (const zone of [{}, { timezone: "Asia/Shanghai" }]) {
          const preparation = {
            name: "host1",
            user,
            installDocker,
            registryMirrors,
            insecureRegistries,
            reservedPorts: ["35672-35682"],
            ...zone,
          };
          scripts[`prepareHost ${JSON.stringify(preparation)}`] = prepareHost(preparation);
        }
