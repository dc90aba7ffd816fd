import { render } from "../../commands/step";
import { credentials } from "../rules/credentials";
import { balancers, check, cluster, command, faults, other, password } from "./resources";
import { secret, unknownNumber, unknownText, type Registered } from "./wire";

const user = (inputs: Record<string, unknown>) =>
  other("rabbitmq:index/user:User", "app", { name: "orders", ...inputs });
const writes = (path: string, content: string) =>
  command({ stdin: secret(render({ name: "rabbitmq1", files: [{ path, mode: "0400", content }], joins: true })) });
const conf = (text: string, login = "admin") =>
  writes("/etc/x/rabbitmq.conf", `default_user = ${login}\ndefault_pass = ${text}\n`);
const guest = "the user guest, whose password everybody knows";
const inConf = (fault: string) =>
  `The password in /etc/x/rabbitmq.conf (default_pass), written by rabbitmq1-files, is ${fault}.`;

test.each<[string, Registered, string]>([
  ["the cluster's user", cluster({ username: "guest" }), `rabbitmq has ${guest}.`],
  ["the statistics page's user", balancers({ stats: { username: "guest" } }), `haproxy has ${guest}.`],
  ["a user", user({ name: "guest" }), `app is ${guest}.`],
  ["a generated password", password({ length: 8 }), "The generated password rabbitmq-password has 8 characters."],
  [
    "VRRP's generated password",
    password({ length: 4 }, {}, "warren:index:KeepalivedVip$"),
    "The generated password rabbitmq-password has 4 characters.",
  ],
  [
    "a short password",
    user({ password: secret("Sh0rt") }),
    "The password of the user orders is shorter than 12 characters.",
  ],
  [
    "a default password",
    user({ password: secret("Password123!") }),
    "The password of the user orders is a default one.",
  ],
  ["a given password that is short", conf("Sh0rt"), inConf("shorter than 12 characters")],
  ["a default one", conf("rabbitmq2024"), inConf("a default one")],
  ["the login's own name", conf("operator-main", "operator-main"), inConf("the login's own name")],
  ["one character", conf("aaaaaaaaaaaaaaaa"), inConf("one character repeated")],
  [
    "the statistics page's password",
    writes("/etc/x/haproxy.cfg", "listen stats\n    stats auth admin:admin\n"),
    "The password in /etc/x/haproxy.cfg (stats auth), written by rabbitmq1-files, is a default one.",
  ],
  [
    "VRRP's password",
    writes("/etc/keepalived/keepalived.conf", "    auth_pass 1111\n"),
    "The password in /etc/keepalived/keepalived.conf (auth_pass), written by rabbitmq1-files, is one character repeated.",
  ],
])("%s", async (_name, resource, fault) => {
  expect(await faults(credentials, resource)).toEqual([fault]);
});

test("no message gives a password away", async () => {
  const found = await check(credentials, conf("hunter2"), user({ password: secret("hunter2") }));
  expect(found).toHaveLength(2);
  expect(found.join()).not.toContain("hunter2");
});

test.each<[string, Registered]>([
  ["generated passwords", password({ length: 24 })],
  ["VRRP's eight characters", password({ length: 8 }, {}, "warren:index:KeepalivedVip$")],
  ["a given password", conf("correct-horse-battery")],
  ["an ordinary user", user({ password: secret("correct-horse-battery") })],
  ["a length that is not known yet", password({ length: unknownNumber })],
  ["files that are not known yet", command({ stdin: unknownText })],
  ["a password that is not known yet", user({ password: unknownText })],
  ["names that are not known yet", cluster({ username: unknownText })],
])("passes %s", async (_name, resource) => {
  expect(await check(credentials, resource)).toEqual([]);
});
