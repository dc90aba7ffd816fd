import { z } from "zod";
import {
  choice,
  containerName,
  directory,
  erlangCookie,
  hostName,
  image,
  list,
  listOfSome,
  mapOf,
  password,
  port,
  rotation,
  secret,
  section,
  text,
  userName,
  wholeNumber,
  yesOrNo,
} from "./fields";

const node = section({
  name: hostName().describe("The node's short host name: the broker is rabbit@NAME, and its data belong to that name."),
  host: hostName().describe("The host it runs on, by its name in warren:hosts."),
  type: choice("disc", "ram")
    .default("disc")
    .describe("disc keeps the cluster's metadata on disk, ram in memory only."),
  adopt: containerName()
    .exactOptional()
    .describe("A container made by hand on that host, whose data and place in its cluster the node takes over."),
});

const ports = section({
  amqp: port().default(5672).describe("AMQP."),
  amqps: port()
    .default(5671)
    .describe("AMQP over TLS; nothing listens there until tls or settings give the broker a certificate."),
  management: port().default(15672).describe("The management page and HTTP API."),
  managementTls: port()
    .exactOptional()
    .describe("The management page and HTTP API over HTTPS. Default: 15671 where tls.management is on, else none."),
  metrics: port().default(15692).describe("Prometheus metrics."),
  mqtt: port().exactOptional().describe("MQTT. Default: 1883 where the plugin rabbitmq_mqtt is enabled, else none."),
  stomp: port()
    .exactOptional()
    .describe("STOMP. Default: 61613 where the plugin rabbitmq_stomp is enabled, else none."),
  stream: port()
    .exactOptional()
    .describe("The stream protocol. Default: 5552 where the plugin rabbitmq_stream is enabled, else none."),
  streamReplication: wholeNumber(1, 65504)
    .default(6000)
    .describe("The first of the 32 ports on which brokers replicate streams with each other, from RabbitMQ 3.9 on."),
  epmd: port().default(4369).describe("Erlang's port mapper, between nodes."),
  distribution: wholeNumber(1, 55525)
    .default(25672)
    .describe("Erlang's distribution, between nodes. The eleven ports from 10000 above it are the CLI's."),
}).describe("The broker's ports on its host.");

const vhost = () => text("must be a name of letters, digits and / . _ -", /^[A-Za-z0-9/._-]{1,255}$/);

/** Of a name that it fits. Which regular expressions Erlang takes, it says itself; the gross mistakes are found here. */
const permission = () => {
  const error = "must be a regular expression of up to 255 printable characters, or empty for none";
  return text(error, /^[ -~]{0,255}$/)
    .refine(isPattern, { error })
    .default(".*");
};

function isPattern(value: string): boolean {
  try {
    new RegExp(value);
    return true;
  } catch {
    return false;
  }
}

const retired = () => wholeNumber(0, 999_999).exactOptional();

const user = section({
  vhosts: listOfSome(vhost())
    .exactOptional()
    .describe("The virtual hosts that the permissions are for; they must exist. Default: rabbitmq.vhost."),
  configure: permission().describe("What it may declare and delete: a regular expression of names."),
  write: permission().describe("What it may publish to and bind: a regular expression of names."),
  read: permission().describe("What it may consume from: a regular expression of names."),
  tags: list(choice("management", "policymaker", "monitoring", "administrator", "impersonator"))
    .default([])
    .describe("What it may do on the management page and by the HTTP API."),
  password: password().exactOptional().describe("The newest login's password. Generated when absent."),
  rotation: rotation().describe("Raise it by one to have a second login beside the first, then hand it to clients."),
  retired: retired().describe("The number of the last login that is deleted. Default: two below rotation."),
});

const rotations = section({
  cookie: rotation().describe("Raise it by one to have a new Erlang cookie, which every node takes up while it runs."),
  administrator: rotation().describe("Raise it by one to have a second administrator's login beside the first."),
  retiredAdministrator: retired().describe(
    "The number of the administrator's last login that is deleted. Default: two below administrator.",
  ),
}).describe("Which of the cluster's secrets in a row is in use.");

const watermark = { error: 'must be a fraction from 0.1 to 0.9 or an amount such as "2GB"' };
const openFiles = { error: "must be a whole number from 65536 to 500000, or inherit" };
const amountPattern = /^[1-9]\d*(?:MB|GB|MiB|GiB)$/;

/** Some settings are secrets (ssl_options.password). */
const setting = { error: "must be a number, true, false or one line of text without #" };

export const rabbitmqSection = section({
  image: image("rabbitmq:3.8.9-management").describe("The broker's image, pinned by a version's tag or by a digest."),
  version: text('must be a version in three parts, in quotes: "3.8.9"', /^\d+\.\d+\.\d+$/)
    .exactOptional()
    .describe(
      "The broker's version. Default: what the image's tag says; needed where the tag does not say it in full.",
    ),
  clusterName: text("must be a name of letters, digits and . _ @ -", /^[A-Za-z0-9._@-]{1,255}$/)
    .default("rabbitmq")
    .describe("The cluster's name, as the management page shows it."),
  nodes: listOfSome(node).describe(
    "The cluster's members. The first is the seed node, which the others join; it must be disc.",
  ),
  username: userName().default("admin").describe("The administrator made on the first start."),
  password: password().exactOptional().describe("The administrator's password. Generated when absent."),
  cookie: erlangCookie()
    .exactOptional()
    .describe("The Erlang cookie, by which nodes know each other. Generated when absent."),
  rotation: rotations.prefault({}),
  vhost: vhost().default("/").describe("The virtual host made on the first start."),
  users: mapOf(
    text(
      "must be a name of letters, digits and . _ - that is not guest and does not end in a full stop and a number",
      /^(?!guest$)(?!.*\.\d+$)[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/,
    ),
    user,
  )
    .default({})
    .describe("The applications' users, by name, beside those that others make."),
  dataDirectory: directory()
    .default("/var/lib/warren/rabbitmq")
    .describe("The directory on the host for the node's data and files."),
  ports: ports.prefault({}),
  partitionHandling: choice("pause_minority", "autoheal", "ignore")
    .exactOptional()
    .describe(
      "What nodes do when the network parts them. Default: pause_minority with three nodes or more, else autoheal.",
    ),
  memoryHighWatermark: z
    .union(
      [z.number(watermark).min(0.1, watermark).max(0.9, watermark), text(watermark.error, amountPattern)],
      watermark,
    )
    .default(0.4)
    .describe(
      "The memory at which publishers are held back: a fraction of memoryLimit, or else of the host's memory, or an amount such as 2GB.",
    ),
  diskFreeLimit: text('must be an amount such as "1GB" (MB, GB, MiB or GiB)', amountPattern)
    .default("1GB")
    .describe("The free disk space below which publishers are held back (MB, GB, MiB or GiB)."),
  openFiles: z
    .union([z.int(openFiles).min(65536, openFiles).max(500000, openFiles), z.literal("inherit")], openFiles)
    .default(65536)
    .describe("The container's limit of open files (nofile), or inherit: the one that the host's Docker daemon has."),
  memoryLimit: text('must be an amount such as "4GB" (MB, GB, MiB or GiB)', amountPattern)
    .exactOptional()
    .describe("The container's memory, such as 4GB. Absent: all that the host has."),
  environment: mapOf(
    text("must be a variable's name, such as RABBITMQ_IO_THREAD_POOL_SIZE", /^[A-Z][A-Z0-9_]*$/),
    text("must be one line of text", /^[^\r\n]*$/),
  )
    .default({})
    .describe("Further environment variables of the broker. Whoever may ask Docker on the host sees them: no secrets."),
  mayInterrupt: yesOrNo()
    .exactOptional()
    .describe(
      "Whether a node of two may restart although quorum queues and streams have no majority meanwhile. They pause for the time of the restart, and lose nothing.",
    ),
  stopped: yesOrNo()
    .default(false)
    .describe("Whether the brokers are to stand still: stopped in order, the first node last; started the other way."),
  unsupportedUpgrade: text('must be two versions, such as "3.8.9 to 3.10.8"', /^\d+\.\d+\.\d+ to \d+\.\d+\.\d+$/)
    .exactOptional()
    .describe(
      'A change of version that RabbitMQ\'s own upgrade table does not have, such as "3.8.9 to 3.10.8", at your own risk.',
    ),
  stopGraceSeconds: wholeNumber(10, 3600).default(120).describe("Seconds a broker gets to stop before it is killed."),
  plugins: list(text("must be a plugin's name, such as rabbitmq_shovel", /^rabbitmq_[a-z0-9_]+$/))
    .default(["rabbitmq_management", "rabbitmq_prometheus"])
    .describe("The plugins enabled on every node; rabbitmq_management must be among them."),
  settings: mapOf(
    text("must be a key of rabbitmq.conf, such as channel_max", /^[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_$-]+)*$/),
    z.union([secret(setting.error, /^[^#\r\n]+$/), z.number(), z.boolean()], setting),
  )
    .default({})
    .describe("Further keys of rabbitmq.conf and their values. A key that Warren writes itself is refused."),
}).describe("The broker cluster.");
