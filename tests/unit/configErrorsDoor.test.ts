import { refuses } from "./configFixture";

/** Values of the front door: who is let in, where its log goes, who is told. */

describe("values", () => {
  refuses([
    [
      "a network with bits of a host",
      { "haproxy.allow": { amqp: ["192.0.2.0/24", "192.0.2.7/24"] } },
      `warren:haproxy.allow.amqp[1]: "192.0.2.7/24" - must be an IPv4 network or address, such as 192.0.2.0/24 or 192.0.2.7`,
    ],
    [
      "a network of more than 32 bits",
      { "haproxy.allow": { stats: ["192.0.2.0/33"] } },
      `warren:haproxy.allow.stats[0]: "192.0.2.0/33" - must be an IPv4 network or address, such as 192.0.2.0/24 or 192.0.2.7`,
    ],
    [
      "nobody",
      { "haproxy.allow": { amqp: [] } },
      "warren:haproxy.allow.amqp: an empty list - must be a list with at least one entry",
    ],
    [
      "a log that goes nowhere",
      { "haproxy.log": { target: "syslog.example.com" } },
      `warren:haproxy.log.target: "syslog.example.com" - must be stdout, rsyslog or a syslog server's IPv4 address and port, such as 192.0.2.9:514`,
    ],
    [
      "a log beside the others",
      { "haproxy.log": { file: "haproxy.log" } },
      `warren:haproxy.log.file: "haproxy.log" - must be an absolute path made of letters, digits and . _ -`,
    ],
    [
      "a mail server by name",
      { "vip.mail": { to: ["a@example.com"], from: "b@example.com", server: "mail.example.com" } },
      `warren:vip.mail.server: "mail.example.com" - must be the mail server's IPv4 address, with a port if it is not 25, such as 192.0.2.25:587`,
    ],
    [
      "keepalived's image without a version",
      { "vip.image": "keepalived" },
      `warren:vip.image: "keepalived" - must be an image pinned by a version's tag or by a digest, such as keepalived:2.2; latest is no pin`,
    ],
    [
      "a mail to nobody in particular",
      { "vip.mail": { to: ["ops"], from: "b@example.com" } },
      `warren:vip.mail.to[0]: "ops" - must be a mail address, such as ops@example.com`,
    ],
  ]);
});
